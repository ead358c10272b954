"""What an invoice brings forward from the one before it, and carries forward to the next: spent, drawn, left."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final, NamedTuple

from ratebook.calendar import Instant
from ratebook.compiler.money_off_programs import CommitmentProgram, CreditProgram, Expiry
from ratebook.compiler.program import Program
from ratebook.money import ZERO, round_money


class Committed(NamedTuple):
    """Where a commitment stands: what was spent or drawn, what was filled up, what is left of it."""

    spent: Decimal
    trued_up: Decimal
    left: Decimal


class Credited(NamedTuple):
    """Where a credit stands; what was used, what expired and what is left add up to what was granted."""

    granted: Decimal
    used: Decimal
    expired: Decimal
    left: Decimal


@dataclass(frozen=True, slots=True)
class Balances:
    """Where a contract stands between two invoices.

    Attributes:
        commitments: by id; those of single billing periods leave nothing behind.
        credits: by id.
        discounts: what fees in advance left of amounts for the period that begins; absent where they left all.
    """

    commitments: Mapping[str, Committed] = field(default_factory=dict)
    credits: Mapping[str, Credited] = field(default_factory=dict)
    discounts: Mapping[str, Decimal] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """Give it as an invoice has it."""
        found: dict[str, Any] = {}
        if self.commitments:
            found["commitments"] = {name: _texts(one) for name, one in sorted(self.commitments.items())}
        if self.credits:
            found["credits"] = {name: _texts(one) for name, one in sorted(self.credits.items())}
        if self.discounts:
            found["discounts"] = {name: {"left": str(left)} for name, left in sorted(self.discounts.items())}
        return found


NO_BALANCES: Final = Balances()


def _texts(balance: Committed | Credited) -> dict[str, str]:
    return {name: str(amount) for name, amount in balance._asdict().items()}


def unused(program: Program) -> Balances:
    """Give the balances before a boundary of a contract of which nothing was used, and what was due was billed."""
    return _as_terms_have_it(program, {})


def brought_forward(program: Program, document: Mapping[str, Any], since: Instant) -> Balances:
    """Read the balances that an earlier invoice carried forward, as they stand at the boundary before this one.

    Args:
        program: the terms of this boundary.
        document: the invoice's `carry_forward`; what it does not name is unused.
        since: the invoice's boundary; what has expired since then has expired.
    """
    found = _as_terms_have_it(program, document)
    before = program.boundary.billed.start
    agreement = program.agreement
    commitments, credits_ = dict(found.commitments), dict(found.credits)
    for promise in program.commitments:
        if promise.kind == "prepaid" and promise.commitment in document.get("commitments", {}):
            one = commitments[promise.commitment]
            left = aged(one.left, promise.expiry, since, before, program)
            commitments[promise.commitment] = one._replace(left=left)
    for credit in program.credits:
        if credit.credit in document.get("credits", {}):
            has = credits_[credit.credit]
            left = aged(has.left, credit.expiry, since, before, program)
            credits_[credit.credit] = has._replace(left=left, expired=has.expired + has.left - left)
    discounts = document.get("discounts", {}) if since == before else {}
    pots = {
        one.discount: round_money(
            Decimal(discounts[one.discount]["left"]), agreement.minor_unit, agreement.rounding
        )
        for one in program.discounts
        if one.meets_twice and one.discount in discounts
    }
    return Balances(commitments, credits_, pots)


def aged(left: Decimal, expiry: Expiry, since: Instant, until: Instant, program: Program) -> Decimal:
    """Give what is left of a balance from one boundary to the next by the passing of time alone."""
    before, after = expiry.age(since), expiry.age(until)
    if after == "over":
        return _rounded(ZERO, program)
    return kept(left, expiry, program) if before == "open" != after else left


def kept(left: Decimal, expiry: Expiry, program: Program) -> Decimal:
    """Give what rolls over of a rest."""
    return _rounded(left * expiry.percent / 100, program)


def _as_terms_have_it(program: Program, document: Mapping[str, Any]) -> Balances:
    commitments = document.get("commitments", {})
    credits_ = document.get("credits", {})
    return Balances(
        {
            one.commitment: _commitment(one, commitments.get(one.commitment), program)
            for one in program.commitments
            if one.kind != "period"
        },
        {one.credit: _credit(one, credits_.get(one.credit), program) for one in program.credits},
    )


def _commitment(one: CommitmentProgram, written: Mapping[str, str] | None, program: Program) -> Committed:
    if written is not None:
        return Committed(*(_rounded(Decimal(written[name]), program) for name in Committed._fields))
    nothing, before = _rounded(ZERO, program), program.boundary.billed.start
    if one.kind == "prepaid":
        open_until = Instant(min(before, one.expiry.end - 1))
        return Committed(nothing, nothing, aged(one.amount, one.expiry, open_until, before, program))
    trued_up = _rounded(one.amount * one.due_before.numerator / one.due_before.denominator, program)
    return Committed(nothing, trued_up, one.amount - trued_up)


def _credit(one: CreditProgram, written: Mapping[str, str] | None, program: Program) -> Credited:
    """Give a credit as it was carried forward; if the book grants another amount now, the rest differs by as much."""
    nothing = _rounded(ZERO, program)
    if written is None:
        before = program.boundary.billed.start
        left = aged(one.amount, one.expiry, Instant(min(before, one.expiry.end - 1)), before, program)
        return Credited(one.amount, nothing, one.amount - left, left)
    granted, used, expired, left = (_rounded(Decimal(written[name]), program) for name in Credited._fields)
    left = max(nothing, left + one.amount - granted)
    return Credited(used + expired + left, used, expired, left)


def _rounded(amount: Decimal, program: Program) -> Decimal:
    agreement = program.agreement
    return round_money(amount, agreement.minor_unit, agreement.rounding)
