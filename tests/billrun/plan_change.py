"""October of a contract that changes its plan on the 11th."""

from tests.builders import bill, lines_of

RULES = """
rating:
  rpc: {meter: requests, price: {amount: 2, per: 1}}
  dear: {meter: requests, price: {amount: 3, per: 1}}
  seats: {meter: peak, price: {amount: 1, per: 1}}
"""
USAGE = "requests 2026-10-05T00:00:00Z o1 10\nrequests 2026-10-20T00:00:00Z o1 5"
SAME = ""
"""The second plan is as the first."""
CARRY = ", plan_change: {tiers: carry}"
BEFORE, AFTER = "10-01..10-11", "10-11..11-01"


def lines(starter: str, pro: str, terms: str = "", usage: str = USAGE, period: str = "2026-10") -> list[str]:
    """Bill October of a contract that is on `starter` until the 11th, and on `pro` from then on."""
    text = f"""{RULES}
plans:
  starter: {{name: S, {starter}}}
  pro: {{name: P, {pro or starter}}}
contracts:
  acme: {{org: o1, type: hybrid, spec: global, start: 2026-01-01, plan: pro,
         phases: [{{until: 2026-10-11, plan: starter}}] {terms}}}
"""
    return [line for document in bill(text, period, usage).documents for line in lines_of(document)]


def fee(amount: int, more: str = "", name: str = "base") -> str:
    return f"fees: [{{id: {name}, name: B, amount: {amount}, {more}}}]"
