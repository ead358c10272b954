"""A diff document as the comment of a pull request: what it moves, why, who must agree, and the rest folded."""

from collections.abc import Iterator, Sequence
from typing import Final

from ratebook.invoice.text import grouped
from ratebook.preview.document import Cause, ChangeOfBook, ContractChange, DiffDocument, RuleVerdict
from ratebook.preview.markdown_text import Section, code, escaped, fitted, in_html, table
from ratebook.preview.wording import (
    SHIELDS,
    UNCHANGED,
    VERDICTS,
    approvers,
    counted,
    from_causes,
    is_unchanged,
    kinds_of,
    movers,
    name_of,
    not_judged,
    percent,
    place_of,
    reach,
    shielded,
    signed,
    usage_rows,
    was_now,
)

MOST_CHARACTERS: Final = 60_000
"""Below what GitHub takes for a comment, with room for what stands around it."""

_MOST_CAUSES: Final = 20
_MOST_ROWS: Final = 10
_DIGITS: Final = 12


def draw_markdown(document: DiffDocument, most: int = MOST_CHARACTERS) -> str:
    """Draw a diff document as Markdown.

    Args:
        document: what is drawn.
        most: how many characters it may have; tables are cut at whole rows.
    """
    head, foot = _headline(document), _footer(document)
    if is_unchanged(document):
        return f"{head}\n\n{UNCHANGED}\n\n{foot}\n"
    sections = [section for section in _sections(document) if section.rows]
    room = most - len(head) - len(foot) - len("\n\n\n")
    parts = [head, *(section.text() for section in fitted(sections, room)), foot]
    return "\n\n".join(parts) + "\n"


def _headline(document: DiffDocument) -> str:
    totals = [
        f"{total['currency']} {_change(total['difference'], total['percent'])}"
        for total in document["totals"]
        if total["up"] or total["down"]
    ]
    moves = f"**{' · '.join(totals)}**" if totals else "no bill moves"
    as_if = f", as if from {document['as_if']}" if document["as_if"] else ""
    sides = f"{escaped(document['base']['name'])} → {escaped(document['head']['name'])}"
    period = escaped(document["period"])
    return f"### Rate book preview – {moves} on usage of {period}\n\n{sides}{as_if}: {reach(document)}"


def _change(difference: str, share: str | None) -> str:
    return signed(difference) if share is None else f"{signed(difference)} ({percent(share)})"


def _sections(document: DiffDocument) -> Iterator[Section]:
    needs = tuple(_needs(document))
    yield Section("", (), needs, len(needs), len(needs))
    totals = list(_totals(document))
    yield table("", "currency|>was|>will be|>difference|>up|>down", totals, len(totals))
    causes = list(_causes(document["causes"][:_MOST_CAUSES]))
    yield table("", "|cause|change|kind|>contracts|>difference", causes, len(document["causes"]))
    yield _largest(document)
    yield _shields(document)
    yield from _sheets(document)
    yield _findings(document)
    yield _policy(document)


def _needs(document: DiffDocument) -> Iterator[str]:
    """Say what a reviewer must not overlook, each on a row of its own."""
    rules = document["policy"]["rules"] if document["policy"] else []
    refused = [rule for rule in rules if rule["verdict"] == "refused"]
    needed = [rule for rule in rules if rule["verdict"] == "needs_approval"]
    if refused:
        yield f"**Refused:** {_reasons(refused)}\n"
    if needed:
        roles = " and ".join(escaped(role) for role in approvers(document))
        yield f"**Needs:** approval{roles and f' by {roles}'} ({_reasons(needed)})\n"
    later = not_judged(document)
    if later:
        yield f"**Not judged yet:** {later}\n"
    for words, usage in usage_rows(document):
        names = ", ".join(code(one) for one in usage["contracts"][:_MOST_ROWS])
        events = counted(usage["events"], "event")
        yield f"**Usage {words}:** {events} of {code(usage['meter'])}{names and f' ({names})'}\n"


def _reasons(rules: list[RuleVerdict]) -> str:
    return "; ".join(escaped(rule["message"]) for rule in rules)


