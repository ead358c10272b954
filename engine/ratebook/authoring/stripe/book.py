"""A whole book from an export of Stripe."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from ratebook.authoring.stripe.amounts import NoCounterpartError
from ratebook.authoring.stripe.export import Export
from ratebook.authoring.stripe.plans import Document, Offer, Plans, how_often, is_metered
from ratebook.authoring.stripe.usage import Metering
from ratebook.authoring.yaml_text import first_of, yaml_file

_SCHEMAS: Final = {
    "specs/rating": "../schema/rating",
    "specs": "schema/spec",
    "plans": "../specs/schema/plan",
    "meters": "../specs/schema/meter",
    "sinks": "../specs/schema/sink",
}
_INCLUSIVE: Final = "inclusive"


@dataclass
class Imported:
    """A book that was made.

    Attributes:
        files: path in the book → text.
        skipped: what is not in use any more, and so not in the book.
        lost: what is in use and has no counterpart in a book, or needs a word of a person.
    """

    files: dict[str, str] = field(default_factory=dict)
    skipped: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)


def import_book(export: Export, name: str) -> Imported:
    """Make a book.

    Args:
        export: what was exported.
        name: id of the book.
    """
    made = Imported()
    made.lost += _of_the_export(export)
    offers = list(_offers(export, made))
    home = _home(offers)
    plans = Plans(home, Metering(export.meters))
    groups: set[tuple[str, str, str]] = set()
    for one in filter(lambda one: is_metered(one.price), offers):
        with _Noting(made, one.price):
            plans.add_rule(one)
    for one in filter(lambda one: not is_metered(one.price), offers):
        with _Noting(made, one.price):
            plans.add_plan(one)
            groups.add(one.group)
    plans.add_plans_of_usage(groups)
    made.lost += _of_taxes(offers)
    made.files = _files(plans, offers, name, made)
    return made


class _Noting:
    """Notes a price that has no counterpart, and goes on."""

    def __init__(self, made: Imported, price: Mapping[str, Any]) -> None:
        self._made = made
        self._price = price

    def __enter__(self) -> None:
        """Begin with the price."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        """Note what a book cannot say; everything else is raised."""
        if isinstance(error, NoCounterpartError):
            self._made.lost.append(f"{_called(self._price)} is left out: {error}")
            return True
        return False


def _called(price: Mapping[str, Any]) -> str:
    name = first_of(price.get("lookup_key"), price.get("nickname"))
    return f"price {price['id']}" + (f" ({name})" if name else "")


def _of_the_export(export: Export) -> Iterator[str]:
    if export.is_cut:
        yield "the export is not whole: Stripe has more, list with --limit 100 and join the pages"
    for kind, number in sorted(export.others.items()):
        yield f"{number} × {kind} is left out: only products, prices and meters are taken over"


def _offers(export: Export, made: Imported) -> Iterator[Offer]:
    """Give the prices that are in use, the oldest first."""
    active = Counter(
        (_product_of(one), is_metered(one)) for one in export.prices.values() if one.get("active", True)
    )
    for price in sorted(export.prices.values(), key=lambda one: (one.get("created") or 0, one["id"])):
        key = _product_of(price)
        product = export.products.get(key, {"id": key, "name": key})
        if not price.get("active", True):
            made.skipped.append(f"{_called(price)} is not active")
        elif not product.get("active", True) or product.get("deleted"):
            made.skipped.append(f"{_called(price)} is of the product {key}, which is not active")
        else:
            with _Noting(made, price):
                yield Offer(price, product, how_often(price), active[key, is_metered(price)] == 1)


def _product_of(price: Mapping[str, Any]) -> str:
    product = price.get("product")
    return str(product.get("id") if isinstance(product, Mapping) else product)


def _home(offers: list[Offer]) -> str:
    """Choose the currency that most prices are in."""
    counted = Counter(one.currency for one in offers)
    return min(counted, key=lambda currency: (-counted[currency], currency), default="USD")


def _of_taxes(offers: list[Offer]) -> Iterator[str]:
    inside = [str(one.price["id"]) for one in offers if one.price.get("tax_behavior") == _INCLUSIVE]
    if inside:
        prices = "all prices contain" if len(inside) == len(offers) else f"{', '.join(inside)} contain"
        yield (
            f"{prices} the tax: write `tax: {{name: …, percent: …, prices: inclusive}}` in specs/world.yaml"
            + ("" if len(inside) == len(offers) else ", and another billing spec for the others")
        )


def _files(plans: Plans, offers: list[Offer], name: str, made: Imported) -> dict[str, str]:
    metering = plans.metering
    documents = {
        **{f"plans/{key}": document for key, document in plans.plans.items()},
        **{f"specs/rating/{key}": document for key, document in plans.rules.items()},
        **{
            f"meters/{key}": Document([metering.comments[key]], data)
            for key, data in metering.documents.items()
        },
        "specs/world": Document([], _spec(offers, plans.home)),
        "sinks/stripe": Document([], {"type": "stripe", "credentials": "env:STRIPE_API_KEY"}),
    }
    files = {"specs/book.yaml": _root(plans, name, made)}
    for key, (comments, data) in sorted(documents.items()):
        schema = _SCHEMAS[key.rpartition("/")[0]]
        path = f"{key}.yaml"
        files[path] = yaml_file(path, [_modeline(schema), *([""] if comments else []), *comments], data)
    return files


def _modeline(schema: str) -> str:
    return f"yaml-language-server: $schema={schema}.schema.json"


def _spec(offers: list[Offer], home: str) -> dict[str, Any]:
    behaviors = {one.price.get("tax_behavior") for one in offers}
    adds = "exclusive" in behaviors and _INCLUSIVE not in behaviors
    return {
        "description": "Everyone; Stripe's own midnights are those of UTC",
        "time_zone": "UTC",
        "currency": home,
        **({"tax": "external"} if adds else {}),
        "rounding": {"mode": "half_up"},
        "sink": "stripe",
    }


def _root(plans: Plans, name: str, made: Imported) -> str:
    sources = plans.metering.sources
    usage = {key: "usage/*.jsonl" if key == "meter_events" else f"usage/{key}/*.jsonl" for key in sources}
    data = {
        "syntax": 1,
        "name": name,
        "currency": plans.home,
        **({"sources": sources} if sources else {}),
        "environments": {"local": {"usage": {"duckdb": usage}} if usage else {}},
    }
    comments = [_modeline("schema/book"), "", "Taken over from Stripe by `ratebook import stripe`."]
    for title, notes in (
        ("To be looked at, for it has no counterpart here:", made.lost),
        ("Not in use:", made.skipped),
    ):
        comments += ["", title, *(f"- {note}" for note in notes)] if notes else []
    return yaml_file("specs/book.yaml", comments, data)
