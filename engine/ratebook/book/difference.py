"""How two values of a book's model differ by meaning: the smallest places, each with what makes it in the first value.

What only makes sense together differs as a whole: versions whose dates are not the same, ladders whose bounds are not,
conditions, lists without ids. Lists with ids (fees, charges, discounts) are compared by them.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from datetime import date
from functools import partial
from typing import Any, Final, NamedTuple

from pydantic import BaseModel

from ratebook.book.model import Dated, Tier, When
from ratebook.book.model.base import MARK

Make = Callable[[Any], Any]
"""Takes a value in which some differences are made already, and makes one more."""


class Absent:
    """Stands for a value that is not there."""

    def __repr__(self) -> str:
        """Say so."""
        return "nothing"


ABSENT: Final = Absent()


class Difference(NamedTuple):
    """A place that differs.

    Attributes:
        path: keys and numbers that lead to it, as pointers write them; of the second value, where it is there.
        was: what stood there, or ABSENT.
        now: what stands there, or ABSENT.
        make: makes it.
        begins: from when it matters; None: for all time.
    """

    path: tuple[str, ...]
    was: Any
    now: Any
    make: Make
    begins: When | None = None


def differences(was: Any, now: Any) -> Iterator[Difference]:  # noqa: ANN401 - any value of the model
    """Give the smallest places by which two values differ, in order of the model's keys.

    Making all of them in the first value, in any order, gives the second.
    """
    if type(was) is type(now) and was == now:
        return
    below = _walk(was, now)
    if below is None:
        yield Difference((), was, now, _instead(now), begins_of(was, now))
    else:
        yield from below


def begins_of(was: object, now: object) -> When | None:
    """Tell from when it matters that one value stands in another's place; None: for all time."""
    if isinstance(was, Dated) and isinstance(now, Dated):
        old, new = ({(one.from_, str(one.value)) for one in dated.versions} for dated in (was, now))
        return _earliest(moment for moment, _ in old ^ new)
    written = now if isinstance(was, Absent) or was is None else was
    if isinstance(written, Dated):
        return _earliest(one.from_ for one in written.versions)
    found = getattr(written, "from_", None)
    return found if isinstance(found, date) else None


def begins_between(was: When | None, now: When | None) -> When | None:
    """Tell from when it matters that something begins or ends at another time."""
    return min((one for one in (was, now) if one is not None), key=str, default=None)


def _earliest(moments: Iterable[When | None]) -> When | None:
    found = list(moments)
    return None if None in found or not found else min((one for one in found if one), key=str)


def _instead(new: object) -> Make:
    return lambda _: new


def _walk(was: Any, now: Any) -> Iterator[Difference] | None:  # noqa: ANN401
    if type(was) is not type(now):
        return None
    if isinstance(was, Dated):
        same = [one.from_ for one in was.versions] == [one.from_ for one in now.versions]
        return _of_versions(was, now) if same else None
    if isinstance(was, BaseModel):
        names = {name: field.alias or name for name, field in type(was).model_fields.items()}
        return _of_fields(was, now, names, lambda value, update: value.model_copy(update=update))
    if is_dataclass(was):
        own = {field.name: field.name for field in fields(was)}
        return _of_fields(was, now, own, lambda value, update: replace(value, **update))
    if isinstance(was, Mapping):
        return _of_mapping(was, now)
    return _of_list(was, now) if isinstance(was, tuple) else None


def _inside(key: str, one: Difference, make: Make) -> Difference:
    """Move a difference of a part up to the whole."""
    return one._replace(path=(key, *one.path) if key else one.path, make=make)


def _of_fields(
    was: Any,  # noqa: ANN401
    now: Any,  # noqa: ANN401
    names: Mapping[str, str],
    copy: Callable[[Any, dict[str, Any]], Any],
) -> Iterator[Difference]:
    for name, key in names.items():
        for one in differences(getattr(was, name), getattr(now, name)):
            yield _inside("" if key.startswith(MARK) else key, one, _in_field(name, one.make, copy))


def _in_field(name: str, inner: Make, copy: Callable[[Any, dict[str, Any]], Any]) -> Make:
    return lambda value: copy(value, {name: inner(getattr(value, name))})


