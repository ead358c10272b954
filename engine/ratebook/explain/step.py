"""Steps of a trace, and how a tree of them is drawn."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ratebook.findings import printable


@dataclass(frozen=True, slots=True)
class Step:
    """One step: what was done with which numbers, what came out, and the place in the book that ordered it.

    Attributes:
        name: the step, as in `graduated tier up to 300,000,000`.
        detail: its inputs, as a person would write the sum.
        result: what came out, with its unit or currency.
        pointer: the place in the book, or several with a space between them, or "".
        steps: the steps that led to it.
    """

    name: str
    detail: str = ""
    result: str = ""
    pointer: str = ""
    steps: "tuple[Step, ...]" = ()

    def document(self) -> dict[str, Any]:
        """Give the step and those below it as a JSON document."""
        document: dict[str, Any] = {"step": self.name}
        for name in ("detail", "result", "pointer"):
            if getattr(self, name):
                document[name] = getattr(self, name)
        if self.steps:
            document["steps"] = [step.document() for step in self.steps]
        return document

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> "Step":
        """Read a step from its document."""
        name, detail, result, pointer = (
            document.get(key, "") for key in ("step", "detail", "result", "pointer")
        )
        return cls(name, detail, result, pointer, tuple(cls.of(one) for one in document.get("steps", ())))


def draw_tree(step: Step, place: Callable[[str], str]) -> str:
    """Draw a tree of steps.

    Args:
        step: the root.
        place: turns a pointer into what is drawn, as `file:line`.
    """
    return "\n".join([_text(step, place), *_branches(step, "", place)]) + "\n"


def _branches(step: Step, indent: str, place: Callable[[str], str]) -> Iterator[str]:
    for index, below in enumerate(step.steps):
        last = index == len(step.steps) - 1
        first, *rest = _text(below, place).split("\n")
        yield f"{indent}{'└─ ' if last else '├─ '}{first}"
        deeper = indent + ("   " if last else "│  ")
        bar = "│  " if below.steps else "   "
        yield from (f"{deeper}{bar}{row}" for row in rest)
        yield from _branches(below, deeper, place)


def _text(step: Step, place: Callable[[str], str]) -> str:
    text = "\n".join(map(printable, step.name.split("\n")))
    if step.detail:
        text += f": {printable(step.detail)}"
    if step.result:
        text += f" = {step.result}"
    if step.pointer:
        text += f"   [{', '.join(dict.fromkeys(map(place, step.pointer.split())))}]"
    return text
