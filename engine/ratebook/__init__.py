"""Ratebook: a declarative billing engine that rates usage into exact, explainable invoices."""

__version__ = "0.1.0"

SEMANTICS = 1
"""Number of the rating semantics; it rises only when an amount of some invoice can change."""
