"""Files that nothing uses: often a reference was forgotten or mistyped."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from ratebook.book.draft import Draft
from ratebook.book.model import ContractTerms
from ratebook.findings import Finding


@dataclass
class Used:
    """What the contracts of a book use, gathered while they stream by."""

    plans: set[str] = field(default_factory=set)
    specs: set[str] = field(default_factory=set)
    rules: set[str] = field(default_factory=set)

    def add(self, terms: ContractTerms) -> None:
        """Note what terms use."""
        self.specs.add(terms.spec)
        if terms.plan is not None:
            self.plans.add(terms.plan)
        self.plans.update(phase.plan for phase in terms.phases)
        self.rules.update(charge.rating for charge in terms.charges)
        self.rules.update(terms.report)


def check_unused(draft: Draft, used: Used) -> Iterator[Finding]:
    """Warn about files that nothing uses."""
    rules = used.rules | {charge.rating for plan in draft.plans.values() for charge in plan.charges}
    sinks = {spec.sink for spec in draft.specs.values() if spec.sink}
    multipliers = {name for rule in draft.rules.values() for use in rule.uses for name in use.multiply_by}
    multipliers.update(name for cost in draft.costs.usage.values() for name in cost.multiply_by)
    dimensions = {dimension.name for meter in draft.meters.values() for dimension in meter.dimensions}
    for kind, parts, names, help_ in (
        (
            "rating",
            draft.rules,
            rules,
            "no plan and no contract bills or reports by it: charge it, or delete it",
        ),
        (
            "multipliers",
            draft.multipliers,
            multipliers,
            "no rating rule multiplies by it: name it, or delete it",
        ),
        (
            "labels",
            draft.labels,
            dimensions,
            "no meter has a dimension of this name: rename it, or delete it",
        ),
        ("plans", draft.plans, used.plans, "no contract is on it"),
        ("specs", draft.specs, used.specs, "no contract is invoiced by it"),
        ("sinks", draft.sinks, sinks, "no billing spec sends invoices there"),
    ):
        yield from _unused(kind, parts.keys(), names, help_)


def _unused(kind: str, there: Collection[str], used: set[str], help_: str) -> Iterator[Finding]:
    for name in sorted(set(there) - used):
        yield Finding("RB315", f"nothing uses {kind}/{name}", f"{kind}/{name}", help=help_)
