"""`specs/costs.yaml`: what usage and contracts cost the seller, so that a simulation can tell margins."""

from pydantic import Field

from ratebook.book.model.base import Model
from ratebook.book.model.dated import Dated
from ratebook.book.model.price import Price
from ratebook.book.model.values import Amount, Currency, Id, PlanId


class UsageCost(Model):
    """What the usage of a meter costs us."""

    meter: Id
    """The meter."""
    multiply_by: tuple[Id, ...] = ()
    """Multipliers that scale its quantity, where the cost follows the weighed units."""
    price: Dated[Price]
    """What a unit costs us, written as a price: `amount` and `per`, a matrix of such by dimension, or `free`."""


class Costs(Model):
    """What things cost us. No invoice depends on it: a simulation tells margins by it."""

    currency: Currency | None = None
    """Currency of its amounts; the book's unless given."""
    usage: dict[Id, UsageCost] = Field(default={})
    """What usage costs, by names of your own; several for one meter are added up."""
    contract: Dated[Amount] | None = None
    """What each contract costs a month, whatever it uses."""
    plans: dict[PlanId, Dated[Amount]] = Field(default={})
    """Plan → what each contract on it costs a month besides."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing is said to cost anything."""
        return not self.usage and self.contract is None and not self.plans
