"""Taxes: rates that are named must be there, and what a contract says about its tax must fit its spec."""

from collections.abc import Iterator
from typing import Final

from ratebook.book.checks.references import dangling
from ratebook.book.checks.walk import walk
from ratebook.book.draft import Draft
from ratebook.book.model import Charge, ContractTerms, Dated, Fee, Override, RatingRule, Spec, Tax
from ratebook.book.model.contract import FixedPrice
from ratebook.book.model.tax import STANDARD
from ratebook.book.terms import Sources, Term
from ratebook.findings import Finding

_NAMING: Final = (Charge, Fee, Override, FixedPrice, RatingRule)


def check_rate_names(draft: Draft) -> Iterator[Finding]:
    """Check that the rates which rules and plans name are those of some spec's tax."""
    known = _of_all(draft)
    for kind, parts in (("rating", draft.rules), ("plans", draft.plans)):
        for name, part in parts.items():
            yield from _unknown(part, f"{kind}/{name}", known)


def check_contract_tax(draft: Draft, terms: ContractTerms, sources: Sources) -> Iterator[Finding]:
    """Check the tax of a contract against its spec's, which must be known."""
    spec = draft.specs[terms.spec]
    known = _of_all(draft)
    yield from _unknown(terms, sources.pointer, known)
    if isinstance(spec.tax, Dated):
        here = _rates(spec)
        for term in _named(sources):
            if term.value in known - here:
                finding = dangling(f"rate of the tax of specs/{terms.spec}", term.value, term.pointer, here)
                yield finding
        yield from _owed(spec, terms, f"specs/{terms.spec}#tax/currency")
    elif terms.tax is not None:
        who = "leaves the tax to its sink" if spec.tax is not None else "has no tax"
        message = f"the spec `{terms.spec}` {who}, and this contract says what is different about it"
        help_ = f"delete it, or give specs/{terms.spec} a tax with a name and a percent"
        yield Finding("RB318", message, f"{sources.pointer}#tax", help=help_)


def _unknown(part: object, pointer: str, known: set[str]) -> Iterator[Finding]:
    for value, place in walk(part, pointer):
        if isinstance(value, _NAMING) and value.tax is not None and value.tax not in known:
            yield dangling("rate of a tax", value.tax, f"{place}{'/' if '#' in place else '#'}tax", known)


def _of_all(draft: Draft) -> set[str]:
    return {name for spec in draft.specs.values() for name in _rates(spec)} | {STANDARD}


def _rates(spec: Spec) -> set[str]:
    """Give the rates that a spec's tax has at all times."""
    if not isinstance(spec.tax, Dated):
        return set()
    versions: Dated[Tax] = spec.tax
    return {STANDARD} | set.intersection(*(set(version.value.rates) for version in versions.versions))


def _named(sources: Sources) -> Iterator[Term]:
    for fee in sources.fees():
        if fee.fee.tax is not None:
            yield Term(fee.fee.tax, "", f"{fee.pointer}/tax")
    for charge in sources.charges():
        found = charge.nearest("tax")
        if found is not None:
            yield found


def _owed(spec: Spec, terms: ContractTerms, pointer: str) -> Iterator[Finding]:
    """Check that a tax which is owed in another currency can be stated in it."""
    if not isinstance(spec.tax, Dated) or spec.fx is not None:
        return
    invoiced = terms.currency or spec.currency
    for version in spec.tax.versions:
        owed = version.value.currency
        if owed is not None and owed != invoiced:
            message = f"the tax is owed in {owed}, and a contract is invoiced in {invoiced}"
            yield Finding("RB308", message, pointer, help="give the spec `fx`, or leave `currency` out")
            return
