"""A simulation as one flat table, for a spreadsheet or a data frame: a row for each row of its tables."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

TABLES: Final = {
    "totals": "total",
    "by_month": "month",
    "by_plan": "plan",
    "by_value": "value",
    "by_contract": "contract",
}
"""Part of the document → what the column `table` says, and the key that names a row of it."""

TEXTS: Final = ("table", "name", "currency", "plan", "cheapest_plan", "own_terms")
AMOUNTS: Final = (
    "revenue_was",
    "revenue_will_be",
    "difference",
    "percent",
    "cost_was",
    "cost_will_be",
    "margin_was",
    "margin_will_be",
    "cheapest_would_pay",
    "cheapest_saves",
)
COLUMNS: Final = (*TEXTS, "contracts", *AMOUNTS)

Row = Mapping[str, str | int | None]


def simulation_rows(document: Mapping[str, Any]) -> Iterator[Row]:
    """Give the rows, each with all `COLUMNS`; what there is not is None."""
    cheaper = {(one["contract"], one["currency"]): one for one in document["cheaper_plans"]}
    for part, table in TABLES.items():
        for row in document[part]:
            found = cheaper.get((row.get("contract"), row["currency"]), {})
            yield {
                **dict.fromkeys(COLUMNS),
                "table": document["by"] if table == "value" else table,
                "name": row.get(table),
                "currency": row["currency"],
                "plan": row.get("plan"),
                "contracts": row.get("contracts"),
                **_amounts(row),
                "cheapest_plan": found.get("cheapest"),
                "cheapest_would_pay": found.get("would_pay"),
                "cheapest_saves": found.get("saves"),
                "own_terms": " ".join(found["own_terms"]) if found else None,
            }


def _amounts(row: Mapping[str, Any]) -> dict[str, str | None]:
    pairs = {
        f"{name}_{side}": row[name][side] if row[name] is not None else None
        for name in ("revenue", "cost", "margin")
        for side in ("was", "will_be")
    }
    return {**pairs, "difference": row["difference"], "percent": row["percent"]}
