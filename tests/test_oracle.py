"""The engine against the independent oracle (tests/oracle/bill.py says its rules) over random books and usage.

Here is the first half of the seeds; the other one is in another file, so that it may be run beside this one.
"""

import pytest
from hypothesis import given

from tests.oracle.engine import CASES, CHUNKS, differing, disagreements
from tests.oracle.strategies import Case, cases


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_random_cases_are_billed_as_the_oracle_bills_them(chunk: int) -> None:
    differences = differing(range(chunk, CASES // 2, CHUNKS))
    assert not differences, differences


@given(cases())
def test_hypothesis_finds_no_case_that_differs(case: Case) -> None:
    assert not disagreements(case)
