"""Values that may change with time: written plainly, or as `versions` that each hold from an instant on."""

from collections.abc import Mapping
from typing import Any, Final, Generic, TypeVar

from pydantic import Field, model_validator

from ratebook.book.model.base import MARK, Model, problem
from ratebook.book.model.times import WhenField
from ratebook.book.model.values import Text, named

VERSIONS: Final = f"{MARK}versions"
VALUE: Final = f"{MARK}value"

T = TypeVar("T")


class Version(Model, Generic[T]):
    """A value from an instant on, until the next version begins.

    Attributes:
        from_: when it begins; absent on a first version that has always held, and where nothing is dated.
        value: the whole value, with the keys that all versions share.
        reference: why it changed, as a ticket.
        path: pointer of this version inside its field: "" where nothing is dated, else as in `versions/1`.
    """

    from_: WhenField | None = Field(default=None, alias="from")
    value: T = Field(alias="§value")
    reference: Text | None = None
    path: str = Field(default="", alias="§path")


class Dated(Model, Generic[T]):
    """A value that may be dated: its versions in order of time; undated, it is one version without `from`."""

    versions: tuple[Version[T], ...] = Field(alias="§versions", min_length=1)

    @model_validator(mode="before")
    @classmethod
    def _gather(cls, value: object) -> object:
        if isinstance(value, Dated):
            return {VERSIONS: value.versions}
        if not isinstance(value, Mapping) or "versions" not in value:
            return {VERSIONS: [{VALUE: value}]}
        written = value["versions"]
        if isinstance(written, tuple) and all(isinstance(version, Version) for version in written):
            return {VERSIONS: written}
        common = {key: item for key, item in value.items() if key != "versions"}
        return {VERSIONS: _complete(written, common)}

    @property
    def is_dated(self) -> bool:
        """Whether it has versions at all."""
        return len(self.versions) > 1 or self.versions[0].from_ is not None


def _complete(written: object, common: Mapping[str, Any]) -> list[dict[str, Any]]:
    if written == []:
        raise problem("RB217", "`versions` is empty", expected="versions: [{…}, {from: 2026-07-01, …}]")
    if not isinstance(written, list):
        raise problem(
            "RB203",
            f"`versions` is {named(written)}",
            expected="a list: versions: [{…}, {from: 2026-07-01, …}]",
        )
    return [_version(item, common, index) for index, item in enumerate(written)]


def _version(item: object, common: Mapping[str, Any], index: int) -> dict[str, Any]:
    path = {f"{MARK}path": f"versions/{index}"}
    if not isinstance(item, Mapping):
        return {VALUE: item, **path}
    outer = {key: item[key] for key in ("from", "reference") if key in item}
    inner = {**common, **{key: value for key, value in item.items() if key not in outer}}
    return outer | {VALUE: inner["value"] if inner.keys() == {"value"} else inner} | path
