"""A small book without a fault, which each case breaks in one way."""

from ratebook.book import Loaded, load

BOOK = {
    "specs/book.yaml": """\
syntax: 1
name: small
currency: USD
sources:
  events:
    subject: org
    event_id: id
    event_time: at
    columns: {chain: string, network: string, status: integer, bytes: integer, weight: decimal, paid: boolean}
""",
    "specs/world.yaml": """\
time_zone: Europe/Berlin
currency: USD
sink: stripe
""",
    "specs/rating/calls.yaml": """\
meter: calls
lines_by: [chain]
price:
  model: graduated
  per: 1_000
  tiers:
    - {up_to: 100, amount: 2}
    - {amount: 1}
description: "{{ chain }}: {{ quantity }}"
""",
    "meters/calls.yaml": """\
source: events
where: {status: {lt: 500}}
aggregate: count
unit: call
dimensions: [chain, network, {size: {of: bytes, up_to: [10, 20]}}]
""",
    "plans/pro.yaml": """\
name: Pro
fees:
  - {id: base, name: Base fee, amount: 10}
charges:
  - {rating: calls, included: 50}
""",
    "contracts/acme.yaml": """\
org: org_acme
type: hybrid
spec: world
plan: pro
start: 2026-01-01
""",
    "sinks/stripe.yaml": """\
type: stripe
credentials: env:STRIPE_KEY
""",
}


def broken(changes: dict[str, str | dict[str, str] | None]) -> dict[str, bytes]:
    """Break the book.

    Args:
        changes: file → its whole new text, None to delete it, or old → new passages of its text.
    """
    texts = dict(BOOK)
    for file, change in changes.items():
        if change is None:
            del texts[file]
        elif isinstance(change, str):
            texts[file] = change
        else:
            for old, new in change.items():
                assert texts[file].count(old) == 1, f"{old!r} stands {texts[file].count(old)} times in {file}"
                texts[file] = texts[file].replace(old, new)
    return {file: text.encode() for file, text in texts.items()}


def found(loaded: Loaded) -> list[str]:
    """Give findings as `file:line:column CODE message`."""
    return [
        f"{finding.position.file}:{finding.position.line}:{finding.position.column} {finding.code} {finding.message}"
        if finding.position
        else f"{finding.code} {finding.message}"
        for finding in loaded.findings
    ]


def check(changes: dict[str, str | dict[str, str] | None]) -> list[str]:
    """Break the book and give what is found."""
    return found(load(broken(changes)))