def _totals(document: DiffDocument) -> Iterator[list[str]]:
    for total in document["totals"]:
        amounts = [grouped(total["was"]), grouped(total["will_be"])]
        change = _change(total["difference"], total["percent"])
        yield [total["currency"], *amounts, change, f"{total['up']:,}", f"{total['down']:,}"]


def _causes(causes: Sequence[Cause]) -> Iterator[list[str]]:
    for number, cause in enumerate(causes, 1):
        changes = [_changed(one) for one in (cause, *cause["with"])]
        titles = "<br>with ".join(title for title, _ in changes)
        values = "<br>".join(value for _, value in changes)
        yield [str(number), titles, values, kinds_of(cause), f"{cause['contracts']:,}", _money(cause)]


def _changed(change: ChangeOfBook) -> tuple[str, str]:
    return f"{escaped(change['title'])} {code(place_of(change))}", escaped(was_now(change))


def _money(cause: Cause) -> str:
    return "<br>".join(f"{one['currency']} {signed(one['difference'])}" for one in cause["money"]) or "–"


def _largest(document: DiffDocument) -> Section:
    found = movers(document)
    rows = [_contract(one) for one in found[:_MOST_ROWS]]
    return table("Largest changes", "contract|>was|>will be|>difference|causes", rows, len(found))


def _contract(one: ContractChange) -> list[str]:
    names = code(one["contract"]) + (f" {escaped(one['customer'])}" if one["customer"] else "")
    status = "" if one["status"] == "changed" else f" ({one['status']})"
    causes = ", ".join(str(share["cause"] + 1) for share in one["causes"])
    amounts = [f"{one['currency']} {grouped(one['was'])}", grouped(one["will_be"])]
    return [names + status, *amounts, _change(one["difference"], one["percent"]), causes]


def _shields(document: DiffDocument) -> Section:
    found = shielded(document)
    rows = [
        [
            escaped(name_of(one.contract)),
            f"{SHIELDS[one.shield['by']]}{from_causes(one)}",
            code(place_of(one.shield)),
        ]
        for one in found[:_MOST_ROWS]
    ]
    return table("Shielded", "contract|by|where", rows, len(found))


def _sheets(document: DiffDocument) -> Iterator[Section]:
    for sheet in document["price_sheets"]:
        found = [row for row in sheet["rows"] if row["was"] != row["will_be"]]
        rows = [
            [escaped(row["item"]), escaped(row["was"] or "–"), escaped(row["will_be"] or "–")]
            for row in found[:_MOST_ROWS]
        ]
        yield table(f"Prices of {in_html(sheet['plan'])}", "price|>was|>will be", rows, len(found))


def _findings(document: DiffDocument) -> Section:
    found = document["findings"]
    rows = [[one["severity"], one["code"], escaped(one["message"])] for one in found[:_MOST_ROWS]]
    return table("New findings", "severity|code|message", rows, len(found))


def _policy(document: DiffDocument) -> Section:
    rules = document["policy"]["rules"] if document["policy"] else []
    rows = [
        [escaped(rule["rule"]), VERDICTS[rule["verdict"]], escaped(_why(rule)), code(place_of(rule))]
        for rule in rules[:_MOST_ROWS]
    ]
    return table("Rules of the policy that are met", "rule|verdict|why|where", rows, len(rules))


def _why(rule: RuleVerdict) -> str:
    permitted = rule["permitted_by"]
    return rule["message"] + (f"; permitted by {permitted}" if permitted is not None else "")


def _footer(document: DiffDocument) -> str:
    engine = document["engine"]
    books = f"books {_digest(document['base']['book'])} → {_digest(document['head']['book'])}"
    usage = f"usage {_digest(document['usage']['digest'])}"
    made = f"ratebook {engine['ratebook']}, semantics {engine['semantics']}, time zones {engine['tzdata']}"
    return f"<sub>{books} · {usage} · {made}</sub>"


def _digest(digest: str | None) -> str:
    return "unknown" if digest is None else digest.removeprefix("sha256:")[:_DIGITS]
