"""Draws contracts on a drawn book: who, when, and what they pay for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from tests.oracle.choices import Chooser
from tests.oracle.draw_book import BookDrawing
from tests.oracle.draw_money_off import MoneyOff
from tests.oracle.draw_prices import Money, When, is_later
from tests.oracle.draw_scene import CURRENCIES, Scene
from tests.oracle.draw_time import TimeDrawing


@dataclass(frozen=True)
class ContractDrawing:
    """Draws contracts for a scene."""

    scene: Scene
    book: Mapping[str, Any]

    @property
    def chooser(self) -> Chooser:
        return self.scene.chooser

    @property
    def parts(self) -> BookDrawing:
        return BookDrawing(self.scene)

    def contracts(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for number in range(self.chooser.count(1, 3)):
            found[f"c{number}"] = self.contract(number, found.get(f"c{number - 1}"))
        return found

    def contract(self, number: int, previous: Mapping[str, Any] | None) -> dict[str, Any]:
        one = self.chooser
        spec = one.one(sorted(self.book["specs"]))
        own = one.maybe(30, "currency", lambda: one.one(CURRENCIES))
        currency = own.get("currency", self.book["specs"][spec]["currency"])
        life = self.life()
        content = self.content(Money(currency), TimeDrawing(self.scene, life["start"], life.get("end")))
        who = self.who(number, life["start"], previous)
        taxed = self.parts.taxes().contract(self.book["specs"][spec])
        children = self.children(
            number, TimeDrawing(self.scene, life["start"], life.get("end")), previous or {}
        )
        return {**who, "spec": spec, **own, **content, **taxed, **life, **children}

    def children(self, number: int, time: TimeDrawing, previous: Mapping[str, Any]) -> dict[str, Any]:
        """Perhaps accounts whose usage the contract pays for; one may have moved from the contract before."""
        one = self.chooser
        if not self.scene.draws("children", 30):
            return {}
        found = [self.child(f"kid-{number}-{name}", name, time) for name in ("eu", "us")[: one.count(1, 2)]]
        for child in previous.get("children", []):
            moments = [
                when for when in time.after(time.start) if "until" in child and is_later(when, child["until"])
            ]
            if moments and one.often(60):
                found.append({"id": f"moved-{len(found)}", "org": child["org"], "from": one.one(moments)})
        return {"children": found}

    def child(self, org: str, name: str, time: TimeDrawing) -> dict[str, Any]:
        one = self.chooser
        begin = one.maybe(40, "from", lambda: one.one([time.start, *time.after(time.start)]))
        ends = time.after(begin.get("from", time.start))
        until = one.maybe(40, "until", lambda: one.one(ends)) if ends else {}
        return {"id": name, **one.maybe(50, "name", f"Child {name}"), "org": org, **begin, **until}

    def content(self, money: Money, time: TimeDrawing) -> dict[str, Any]:
        """What a contract pays for: all is fixed, or a plan's and its own."""
        one, book = self.chooser, self.book
        if one.often(15):
            price = {
                "name": "All",
                "amount": self.parts.fee_amount(self.parts.prices(), money),
                **self.parts.fee_terms(money),
            }
            price.pop("quantity", None)
            report = one.maybe(60, "report", lambda: one.some(sorted(book["rating"]), 1))
            return {
                "type": "fixed",
                "cycle": self.parts.cycle(),
                "price_fixed": price,
                **report,
                **self.money_off(time, ["fixed"], [], []),
                **time.trial(30),
                **time.pauses(),
            }
        plan = {"plan": one.one(sorted(book["plans"]))} if book["plans"] and one.often(75) else {}
        phases = time.phases(sorted(book["plans"])) if plan else {}
        named = [*(phase["plan"] for phase in phases.get("phases", [])), *plan.values()]
        plans = [book["plans"][name] for name in dict.fromkeys(named)]
        if plan.get("plan") == "pro" and one.often(20):
            plan = {"plan": "pro@1"}
        priced = {charge["rating"] for each in plans for charge in each["charges"]}
        unpriced = [rule for rule in sorted(book["rating"]) if rule not in priced]
        charges = [self.parts.charge(book, rule, money) for rule in one.some(unpriced, 0 if plan else 1)]
        fees = [self.parts.fee("extra", money)] if one.often(30) else []
        fee_names = sorted(
            {fee["id"] for each in plans for fee in each["fees"]} | {fee["id"] for fee in fees}
        )
        charge_names = sorted(priced | {charge["rating"] for charge in charges})
        return {
            "type": "hybrid" if fee_names else "metered",
            **plan,
            **phases,
            **({} if plan and not phases and one.often(80) else {"cycle": self.parts.cycle()}),
            "fees": fees,
            "charges": charges,
            "overrides": self.overrides(plans, money, time),
            **self.money_off(time, fee_names, charge_names, named),
            **time.trial(30),
            **time.pauses(),
            **time.price_lock(),
        }

    def money_off(
        self, time: TimeDrawing, fees: Sequence[str], charges: Sequence[str], plans: Sequence[str]
    ) -> dict[str, Any]:
        drawing = MoneyOff(time, fees, charges, plans)
        return {**drawing.discounts(), **drawing.commitments(), **drawing.credits()}

    def overrides(
        self, plans: Sequence[Mapping[str, Any]], money: Money, time: TimeDrawing
    ) -> dict[str, Any]:
        """Overrides of some fees and charges of the plans."""
        found: dict[str, Any] = {}
        for fee in {fee["id"]: fee for plan in plans for fee in plan["fees"]}:
            if self.chooser.often(25):
                amount = self.chooser.maybe(
                    50, "amount", lambda: self.parts.fee_amount(self.parts.prices(), money)
                )
                found[fee] = {**amount, **self.parts.fee_terms(money)}
        for rule in {charge["rating"]: charge for plan in plans for charge in plan["charges"]}:
            if self.chooser.often(25):
                found[rule] = self.charge_override(rule, money)
        return {name: time.dated(override) for name, override in found.items() if override}

    def charge_override(self, rule: str, money: Money) -> dict[str, Any]:
        prices = self.parts.prices(rule)
        return {**self.chooser.maybe(50, "price", lambda: prices.price(money)), **prices.pricing(money)}

    def who(self, number: int, start: When, previous: Mapping[str, Any] | None) -> dict[str, Any]:
        """A subject of its own, or two that are summed; or that of the contract before, if it has ended by then."""
        if (
            previous is not None
            and "end" in previous
            and is_later(start, previous["end"])
            and self.chooser.often(70)
        ):
            return {name: previous[name] for name in ("org", "subjects") if name in previous}
        if self.chooser.often(25):
            return {"subjects": [f"org-{number}", f"org-{number}b"]}
        return {"org": f"org-{number}"}

    def life(self) -> dict[str, Any]:
        scene = self.scene
        long_ago = [scene.first - timedelta(days=days) for days in (100, 366, 31)]
        start = self.chooser.one([*long_ago, *scene.moments])
        return {"start": start, **self.later("end", start)}

    def later(self, key: str, begin: When) -> Mapping[str, Any]:
        """Perhaps an end after a beginning."""
        options = [*self.scene.moments, self.scene.last + timedelta(days=45)]
        ends = [when for when in options if is_later(when, begin)]
        return self.chooser.maybe(40, key, lambda: self.chooser.one(ends)) if ends else {}
