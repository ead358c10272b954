"""The model of a book: one class for each kind of file, immutable, with the keys that the files have.

A key that is a word of Python ends in `_` here (`from_`, `in_`, `for_`); what may be dated is a `Dated`.
"""

from ratebook.book.model.base import Model
from ratebook.book.model.contract import (
    Child,
    Contract,
    ContractDocument,
    ContractTerms,
    Customer,
    FixedPrice,
    Override,
)
from ratebook.book.model.costs import Costs, UsageCost
from ratebook.book.model.dated import Dated, Version
from ratebook.book.model.meter import Band, Condition, Dimension, Meter
from ratebook.book.model.money_off import ContractDiscount
from ratebook.book.model.percentage import Dynamic, EventBounds, GraduatedPercentage, Percentage, PercentTier
from ratebook.book.model.plan import Charge, Cycle, Discount, Fee, Minimum, Plan, Pricing
from ratebook.book.model.policy import Demand, Permission, Policy, Role, Signer, Threshold
from ratebook.book.model.price import (
    CellPrice,
    Flat,
    Graduated,
    Matrix,
    Package,
    PerUnit,
    Price,
    Tier,
    Volume,
    amounts_of,
)
from ratebook.book.model.rating import Convert, Labels, MeterUse, Multiplication, Multiplier, RatingRule
from ratebook.book.model.settings import ClickHouse, Environment, FxFeed, PricingUnit, Settings, Source, Usage
from ratebook.book.model.spec import Fx, Rounding, Sink, Spec
from ratebook.book.model.tax import ContractTax, Tax, TaxRate
from ratebook.book.model.times import Duration, TrialUntil, When
from ratebook.book.model.tree import DEFAULT_KEY
from ratebook.book.model.values import Amount, LocalText

__all__ = [
    "DEFAULT_KEY",
    "Amount",
    "Band",
    "CellPrice",
    "Charge",
    "Child",
    "ClickHouse",
    "Condition",
    "Contract",
    "ContractDiscount",
    "ContractDocument",
    "ContractTax",
    "ContractTerms",
    "Convert",
    "Costs",
    "Customer",
    "Cycle",
    "Dated",
    "Demand",
    "Dimension",
    "Discount",
    "Duration",
    "Dynamic",
    "Environment",
    "EventBounds",
    "Fee",
    "FixedPrice",
    "Flat",
    "Fx",
    "FxFeed",
    "Graduated",
    "GraduatedPercentage",
    "Labels",
    "LocalText",
    "Matrix",
    "Meter",
    "MeterUse",
    "Minimum",
    "Model",
    "Multiplication",
    "Multiplier",
    "Override",
    "Package",
    "PerUnit",
    "PercentTier",
    "Percentage",
    "Permission",
    "Plan",
    "Policy",
    "Price",
    "Pricing",
    "PricingUnit",
    "RatingRule",
    "Role",
    "Rounding",
    "Settings",
    "Signer",
    "Sink",
    "Source",
    "Spec",
    "Tax",
    "TaxRate",
    "Threshold",
    "Tier",
    "TrialUntil",
    "Usage",
    "UsageCost",
    "Version",
    "Volume",
    "When",
    "amounts_of",
]
