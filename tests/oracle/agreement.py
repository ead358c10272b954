"""What a contract comes to: its plan's fees and charges, its own ones, and what its overrides and its lock change.

An override's keys replace whole keys, in the contract's currency; with `from` and `until` only then. A price lock holds
what plan and rules said at one instant until another (prices, fees, included units, discounts and bounds); overrides
are not locked, nor is what a pricing unit is worth.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from tests.oracle.accounts import Account, accounts_of
from tests.oracle.book import Node, Own, own_at
from tests.oracle.calendar import Life, instant, zone

Written = Mapping[str, Any]
LOCKED = {"price", "amount", "included", "discount", "minimum", "maximum"}


@dataclass(frozen=True)
class Item:
    """A fee or a charge of a contract: for each key what is nearest, and whose money it is in."""

    id: str
    keys: Mapping[str, Own]

    def own(self, key: str) -> Own | None:
        return self.keys.get(key)

    def get(self, key: str, default: Node = None) -> Node:
        return self.keys[key].node if key in self.keys else default

    def at(self, key: str, moment: datetime, where: ZoneInfo) -> Own | None:
        return own_at(self.own(key), moment, where)

    def get_at(self, key: str, moment: datetime, where: ZoneInfo, default: Node = None) -> Node:
        found = self.at(key, moment, where)
        return default if found is None else found.node


@dataclass(frozen=True)
class Agreement:
    """What a contract comes to on one plan.

    Attributes:
        plan: the name of the plan; "" without one.
    """

    id: str
    contract: Written
    spec: Written
    life: Life
    accounts: tuple[Account, ...]
    currency: str
    cycle: Mapping[str, str]
    plan: str
    plan_terms: Written
    fees: tuple[Item, ...]
    charges: tuple[Item, ...]
    minimum: Own | None

    @property
    def where(self) -> ZoneInfo:
        return self.life.where

    def account_of(self, subject: str, moment: datetime) -> Account | None:
        """The account that has a subject's usage at an instant; None where the contract does not pay for it."""
        for account in self.accounts:
            if subject in account.subjects and account.life.holds(moment):
                return account
        return None

    @property
    def rounding(self) -> str:
        mode: str = self.spec.get("rounding", {}).get("mode", "half_up")
        return mode


def agreement(book: Written, contract_id: str, plan_name: str | None = None) -> Agreement:
    """Put a contract together on a plan (that of its last phase unless another is named)."""
    contract = book["contracts"][contract_id]
    spec = book["specs"][contract["spec"]]
    where = zone(spec["time_zone"])
    name = plan_name if plan_name is not None else contract.get("plan", "")
    plan = find_plan(book, name) if name else {}
    last = find_plan(book, contract["plan"]) if "plan" in contract else {}
    end = contract.get("end")
    life = Life(instant(contract["start"], where), None if end is None else instant(end, where), where)
    build = ItemBuilder(book, contract, where)
    plan_currency = plan.get("currency", book["book"]["currency"])
    fixed = [{"id": "fixed", **contract["price_fixed"]}] if "price_fixed" in contract else []
    return Agreement(
        id=contract_id,
        contract=contract,
        spec=spec,
        life=life,
        accounts=accounts_of(contract, life),
        currency=build.currency,
        cycle={"every": "month", "anchor": "calendar", **contract.get("cycle", last.get("cycle", {}))},
        plan=name,
        plan_terms=plan,
        fees=(
            *(build.of_plan(fee, plan_currency) for fee in plan.get("fees", [])),
            *(build.of_contract(fee) for fee in [*fixed, *contract.get("fees", [])]),
        ),
        charges=(
            *(build.of_plan(charge, plan_currency) for charge in plan.get("charges", [])),
            *(build.of_contract(charge) for charge in contract.get("charges", [])),
        ),
        minimum=build.locked(Own(plan["minimum"], plan_currency)) if "minimum" in plan else None,
    )


def find_plan(book: Written, name: str) -> Written:
    """Bare `pro` is `pro@1`, never the newest."""
    plan: Written = book["plans"][name] if name in book["plans"] else book["plans"][name.removesuffix("@1")]
    return plan


@dataclass(frozen=True)
class ItemBuilder:
    """Makes the fees and charges of a contract."""

    book: Written
    contract: Written
    where: ZoneInfo

    @property
    def currency(self) -> str:
        """The currency of the contract and of its invoices."""
        spec: Written = self.book["specs"][self.contract["spec"]]
        currency: str = self.contract.get("currency", spec["currency"])
        return currency

    def of_plan(self, written: Written, currency: str) -> Item:
        keys = {key: Own(value, currency) for key, value in written.items()}
        keys = {key: self.locked(own) if key in LOCKED else own for key, own in keys.items()}
        return self.overridden({**self.rule_price(written), **keys})

    def of_contract(self, written: Written) -> Item:
        own = {key: Own(value, self.currency) for key, value in written.items()}
        return self.overridden({**self.rule_price(written), **own})

    def rule_price(self, written: Written) -> dict[str, Own]:
        """The list price and the tax of a charge's rule, which hold where nothing nearer does."""
        rule = self.book["rating"].get(written.get("rating"), {})
        found = {
            key: Own(rule[key], self.book["book"]["currency"]) for key in ("price", "tax") if key in rule
        }
        return {key: self.locked(own) if key in LOCKED else own for key, own in found.items()}

    def locked(self, own: Own) -> Own:
        lock = self.contract.get("price_lock")
        if lock is None:
            return own
        held = own_at(own, instant(lock.get("at", self.contract["start"]), self.where), self.where, "pricing")
        versions = [
            {"value": None if held is None else held.node},
            {"from": lock["until"], "value": own.node},
        ]
        return Own({"versions": versions}, own.currency)

    def overridden(self, keys: dict[str, Own]) -> Item:
        name = str(keys["id" if "id" in keys else "rating"].node)
        override = self.contract.get("overrides", {}).get(name, {})
        for key, value in override.items():
            if key not in {"from", "until"}:
                keys[key] = self.dated(keys.get(key), Own(value, self.currency), override)
        return Item(name, keys)

    def dated(self, before: Own | None, override: Own, window: Written) -> Own:
        """An override's key in its window, and outside what was there before."""
        if "from" not in window and "until" not in window:
            return override
        inside = {"own": override.node, "of": override.currency}
        outside = None if before is None else {"own": before.node, "of": before.currency}
        versions: list[dict[str, Any]] = []
        if "from" in window:
            versions.append({"value": outside})
        versions.append(
            {**({"from": window["from"]} if "from" in window else {}), "value": inside},
        )
        if "until" in window:
            versions.append({"from": window["until"], "value": outside})
        return Own({"versions": versions}, override.currency)


def reported_as(rule_id: str, currency: str) -> Item:
    """A charge for usage that is only reported, without a price: as if it were free."""
    return Item(rule_id, {"rating": Own(rule_id, currency), "price": Own("free", currency)})
