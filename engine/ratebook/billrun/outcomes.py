"""Contracts stream beside their usage and leave as outcomes; memory does not grow with their number."""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import localcontext
from functools import partial
from itertools import groupby, islice
from operator import attrgetter
from typing import Any, Final, Literal, NamedTuple

from pydantic import TypeAdapter

from ratebook.billrun.closed import Rerated, compare, invoice_of, settle_corrections
from ratebook.billrun.findings import charge_findings, estimated_rate, no_rate, unbilled_findings
from ratebook.billrun.issued import (
    Invoice,
    Issued,
    NothingIssued,
    Standing,
    standing_before,
    taken_as_unused,
)
from ratebook.book.accounts import Account
from ratebook.book.model import Contract
from ratebook.book.model.contract import Customer
from ratebook.calendar import Interval, local_date
from ratebook.compiler.program import Agreement, ChargeProgram, FxPolicy, Program
from ratebook.compiler.run import RunCompiler, RunPlan, Timeline
from ratebook.findings import Finding
from ratebook.fx import Quote, RateTable
from ratebook.invoice.balances import NO_BALANCES, Balances
from ratebook.invoice.build import (
    Brought,
    Draft,
    Recipient,
    build,
    usage_digest,
    write_usage,
)
from ratebook.invoice.corrected import Corrected
from ratebook.invoice.form import Form, form_of, issue_date
from ratebook.money import EXACT
from ratebook.rating.parts import Used, rate_charges
from ratebook.rating.together import Read, put_together
from ratebook.usage.rows import MeasureCount, MeasuredUsage, SubjectRow, UsageRow, UsageStore

Contracts = Callable[[], Iterator[Contract]]
"""Gives the stream of contracts, in order of id; a run reads it twice."""

_BATCH: Final = 16
"""Contracts at a time, step by step: enough to share what a step costs, few enough for the processor's cache."""


class AccountUsage(NamedTuple):
    """The usage of one account of a contract: for each measure its rows by part of a period."""

    account: Account
    rows: Sequence[Mapping[int, Sequence[UsageRow]]]


class ContractUsage(NamedTuple):
    """A contract with its usage: that of its own account first, then that of each child."""

    contract: Contract
    timeline: Timeline
    accounts: Sequence[AccountUsage]


class RatedBoundary(NamedTuple):
    """A contract's charges at a boundary: none where a rate is missing, and then `form` names the currencies."""

    program: Program
    form: Form | list[str]
    used: Sequence[Used]


class Outcome(NamedTuple):
    """What became of a contract at a boundary: every contract × boundary has one.

    Attributes:
        contract: its id.
        program: the terms, with the boundary.
        status: `invoice`; `nothing_to_bill`; `failed` when an invoice could not be made, as a finding says.
        document: the invoice.
        used: the rated charges, each with the usage that was rated, for an explanation.
        findings: what could not be billed.
        brought_forward: the balances before.
        carried_forward: the balances after.
        rated: the contract itself.
    """

    contract: str
    program: Program
    status: Literal["invoice", "nothing_to_bill", "failed", "note"]
    document: dict[str, Any] | None
    used: Sequence[Used] = ()
    findings: Sequence[Finding] = ()
    brought_forward: Balances = NO_BALANCES
    carried_forward: Balances = NO_BALANCES
    rated: Contract | None = None


