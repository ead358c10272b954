"""A correction of a closed period as a tree: what was billed, what it is today, and why the two differ."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from ratebook.explain.step import Step
from ratebook.invoice.text import grouped

_CAUSES: Final = {
    "usage": "usage that came late, or was taken back",
    "book": "the book, which says other terms for that time today",
    "fx": "another exchange rate",
}


def correction_steps(line: Mapping[str, Any]) -> Iterator[Step]:
    """Give the steps of a correction, or of the tax of one."""
    corrects = line["corrects"]
    yield Step("Corrects the invoice", corrects["invoice"])
    if line["kind"] == "tax":
        return
    currency = line["currency"]
    yield Step("Was billed, with earlier corrections", result=f"{grouped(corrects['was'])} {currency}")
    yield Step(f"Is today, as {corrects['kind']}", result=f"{grouped(corrects['is'])} {currency}")
    for cause in corrects["cause"]:
        yield Step("Changed since", _CAUSES[cause])
