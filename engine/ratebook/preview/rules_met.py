"""Where a change meets a rule of the policy: each contract, total or cause that a rule is about."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from ratebook.book import pointers
from ratebook.book.model import Demand, Policy, Threshold
from ratebook.money import EXACT, plain

Document = Mapping[str, Any]
"""A difference of two books, as `ratebook diff --format json` prints it, or a part of one."""

_ENDS: Final = frozenset({"end", "expires", "until"})
_DOES: Final = {
    "price_up": "raises prices",
    "price_down": "lowers prices",
    "mixed": "raises some prices and lowers others",
    "restating": "changes what closed periods come to",
    "forward_only": "changes only time to come",
    "cosmetic": "changes nothing that is billed",
}


@dataclass(frozen=True, slots=True)
class Met:
    """A rule that a change meets, for one contract, currency or cause.

    Attributes:
        rule: its name, as in `thresholds/one-customer`.
        demand: what it asks for.
        message: what meets it.
        contracts: ids of the contracts that it is about.
        causes: numbers of the causes that it is about.
        whole: whether no more contracts are touched than those that are named.
    """

    rule: str
    demand: Demand
    message: str
    contracts: tuple[str, ...]
    causes: tuple[int, ...]
    whole: bool = True


def rules_met(policy: Policy, document: Document, on: date) -> Iterator[Met]:
    """Find what the rules of a policy are about in a difference, but for changes of the policy itself."""
    for name, threshold in policy.thresholds.items():
        of = _each_contract if threshold.of == "contract" else _each_total
        yield from of(f"thresholds/{name}", threshold, document)
    touched = _contracts_of_causes(document)
    for index, cause in enumerate(document["causes"]):
        met = [*_categories(policy, cause), *_back_dating(policy, cause, on)]
        contracts = _named(cause, touched.get(index, []))
        for rule, demand, message in met:
            whole = len(contracts) >= cause["contracts"]
            yield Met(rule, demand, message, contracts, (index,), whole)


def _each_contract(rule: str, threshold: Threshold, document: Document) -> Iterator[Met]:
    for contract in document["contracts"]:
        over = _over(threshold, contract, contract["currency"], is_new=contract["status"] == "new")
        if over:
            causes = tuple(share["cause"] for share in contract["causes"] if Decimal(share["difference"]))
            message = f"{contract['contract']} pays {over}"
            yield Met(rule, threshold, message, (contract["contract"],), causes)


def _each_total(rule: str, threshold: Threshold, document: Document) -> Iterator[Met]:
    for total in document["totals"]:
        currency = total["currency"]
        over = _over(threshold, total, currency)
        if over:
            moved = [one for one in document["contracts"] if _moves(one, currency)]
            causes = sorted({share["cause"] for one in moved for share in one["causes"]})
            contracts = tuple(one["contract"] for one in moved)
            message = f"together the customers billed in {currency} pay {over}"
            whole = len(contracts) >= total["up"] + total["down"]
            yield Met(rule, threshold, message, contracts, tuple(causes), whole)


def _moves(contract: Document, currency: str) -> bool:
    return bool(contract["currency"] == currency and Decimal(contract["difference"]))


def _over(threshold: Threshold, money: Document, currency: str, *, is_new: bool = False) -> str:
    """Say by how much money moves over a threshold; empty when it does not."""
    was, difference = Decimal(money["was"]), Decimal(money["difference"])
    way = "rise" if difference > 0 else "fall"
    if not difference or threshold.direction not in {way, "either"}:
        return ""
    bounds = []
    if threshold.over_percent is not None:
        share = EXACT.divide(EXACT.multiply(EXACT.abs(difference), 100), EXACT.abs(was)) if was else None
        if is_new or (share is not None and share <= threshold.over_percent):
            return ""
        bounds.append(f"{plain(threshold.over_percent)} percent")
    if threshold.over_amount is not None:
        limit = _limit(threshold, currency)
        if EXACT.abs(difference) <= limit:
            return ""
        bounds.append(f"{plain(limit)} {currency}")
    return f"{_moved(was, difference, currency)}, over {' and '.join(bounds)}"


def _limit(threshold: Threshold, currency: str) -> Decimal:
    amount = threshold.over_amount
    if isinstance(amount, Mapping):
        return amount.get(currency, Decimal(0))
    return amount if amount is not None else Decimal(0)


def _moved(was: Decimal, difference: Decimal, currency: str) -> str:
    """Say how much more or less is paid, as in `8.16 percent (4.00 EUR) less`."""
    more, size = "more" if difference > 0 else "less", EXACT.abs(difference)
    money = f"{size:f} {currency}"
    if not was:
        return f"{money} {more} than nothing"
    percent = EXACT.divide(EXACT.multiply(size, 100), EXACT.abs(was)).quantize(Decimal("0.01"), context=EXACT)
    return f"{plain(percent)} percent ({money}) {more}"


def _categories(policy: Policy, cause: Document) -> Iterator[tuple[str, Demand, str]]:
    for category, demand in policy.categories.items():
        if category in cause["categories"]:
            yield f"categories/{category}", demand, f"{cause['title']} {_DOES[category]}"


def _back_dating(policy: Policy, cause: Document, on: date) -> Iterator[tuple[str, Demand, str]]:
    rules = policy.back_dating
    reach = _reach(cause, on)
    if not reach:
        return
    since = f"since {cause['begins']}" if cause["begins"] else "for all time"
    demand: Demand | None = getattr(rules, reach)
    if demand is not None:
        done = "changes what holds already" if reach == "started" else "begins in the past"
        yield f"back_dating/{reach}", demand, f"{cause['title']} {done}, {since}"
    if rules.without_reference is not None and not _has_reference(cause):
        message = f"{cause['title']} reaches into the past, {since}, and no `reference` says why"
        yield "back_dating/without_reference", rules.without_reference, message


def _reach(cause: Document, on: date) -> str:
    """Tell whether a cause changes what has `started`, adds something to the `past`, or neither (empty)."""
    begins, restates = cause["begins"], "restating" in cause["categories"]
    if "cosmetic" in cause["categories"] or (begins is not None and begins[:10] > on.isoformat()):
        return ""
    if cause["was"] is None or cause.get("adds_version"):
        return "past" if begins is not None or restates else ""
    parts = pointers.split(cause["pointer"])[1]
    if parts and parts[-1] in _ENDS and (cause["now"] or "")[:10] >= on.isoformat():
        return ""
    return "started"


def _has_reference(cause: Document) -> bool:
    """Tell whether a change gives its reason."""
    return bool(cause.get("reference"))


def _contracts_of_causes(document: Document) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for contract in document["contracts"]:
        for share in contract["causes"]:
            found.setdefault(share["cause"], []).append(contract["contract"])
    return found


def _named(cause: Document, touched: Sequence[str]) -> tuple[str, ...]:
    """Give the contracts of a cause: those that it touches, and the one in whose file it stands."""
    kind, _, name = pointers.split(cause["pointer"])[0].partition("/")
    own = [name] if kind == "contracts" and name not in touched else []
    return (*own, *touched)
