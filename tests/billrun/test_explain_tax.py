"""Tax lines explained: at which rate, on which lines, by which rounding, and what is withheld."""

from ratebook.explain.step import Step, draw_tree
from tests.billrun.test_explain import explained

BOOK = """
specs:
  tr: {time_zone: UTC, currency: TRY, tax: {name: KDV, versions: [{percent: 18}, {from: 2026-01-01, percent: 20}],
       rates: {reduced: {versions: [{percent: 8}, {from: 2026-01-01, percent: 10}]}}}}
contracts:
  acme: {org: o1, type: hybrid, spec: tr, start: 2026-01-01, tax: {withholding: 602},
         discounts: [{percent: 10, applies_to: [fee]}],
         fees: [{id: a, name: A, amount: 100}, {id: b, name: B, amount: 50, tax: reduced}]}
"""


def taxes() -> list[Step]:
    (invoice,) = explained(BOOK, "", "")
    return list(invoice.steps[3:])


def test_a_tax_line_names_its_rate_its_lines_and_their_sum() -> None:
    assert draw_tree(taxes()[1], str).splitlines() == [
        "Line 5, KDV 10 %: tax = 4.50 TRY   [specs/tr#tax/rates/reduced/versions/1]",
        "├─ Rate: reduced, 10 %, added to prices",
        "├─ Base: lines 2, 3 = 45.00 TRY",
        "└─ Rounding: once, on the sum of the lines",
    ]


def test_withholding_names_its_share_and_the_contract() -> None:
    assert draw_tree(taxes()[3], str).splitlines() == [
        "Line 7, KDV 10 %, 9/10 withheld, 602: tax = -4.05 TRY   [contracts/acme#tax/withholding]",
        "├─ Tax at 10 % = 4.50 TRY",
        "└─ Share that is withheld: 9/10, code 602",
    ]
