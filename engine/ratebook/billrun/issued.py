"""What was issued before: the invoices of earlier runs, and the balances that a boundary brings forward from them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from ratebook.calendar import Instant, from_datetime
from ratebook.compiler.program import Program
from ratebook.findings import Finding
from ratebook.invoice.balances import NO_BALANCES, Balances, brought_forward, unused

Invoice = Mapping[str, Any]


class Issued(Protocol):
    """Invoices that were issued to contracts, read beside the contracts, in order of their ids."""

    def of(self, contract: str) -> Sequence[Invoice]:
        """Give what was issued to a contract, in order of boundaries; the one read later is the newer of two.

        Contracts are asked for in order of their ids, each once; those that nobody asks for are passed over.
        """
        ...


class NothingIssued:
    """No invoice was issued before."""

    def of(self, contract: str) -> Sequence[Invoice]:
        """Give nothing."""
        del contract
        return ()


class Standing(NamedTuple):
    """Balances as an invoice carried them forward, and its boundary."""

    balances: Balances
    since: Instant


def boundary_of(invoice: Invoice) -> Instant:
    """Give the boundary at which an invoice was issued."""
    return from_datetime(datetime.fromisoformat(invoice["boundary"]))


def newest_before(invoices: Sequence[Invoice], moment: Instant) -> Invoice | None:
    """Give the newest invoice before a boundary that carries balances forward."""
    earlier = [one for one in invoices if "carry_forward" in one and boundary_of(one) < moment]
    return earlier[-1] if earlier else None


def standing_before(
    program: Program, standing: Standing | None, invoices: Sequence[Invoice]
) -> tuple[Balances, bool]:
    """Give the balances that a boundary brings forward, and whether they had to be taken as unused.

    Args:
        program: the terms at the boundary.
        standing: what the boundary before it in the same run left; None at the first one.
        invoices: what was issued before the run.
    """
    if not program.has_balances:
        return NO_BALANCES, False
    if standing is not None:
        return brought_forward(program, standing.balances.document(), standing.since), False
    invoice = newest_before(invoices, program.boundary.at)
    if invoice is not None:
        return brought_forward(program, invoice["carry_forward"], boundary_of(invoice)), False
    return unused(program), program.boundary.kind != "opening"


def taken_as_unused(contract: str, program: Program) -> Finding:
    """Say that nobody said what a contract used of its commitments and credits before."""
    names = [one.commitment for one in program.commitments if one.kind != "period"]
    names += [one.credit for one in program.credits]
    names += [one.discount for one in program.discounts if one.meets_twice]
    return Finding(
        "RB511",
        f"{contract} began earlier, and no invoice says what it used of {', '.join(names)} until now: taken as unused",
        pointer=f"contracts/{contract}",
        help="name the folder of the invoices before with --issued",
        details={"contract": contract, "balances": names},
    )