def _of_versions(was: Dated[Any], now: Dated[Any]) -> Iterator[Difference]:
    for index, (old, new) in enumerate(zip(was.versions, now.versions, strict=True)):
        for one in differences(old.value, new.value):
            dated = one if one.begins is not None else one._replace(begins=new.from_)
            path = (*new.path.split("/"), *one.path) if new.path else one.path
            yield dated._replace(path=path, make=partial(_in_version, index=index, make=one.make))


def _in_version(dated: Dated[Any], index: int, make: Make) -> Dated[Any]:
    version = dated.versions[index]
    changed = version.model_copy(update={"value": make(version.value)})
    versions = (*dated.versions[:index], changed, *dated.versions[index + 1 :])
    return dated.model_copy(update={"versions": versions})


def _of_mapping(was: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Difference]:
    for key in dict.fromkeys((*was, *now)):
        if key not in now:
            yield Difference(
                (key,), was[key], ABSENT, partial(_without, key=key), begins_of(was[key], ABSENT)
            )
        elif key not in was:
            put = partial(_at_key, key=key, make=_instead(now[key]))
            yield Difference((key,), ABSENT, now[key], put, begins_of(ABSENT, now[key]))
        else:
            for one in differences(was[key], now[key]):
                yield _inside(key, one, partial(_at_key, key=key, make=one.make))


def _at_key(value: Mapping[str, Any], key: str, make: Make) -> dict[str, Any]:
    return {**value, key: make(value.get(key, ABSENT))}


def _without(value: Mapping[str, Any], key: str) -> dict[str, Any]:
    return {one: item for one, item in value.items() if one != key}


def _of_list(was: tuple[Any, ...], now: tuple[Any, ...]) -> Iterator[Difference] | None:
    before, after = _ids(was), _ids(now)
    if before is None or after is None:
        return None
    if [one for one in before if one in after] != [one for one in after if one in before]:
        return None
    return _of_ids(dict(zip(before, was, strict=True)), dict(zip(after, now, strict=True)))


def _ids(items: tuple[Any, ...]) -> list[Any] | None:
    """Name the items of a list: tiers by their bounds, others by their ids; None where they have none."""
    if any(isinstance(item, Tier) for item in items):
        names = [item.up_to for item in items]
    else:
        names = [getattr(item, "id", None) for item in items]
        if None in names:
            return None
    return names if len(set(names)) == len(names) else None


def _of_ids(was: Mapping[Any, Any], now: Mapping[Any, Any]) -> Iterator[Difference] | None:
    if any(isinstance(item, Tier) for item in (*was.values(), *now.values())) and was.keys() != now.keys():
        return None
    return _by_id(was, now)


def _by_id(was: Mapping[Any, Any], now: Mapping[Any, Any]) -> Iterator[Difference]:
    order = list(now)
    places = {name: str(index) for index, name in enumerate(now)}
    before = {name: str(index) for index, name in enumerate(was)}
    for name in dict.fromkeys((*was, *now)):
        if name not in now:
            take = partial(_taken, name=name)
            yield Difference((before[name],), was[name], ABSENT, take, begins_of(was[name], ABSENT))
        elif name not in was:
            put = partial(_put, new=now[name], name=name, order=order)
            yield Difference((places[name],), ABSENT, now[name], put, begins_of(ABSENT, now[name]))
        else:
            for one in differences(was[name], now[name]):
                yield _inside(places[name], one, partial(_changed, name=name, make=one.make))


def _named(items: tuple[Any, ...]) -> list[tuple[Any, Any]]:
    names = _ids(items) or []
    return list(zip(names, items, strict=True))


def _taken(items: tuple[Any, ...], name: object) -> tuple[Any, ...]:
    return tuple(item for one, item in _named(items) if one != name)


def _changed(items: tuple[Any, ...], name: object, make: Make) -> tuple[Any, ...]:
    return tuple(make(item) if one == name else item for one, item in _named(items))


def _put(items: tuple[Any, ...], new: object, name: object, order: Sequence[Any]) -> tuple[Any, ...]:
    """Put an item behind those that come before it in the new order."""
    ahead = set(order[: order.index(name)])
    index = max((place + 1 for place, (one, _) in enumerate(_named(items)) if one in ahead), default=0)
    return (*items[:index], new, *items[index:])