@dataclass(slots=True)
class BillRun:
    """One run over a period: iterate `outcomes()`, then read `findings`.

    Attributes:
        compiler: the book, compiled for the period of the run.
        contracts: the contracts to bill.
        store: where usage is measured.
        rates: exchange rates.
        issued: the invoices of earlier runs.
        looks_for_unbilled: whether usage that belongs to no contract, or has no price, is looked for.
        findings: of the whole run, complete once the outcomes are through.
        plan: what is measured, once the first outcome is asked for.
        counts: how many events each measure met, as soon.
    """

    compiler: RunCompiler
    contracts: Contracts
    store: UsageStore
    rates: RateTable
    issued: Issued = field(default_factory=NothingIssued)
    looks_for_unbilled: bool = True
    findings: list[Finding] = field(default_factory=list)
    plan: RunPlan | None = None
    counts: Sequence[MeasureCount] = ()
    _forms: dict[Program, Form | list[str]] = field(default_factory=dict)
    _quotes: dict[tuple[str, FxPolicy | None, str, date], Quote | None] = field(default_factory=dict)

    def outcomes(self) -> Iterator[Outcome]:
        """Rate every contract at every boundary in the run's period, in order of contract and time."""
        usage = self._measure()
        self.findings += usage.findings()
        self.findings += unbilled_findings(usage.unbilled(), self.compiler)
        self.counts = usage.counts()
        contracts = self._numbered()
        readers = [_Reader(usage.rows(number)) for number in range(len(self.compiler.measures))]
        while batch := list(islice(contracts, _BATCH)):
            with localcontext(EXACT):
                read = [self._read(number, contract, readers) for number, contract in batch]
                rated = [[self._rate(one, *boundary) for boundary in one.timeline.billed] for one in read]
                outcomes = [
                    outcome
                    for one, boundaries in zip(read, rated, strict=True)
                    for outcome in self._bill_all(one, boundaries)
                ]
            write_usage([draft for _, draft in outcomes if draft is not None])
            for outcome, _ in outcomes:
                self.findings += outcome.findings
                yield outcome

    def _measure(self) -> MeasuredUsage:
        self.store.enroll(self._subjects())
        self.plan = self.compiler.plan()
        window = self.plan.window
        if not self.looks_for_unbilled:
            window = Interval(window.start, window.start)
        return self.store.measure(self.plan.measures, self.plan.segments, window)

    def _subjects(self) -> Iterator[SubjectRow]:
        for number, contract in self._numbered():
            timeline, life = self.compiler.enroll(contract)
            times = timeline.agreed.accrues(life)
            for index, account in enumerate(self.compiler.accounts(contract)):
                for start, end in account.within(times):
                    for subject in account.subjects:
                        yield SubjectRow(subject, number + index, timeline.number, start, end)

    def _numbered(self) -> Iterator[tuple[int, Contract]]:
        """Number contracts; each child has a number of its own, after its contract's."""
        number = 0
        for contract in self.contracts():
            yield number, contract
            number += 1 + len(contract.children)

    def _read(self, number: int, contract: Contract, readers: Sequence["_Reader"]) -> ContractUsage:
        timeline, _ = self.compiler.enroll(contract)
        accounts = [
            AccountUsage(account, [_by_part(reader.take(number + index)) for reader in readers])
            for index, account in enumerate(self.compiler.accounts(contract))
        ]
        return ContractUsage(contract, timeline, accounts)

    def _rate(self, found: ContractUsage, first_part: int, program: Program) -> RatedBoundary:
        form, accounts = self._form(program), found.accounts
        if not isinstance(form, Form):
            return RatedBoundary(program, form, ())
        used = rate_charges(
            program.charges, lambda charge: _usage(charge, first_part + charge.part, accounts), form.rates
        )
        return RatedBoundary(program, form, used)

    def _bill_all(
        self, found: ContractUsage, boundaries: Sequence[RatedBoundary]
    ) -> Iterator[tuple[Outcome, Draft | None]]:
        """Bill a contract's boundaries in order: what one carries forward, the next brings forward."""
        contract, timeline, _ = found
        issued = self.issued.of(contract.id) if timeline.has_balances or self.compiler.corrects else ()
        corrections, notes = self._correct(found, issued) if issued else ((), ())
        for note, program in notes:
            yield Outcome(contract.id, program, "note", note, rated=contract), None
        standing: Standing | None = None
        for rated in boundaries:
            program = rated.program
            before, is_assumed = standing_before(program, standing, issued)
            outcome, draft = _bill(found, rated, Brought(before, corrections))
            if is_assumed:
                unused = taken_as_unused(contract.id, program)
                outcome = outcome._replace(findings=[*outcome.findings, unused])
            if outcome.status != "failed":
                corrections = ()
            if program.has_balances and outcome.status != "failed":
                standing = Standing(outcome.carried_forward, program.boundary.at)
            yield outcome, draft

    def _correct(
        self, usage: ContractUsage, issued: Sequence[Invoice]
    ) -> tuple[Sequence[Corrected], Iterable[tuple[dict[str, Any], Program]]]:
        """Compare a contract's closed periods with what was issued for them.

        Returns:
            Corrections for its next invoice, and credit notes; nothing while it has none in this run, but some later.
        """
        timeline, life = self.compiler.enroll(usage.contract)
        closed, billed = timeline.numbered[: timeline.closed], timeline.billed
        if not closed or not (billed or life.end <= closed[-1][1].boundary.at):
            return (), ()
        following = self._form(billed[0][1]) if billed else None
        found = [self._compare(usage, *one, issued) for one in closed]
        self.findings += [one for one in found if isinstance(one, Finding)]
        settled = settle_corrections(
            [one for one in found if isinstance(one, Corrected)],
            following if isinstance(following, Form) else None,
            timeline.agreed.late_usage.policy,
            issued,
        )
        self.findings += settled.findings
        return settled.next_invoice, [(note, closed[-1][1]) for note in settled.documents]

    def _compare(
        self, usage: ContractUsage, first_part: int, program: Program, issued: Sequence[Invoice]
    ) -> Corrected | Finding | None:
        original, form = invoice_of(program, issued), self._form(program)
        if original is None or not isinstance(form, Form):
            return None
        before, _ = standing_before(program, None, issued)
        outcome, draft = _bill(usage, self._rate(usage, first_part, program), Brought(before))
        if draft is None:
            digests = {"usage": usage_digest(outcome.used), **form.digests}
            return compare(Rerated(form, (), digests), original, issued)
        write_usage([draft])
        return compare(Rerated(form, draft.document["lines"], draft.document["digests"]), original, issued)

    def _form(self, program: Program) -> Form | list[str]:
        """Give what all invoices of a program have in common, or the currencies for which there is no rate."""
        form = self._forms.get(program)
        if form is None:
            quotes, missing = self._quotes_of(program)
            form = self._forms[program] = missing or form_of(program, quotes)
        return form

    def _quotes_of(self, program: Program) -> tuple[dict[str, Quote], list[str]]:
        wanted = _wanted(program)
        found = {
            currency: self._quote(program.agreement, currency, wanted) for currency in program.currencies
        }
        quotes = {currency: quote for currency, quote in found.items() if quote is not None}
        return quotes, [currency for currency, quote in found.items() if quote is None]

    def _quote(self, agreement: Agreement, currency: str, wanted: date) -> Quote | None:
        policy = agreement.fx
        key = (agreement.spec, policy, f"{currency}/{agreement.currency}", wanted)
        if key not in self._quotes:
            quote = None if policy is None else self.rates.quote(policy, currency, agreement.currency, wanted)
            if policy is not None and quote is not None and quote.estimated:
                self.findings.append(estimated_rate(quote, policy))
            self._quotes[key] = quote
        return self._quotes[key]


