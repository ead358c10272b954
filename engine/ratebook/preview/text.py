"""A diff document as text for people at a terminal: totals, causes, who pays what, and what the policy says."""

from collections.abc import Iterator
from decimal import Decimal
from textwrap import wrap
from typing import Final

from ratebook.findings import printable
from ratebook.invoice.text import grouped
from ratebook.preview.document import Cause, ContractChange, DiffDocument, NewFinding, RuleVerdict
from ratebook.preview.wording import (
    NO_BREAK,
    SHIELDS,
    UNCHANGED,
    VERDICTS,
    counted,
    from_causes,
    is_unchanged,
    kinds_of,
    money_of,
    movers,
    moves_later,
    not_judged,
    percent,
    place_of,
    reach,
    shielded,
    sides,
    signed,
    usage_rows,
    verdict_of,
    was_now,
)

WIDTH: Final = 100
_MOST_CAUSES: Final = 20
_MOST_CONTRACTS: Final = 10
_MOST_SHIELDED: Final = 5
_MOST_FINDINGS: Final = 10
_MOST_NAMES: Final = 3


def draw_text(document: DiffDocument) -> str:
    """Draw a diff document, 100 columns wide: the largest changes only, since JSON and HTML have all of them."""
    rows = [sides(document), reach(document)]
    if is_unchanged(document):
        rows.append(UNCHANGED)
    else:
        rows += _sections(document)
    return "\n".join(printable(row).rstrip() for row in rows) + "\n"


def _sections(document: DiffDocument) -> Iterator[str]:
    sections = {
        "Totals": _totals(document),
        "Causes": _causes(document),
        "Largest changes": _contracts(document),
        "Shielded": _shielded(document),
        "Usage": _usage(document),
        "New findings": _findings(document),
        f"Policy: {verdict_of(document)}": _policy(document),
    }
    for title, rows in sections.items():
        drawn = list(rows)
        if drawn:
            yield from ("", f"{title} ".ljust(WIDTH, "-"), *drawn)


def _totals(document: DiffDocument) -> Iterator[str]:
    if document["totals"]:
        yield f"{'':<10}{'was':>20}{'will be':>20}{'difference':>20}{'percent':>14}{'up':>8}{'down':>8}"
    for total in document["totals"]:
        amounts = (
            f"{grouped(total['was']):>20}{grouped(total['will_be']):>20}{signed(total['difference']):>20}"
        )
        counts = f"{total['up']:>8,}{total['down']:>8,}"
        yield f"{total['currency']:<10}{amounts}{percent(total['percent']):>14}{counts}"


def _causes(document: DiffDocument) -> Iterator[str]:
    causes = document["causes"]
    for number, cause in enumerate(causes[:_MOST_CAUSES], 1):
        yield from _hanging(f"{number:>2}  ", f"{cause['title']}: {was_now(cause)}".removesuffix(": "))
        for other in cause["with"]:
            yield from _hanging("    with ", f"{other['title']}: {was_now(other)} ({place_of(other)})")
        yield from _hanging("    ", " · ".join(part for part in (place_of(cause), kinds_of(cause)) if part))
        yield from _hanging("    ", _moves(cause, document))
    yield from _rest(len(causes) - _MOST_CAUSES)


def _moves(cause: Cause, document: DiffDocument) -> str:
    if moves_later(cause, document):
        return f"moves no money yet: --as-if {cause['begins']} shows what it will"
    if not cause["money"]:
        return "moves no money"
    return f"{counted(cause['contracts'], 'contract')}: {money_of(cause)}"


def _contracts(document: DiffDocument) -> Iterator[str]:
    found = movers(document)
    if found:
        head = f"{'contract':<18}{'customer':<17}{'was':>14}{'will be':>15}{'difference':>15}"
        yield f"{head}     {'percent':>9} causes"
    yield from (_contract(one) for one in found[:_MOST_CONTRACTS])
    yield from _rest(len(found) - _MOST_CONTRACTS)


def _contract(one: ContractChange) -> str:
    status = "" if one["status"] == "changed" else f"({one['status']}) "
    names = f"{_cut(one['contract'], 17):<18}{_cut(status + (one['customer'] or ''), 16):<17}"
    amounts = f"{grouped(one['was']):>14}{grouped(one['will_be']):>15}{signed(one['difference']):>15}"
    causes = ",".join(str(share["cause"] + 1) for share in one["causes"])
    return f"{names}{amounts} {one['currency']} {percent(one['percent']):>9} {_cut(causes, 6)}"


def _rest(number: int) -> Iterator[str]:
    if number > 0:
        yield f"… and {number:,} more; --format html or json has them all"


def _shielded(document: DiffDocument) -> Iterator[str]:
    found = shielded(document)
    for one in found[:_MOST_SHIELDED]:
        what = f"{one.contract['contract']}, by {SHIELDS[one.shield['by']]}{from_causes(one)}"
        still = "" if Decimal(one.contract["difference"]) else ": pays the same"
        yield from _hanging("    ", f"{what}{still} ({place_of(one.shield)})")
    yield from _rest(len(found) - _MOST_SHIELDED)


def _usage(document: DiffDocument) -> Iterator[str]:
    for words, usage in usage_rows(document):
        of = f"of {usage['meter']}" + (f" ({_some(usage['contracts'])})" if usage["contracts"] else "")
        yield from _hanging("    ", f"{words}: {counted(usage['events'], 'event')} {of}")


def _some(names: list[str]) -> str:
    more = len(names) - _MOST_NAMES
    return ", ".join(names[:_MOST_NAMES]) + (f" and {more:,} more" if more > 0 else "")


def _findings(document: DiffDocument) -> Iterator[str]:
    found = document["findings"]
    for finding in found[:_MOST_FINDINGS]:
        yield from _hanging("    ", _finding(finding))
    yield from _rest(len(found) - _MOST_FINDINGS)


def _finding(finding: NewFinding) -> str:
    place = f"{finding['file']}:{finding['line']}: " if "file" in finding and "line" in finding else ""
    return f"{place}{finding['severity']} {finding['code']}: {finding['message']}"


def _policy(document: DiffDocument) -> Iterator[str]:
    rules = document["policy"]["rules"] if document["policy"] else []
    for rule in rules:
        yield from _hanging("    ", _rule(rule))
    if document["policy"] and not rules:
        yield "    no rule is met"
    yield from _hanging("    ", not_judged(document))


def _rule(rule: RuleVerdict) -> str:
    words = VERDICTS[rule["verdict"]]
    if rule["verdict"] == "needs_approval" and rule["needs"]:
        words += f" by {' and '.join(rule['needs'])}"
    if rule["permitted_by"] is not None:
        words += f", permitted by {rule['permitted_by']}"
    return f"{words}: {rule['message']} ({place_of(rule)})"


def _hanging(head: str, text: str) -> list[str]:
    """Wrap a text, later rows under the beginning of the first."""
    indent = " " * len(head)
    rows = wrap(text, WIDTH, initial_indent=head, subsequent_indent=indent, break_on_hyphens=False)
    return [row.replace(NO_BREAK, " ") for row in rows]


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"
