"""Checks of what files say to one another. Each is a small function over what could be read of the book."""

from collections.abc import Callable, Iterator
from typing import Final

from ratebook.book.checks import (
    agreements,
    costs,
    meters,
    policy,
    prices,
    pricing_units,
    references,
    secrets,
    shares,
    taxes,
    templates,
    units,
)
from ratebook.book.checks.children import check_children
from ratebook.book.checks.lives import SubjectOverlaps, check_life
from ratebook.book.checks.unused import Used, check_unused
from ratebook.book.contract_tables import Limited, Report
from ratebook.book.draft import Draft
from ratebook.book.model import Contract
from ratebook.findings import Finding

__all__ = ["CHECKS", "Used", "check_contracts", "check_parts", "check_unused"]

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
    shares.check_list_prices,
    pricing_units.check_pricing_units,
    agreements.check_plans,
    taxes.check_rate_names,
    templates.check_templates,
    secrets.check_secrets,
    policy.check_policy,
    costs.check_costs,
)


def check_parts(draft: Draft) -> list[Finding]:
    """Check everything but contracts."""
    return [finding for check in CHECKS for finding in check(draft)]


def check_contracts(draft: Draft, used: Used, report: Report) -> Iterator[Contract]:
    """Check contracts while they stream by, each set of terms once a file, and note what they use."""
    overlaps = SubjectOverlaps(draft)
    seen: set[tuple[int, str]] = set()
    limits = {table.table.file: Limited(table.table, report) for table in draft.contracts.tables}
    previous = ""
    for placed in draft.contracts.placed(report):
        contract = placed.contract
        if contract.id == previous:
            message = f"the id `{contract.id}` is taken"
            report(Finding("RB113", message, contract.pointer, placed.position, help="rename one of the two"))
        previous = contract.id
        if (id(contract.terms), placed.file) not in seen:
            seen.add((id(contract.terms), placed.file))
            used.add(contract.terms)
            limited = limits.get(placed.file, report)
            for finding in agreements.check_agreement(draft, contract.terms, contract.pointer):
                limited(finding)
        for finding in check_life(draft, placed):
            limits.get(placed.file, report)(finding)
        for finding in check_children(draft, placed) if contract.children else ():
            report(finding)
        overlaps.add(contract)
        yield contract
    overlaps.check(report)
