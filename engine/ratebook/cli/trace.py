"""Invoices with a trace: each line with the steps that led to it, as `ratebook explain` shows them."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ratebook.billrun.outcomes import BillRun
from ratebook.explain.invoice import Evidence, explain_invoice
from ratebook.explain.step import Step, draw_tree


def traced(run: BillRun, detailed: BillRun) -> Iterator[dict[str, Any] | None]:
    """Rate each contract, and give its invoice with a `trace` at each line; None where there is no invoice.

    Args:
        run: makes the invoices.
        detailed: the same run, whose usage keeps every dimension of the multipliers.
    """
    for first, second in zip(run.outcomes(), detailed.outcomes(), strict=True):
        document = first.document
        if document is None:
            yield None
            continue
        step = explain_invoice(Evidence(second._replace(document=document), detailed.compiler, ()))
        lines = zip(document["lines"], step.steps, strict=False)
        yield document | {"lines": [line | {"trace": below.document()} for line, below in lines]}


def draw_traces(invoice: Mapping[str, Any], place: Callable[[str], str]) -> Iterator[str]:
    """Draw the traces of an invoice's lines, where it has them.

    Args:
        invoice: as `traced` gives it.
        place: turns a pointer into what is drawn, as `file:line`.
    """
    return (draw_tree(Step.of(line["trace"]), place) for line in invoice["lines"] if "trace" in line)
