"""Events that cannot be counted are reported with their number and an example, and never counted."""

from dataclasses import replace

from ratebook.usage.measure import Condition
from tests.sources.ask import COUNT, Both, events, measuring


def test_events_without_a_subject(both: Both) -> None:
    asked = both(events({"org": None}, {"org": ""}, {}))
    assert asked.told == [((), 1, 1)]
    (finding,) = asked.findings
    assert finding.code == "RB407"
    assert finding.pointer.endswith("/book#sources/raw/subject")
    assert finding.details == {"events": 2, "column": "org", "example": "e0"}


def test_events_without_a_time(both: Both) -> None:
    asked = both(events({"ts": None}, {}))
    assert asked.told == [((), 1, 1)]
    assert asked.codes == ["RB408"]


def test_events_without_a_value(both: Both) -> None:
    """Pitfall 76: a missing value is neither 0 nor passed over in silence."""
    asked = both(events({"bytes": None}, {"bytes": 0}, {"bytes": 7}), measuring("sum"))
    assert asked.told == [((), 2, 7)]
    (finding,) = asked.findings
    assert finding.code == "RB409"
    assert finding.details["example"] == "e0"
    assert asked.counts[0].events == 2


def test_a_value_may_be_missing_where_it_is_not_asked_for(both: Both) -> None:
    rows = events({"bytes": None, "status": 500}, {"bytes": 7, "status": 200})
    asked = both(rows, measuring("sum", where=(Condition("status", "lt", 500),)))
    assert asked.told == [((), 1, 7)]
    assert asked.codes == []
    assert asked.counts[0].filtered_out == 1


def test_what_a_filter_leaves_out_is_counted(both: Both) -> None:
    """Pitfall 77: test traffic is left out by the meter, and its number is known."""
    rows = events({"status": 200}, {"status": 500}, {"status": None})
    asked = both(rows, replace(COUNT, where=(Condition("status", "eq", 200),)))
    assert (asked.counts[0].events, asked.counts[0].filtered_out) == (1, 2)
