"""Checks of what files say to one another. Each is a small function over what could be read of the book."""

from collections.abc import Callable, Iterator
from typing import Final

from ratebook.book.checks import agreements, meters, prices, references, secrets, templates, units, unused
from ratebook.book.checks.lives import SubjectOverlaps, check_life
from ratebook.book.contract_tables import Report
from ratebook.book.draft import Draft
from ratebook.book.model import Contract
from ratebook.findings import Finding

Check = Callable[[Draft], Iterator[Finding]]

CHECKS: Final[tuple[Check, ...]] = (
    references.check_settings,
    references.check_meters,
    references.check_rules,
    references.check_plans,
    references.check_specs,
    meters.check_columns,
    meters.check_source_names,
    meters.check_priced,
    units.check_units,
    prices.check_terms,
    prices.check_band_keys,
    agreements.check_plans,
    templates.check_templates,
    secrets.check_secrets,
)


def check_parts(draft: Draft) -> list[Finding]:
    """Check everything but contracts."""
    return [finding for check in CHECKS for finding in check(draft)]


def check_contracts(draft: Draft, report: Report) -> Iterator[Contract]:
    """Check contracts while they stream by, each set of terms once a file."""
    overlaps = SubjectOverlaps(draft)
    used = unused.Used()
    seen: set[tuple[int, str]] = set()
    previous = ""
    errors = 0

    def counted(finding: Finding) -> None:
        nonlocal errors
        errors += finding.severity == "error"
        report(finding)

    for placed in draft.contracts.placed(counted):
        contract = placed.contract
        if contract.id == previous:
            counted(
                Finding(
                    "RB113",
                    f"the id `{contract.id}` is taken",
                    contract.pointer,
                    help="rename one of the two",
                )
            )
        previous = contract.id
        if (id(contract.terms), placed.file) not in seen:
            seen.add((id(contract.terms), placed.file))
            used.add(contract.terms)
            for finding in agreements.check_agreement(draft, contract.terms, contract.pointer):
                counted(finding)
        for finding in check_life(draft, placed):
            counted(finding)
        overlaps.add(contract)
        yield contract
    overlaps.check(counted)
    if not errors and len(draft.contracts.own) == len(draft.known["contracts"]):
        for finding in unused.check_unused(draft, used):
            report(finding)