def _bill(usage: ContractUsage, rated: RatedBoundary, brought: Brought) -> tuple[Outcome, Draft | None]:
    contract, _, accounts = usage
    program, form, used = rated
    outcome = partial(Outcome, contract.id, program, rated=contract)
    if not isinstance(form, Form):
        missing = [no_rate(contract.id, program, currency, _wanted(program)) for currency in form]
        return outcome("failed", None, findings=missing), None
    charges = [charge for charge, _ in used]
    findings = [
        finding
        for charge in charges
        if charge.missing or charge.refused
        for finding in charge_findings(contract.id, charge)
    ]
    customer = contract.customer
    described = _describe(customer, exclude_defaults=True) if customer else {}
    recipient = Recipient(contract.id, described, [one.account for one in accounts[1:]])
    documents = [finding.document() for finding in findings]
    draft, after = build(form, recipient, charges, documents, usage_digest(used), brought)
    before = brought.balances
    if draft is None:
        return outcome("nothing_to_bill", None, used, findings, before, after), None
    return outcome("invoice", draft.document, used, findings, before, after), draft


def _wanted(program: Program) -> date:
    """Give the date whose exchange rate a program's invoice takes."""
    policy = program.agreement.fx
    if policy is not None and policy.date == "period_end":
        return local_date(program.boundary.at, program.agreement.zone)
    return issue_date(program)


_describe = TypeAdapter(Customer).serializer.to_python
_contract_of = attrgetter("contract")
_part_of = attrgetter("boundary")
_NO_MORE: Final[tuple[int, Iterable[UsageRow]]] = (sys.maxsize, ())


def _by_part(rows: Sequence[UsageRow]) -> Mapping[int, Sequence[UsageRow]]:
    if not rows or rows[0].boundary == rows[-1].boundary:
        return {rows[0].boundary: rows} if rows else {}
    return {part: list(group) for part, group in groupby(rows, key=_part_of)}


def _usage(charge: ChargeProgram, part: int, usage: Sequence[AccountUsage]) -> Sequence[UsageRow]:
    """Give what a charge reads in a part of a period."""
    if charge.use.readings:
        return put_together(charge, _reads(charge, part, usage))
    return usage[0].rows[charge.use.measure].get(part, ())


def _reads(charge: ChargeProgram, part: int, usage: Sequence[AccountUsage]) -> Iterator[Read]:
    """Give what a charge reads of each of its meters for each account."""
    for account, rows in usage:
        for number, measure in enumerate(charge.use.measures):
            yield Read(account.id, number, rows[measure].get(part, ()))


class _Reader:
    """Reads a measure's rows beside the contracts: both come in the same order."""

    def __init__(self, rows: Iterable[UsageRow]) -> None:
        self._groups = groupby(rows, key=_contract_of)
        self._ahead = -1
        self._rows: list[UsageRow] = []

    def take(self, contract: int) -> list[UsageRow]:
        """Give the rows of the next contract; those of contracts before it are long taken."""
        if self._ahead < contract:
            self._ahead, rows = next(self._groups, _NO_MORE)
            self._rows = list(rows)
        return self._rows if self._ahead == contract else []
