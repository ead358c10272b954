"""How two values of a book's model differ by meaning: the smallest places, each with what makes it in the first value.

What only makes sense together differs as a whole: versions that begin at other times, ladders whose bounds are not the
same, conditions, lists without ids. A version that is new is compared with the one before it, and lists with ids (fees,
charges, discounts) by them.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from datetime import date
from functools import partial
from typing import Any, Final, NamedTuple

from pydantic import BaseModel

from ratebook.book.model import Dated, Tier, Version, When
from ratebook.book.model.base import MARK
from ratebook.book.model.meter import ColumnConditions

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
        reference: why, as a ticket: that of a version which comes or gets another one.
        adds_version: whether it comes as a version of its own, so that what held before stays as it was.
    """

    path: tuple[str, ...]
    was: Any
    now: Any
    make: Make
    begins: When | None = None
    reference: str | None = None
    adds_version: bool = False


def differences(was: Any, now: Any) -> Iterator[Difference]:  # noqa: ANN401 - any value of the model
    """Give the smallest places by which two values differ, in order of the model's keys.

    Making all of them in the first value, in any order, gives the second.
    """
    if type(was) is type(now) and was == now:
        return
    below = _walk(was, now)
    if below is None:
        yield Difference((), was, now, _instead(now), begins_of(was, now), _reference_of(was, now))
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


def _reference_of(was: object, now: object) -> str | None:
    """Find the reference of the first version that comes, if a value that is dated differs as a whole."""
    if not isinstance(now, Dated):
        return None
    old = {(one.from_, str(one.value)) for one in was.versions} if isinstance(was, Dated) else set()
    new = (one for one in now.versions if (one.from_, str(one.value)) not in old)
    return next((one.reference for one in new if one.reference is not None), None)


def begins_between(was: When | None, now: When | None) -> When | None:
    """Tell from when it matters that something begins or ends at another time."""
    return min((one for one in (was, now) if one is not None), key=str, default=None)


def _earliest(moments: Iterable[When | None]) -> When | None:
    found = list(moments)
    return None if None in found or not found else min((one for one in found if one), key=str)


def _instead(new: object) -> Make:
    return lambda _: new


def _walk(was: Any, now: Any) -> Iterator[Difference] | None:  # noqa: ANN401
    if type(was) is not type(now) or isinstance(was, ColumnConditions):
        return None
    if isinstance(was, Dated):
        return _of_dated(was, now)
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


def _of_dated(was: Dated[Any], now: Dated[Any]) -> Iterator[Difference] | None:
    """Compare versions by when they begin; where some of either side moved, the whole differs."""
    old, new = ({one.from_ for one in dated.versions} for dated in (was, now))
    if old <= new:
        return _of_versions(was, now)
    return _of_ended(was, now) if new <= old else None


def _of_versions(was: Dated[Any], now: Dated[Any]) -> Iterator[Difference]:
    """Compare each version with its former self, and one that is new with the version before it."""
    before = {one.from_: one for one in was.versions}
    for index, version in enumerate(now.versions):
        path = tuple(filter(None, version.path.split("/")))
        held = before.get(version.from_)
        why = version.reference if held is None or held.reference != version.reference else None
        if held is None and index == 0:
            whole = partial(_in_version, like=version, make=_instead(version.value))
            yield Difference(path, ABSENT, version.value, whole, version.from_, why, adds_version=True)
            continue
        former = now.versions[index - 1].value if held is None else held.value
        like = version.model_copy(update={"value": former})
        found = list(differences(former, version.value))
        if not found and held is None:
            found = [Difference((), ABSENT, version.value, _instead(version.value))]
        for one in found:
            make = partial(_in_version, like=like, make=one.make)
            yield one._replace(
                path=path + one.path,
                make=make,
                begins=one.begins or version.from_,
                reference=one.reference or why,
                adds_version=held is None or one.adds_version,
            )


def _in_version(dated: Dated[Any], like: Version[Any], make: Make) -> Dated[Any]:
    """Change the version that begins when another does; where there is none yet, it is that one."""
    held = {one.from_: one for one in dated.versions}
    old = held.get(like.from_, like)
    held[like.from_] = old.model_copy(update={"value": make(old.value)})
    return dated.model_copy(update={"versions": tuple(sorted(held.values(), key=_start))})


def _of_ended(was: Dated[Any], now: Dated[Any]) -> Iterator[Difference]:
    """Compare the versions that stay, and name those that are taken away."""
    stays = {one.from_ for one in now.versions}
    kept = was.model_copy(update={"versions": tuple(one for one in was.versions if one.from_ in stays)})
    yield from _of_versions(kept, now)
    for version in was.versions:
        if version.from_ not in stays:
            path = tuple(filter(None, version.path.split("/")))
            take = partial(_without_version, start=version.from_)
            yield Difference(path, version.value, ABSENT, take, version.from_)


def _without_version(dated: Dated[Any], start: When | None) -> Dated[Any]:
    return dated.model_copy(update={"versions": tuple(one for one in dated.versions if one.from_ != start)})


def _start(version: Version[Any]) -> str:
    return str(version.from_ or "")


def _of_mapping(was: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Difference]:
    for key in dict.fromkeys((*sorted(was), *sorted(now))):  # their order in a file has no meaning
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
