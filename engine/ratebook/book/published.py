"""Plans that contracts of an earlier book are on: a later book may only add versions to them that begin later."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from pydantic import BaseModel

from ratebook.book import pointers
from ratebook.book.book import Book, Loaded
from ratebook.book.checks.plan_changes import plans_of
from ratebook.book.meaning import meaning
from ratebook.book.model import Dated
from ratebook.book.places import placed
from ratebook.findings import Finding, has_errors


def check_published(loaded: Loaded, earlier: Book) -> Loaded:
    """Add to what was found in a book how it changes plans that an earlier one published."""
    if loaded.book is None:
        return loaded
    findings = placed((*loaded.findings, *_changes(loaded.book, earlier)), loaded.places)
    return Loaded(
        None if has_errors(findings) else loaded.book,
        findings,
        loaded.places,
        loaded.files,
        loaded.contracts,
    )


def _changes(book: Book, earlier: Book) -> Iterator[Finding]:
    for name, contract in sorted(_published(earlier).items()):
        pointer = f"plans/{name}"
        change = _Change(name, contract)
        if name not in book.plans:
            yield change.finding(pointer, "is gone")
        else:
            yield from change.differences(earlier.plans[name], book.plans[name], pointer, "")


def _published(earlier: Book) -> dict[str, str]:
    """Give the plans that contracts are on, each with the first of them."""
    found: dict[str, str] = {}
    for contract in earlier.contracts():
        for name in plans_of(contract.terms):
            if name is not None:
                found.setdefault(name, contract.id)
    return found


@dataclass(frozen=True, slots=True)
class _Change:
    """What differs about a published plan."""

    plan: str
    contract: str

    def finding(self, pointer: str, what: str) -> Finding:
        return Finding(
            "RB344",
            f"the plan `{self.plan}` is published, as {self.contract} is on it, and {what}",
            pointer,
            expected="the plan as it was, and besides only versions that begin later than those it has",
            help=f"undo it; for new terms, write a plan of its own, as {_next(self.plan)}",
        )

    def differences(self, old: Any, new: Any, pointer: str, name: str) -> Iterator[Finding]:  # noqa: ANN401
        """Compare two values of a model that stand in one place."""
        if isinstance(old, Dated) and isinstance(new, Dated):
            yield from self._of_versions(old, new, pointer, name)
        elif isinstance(old, BaseModel) and type(old) is type(new):
            yield from self._of_keys(dict(old), dict(new), pointer)
        elif isinstance(old, tuple) and isinstance(new, tuple):
            yield from self._of_keys(_named(old), _named(new), pointer, tuple(_named(new)))
        elif old != new:
            yield self.finding(pointer, f"`{name}` was {_text(old)} and is {_text(new)}")

    def _of_keys(
        self,
        old: Mapping[str, Any],
        new: Mapping[str, Any],
        pointer: str,
        order: tuple[str, ...] = (),
    ) -> Iterator[Finding]:
        for key in (*old, *(key for key in new if key not in old)):
            place = pointers.at(pointer, order.index(key) if key in order else key)
            if key not in new:
                yield self.finding(pointer, f"`{key}` is gone")
            elif key not in old:
                yield self.finding(place, f"`{key}` is new")
            else:
                yield from self.differences(old[key], new[key], place, key)

    def _of_versions(self, old: Dated[Any], new: Dated[Any], pointer: str, name: str) -> Iterator[Finding]:
        for before, after in zip_longest(old.versions, new.versions):
            if after is None:
                yield self.finding(pointer, f"a version of `{name}` is gone")
            elif before is not None:
                place = pointers.at(pointer, after.path)
                if before.from_ != after.from_:
                    when = [_text(one.from_) for one in (before, after)]
                    yield self.finding(
                        place, f"a version of `{name}` began at {when[0]} and begins at {when[1]}"
                    )
                yield from self.differences(before.value, after.value, place, name)


def _named(items: tuple[Any, ...]) -> dict[str, Any]:
    """Give the items of a list by their ids, or by their places where they have none."""
    return {getattr(item, "id", str(index)): item for index, item in enumerate(items)}


def _next(plan: str) -> str:
    name, _, version = plan.partition("@")
    return f"plans/{name}@{int(version or 1) + 1}.yaml"


def _text(value: object) -> str:
    if isinstance(value, Dated) and not value.is_dated:
        return _text(value.versions[0].value)
    return "not given" if value is None else str(meaning(value))
