"""`specs/policy.yaml`: who must agree before a change of the book is billed, and what nobody can let through."""

import base64
import re
from collections.abc import Iterator
from typing import Annotated, Final, Literal

from pydantic import Discriminator, Field, PlainValidator, Tag, WithJsonSchema, model_validator

from ratebook.book.model.base import MAPPING, SCALAR, Model, problem, shape
from ratebook.book.model.times import Day
from ratebook.book.model.values import (
    Count,
    Currency,
    Flag,
    Id,
    NotNegative,
    PlanId,
    Text,
    named,
    quoted,
)

Category = Literal["price_up", "price_down", "mixed", "restating", "forward_only", "cosmetic"]
"""What a change does: to prices, to closed periods, only to time to come, or to nothing that is billed."""

_EMAIL: Final = r"[a-z0-9][a-z0-9._%+-]*@[a-z0-9][a-z0-9.-]*"
_KEY_TYPES: Final = (
    "ssh-ed25519",
    "sk-ssh-ed25519@openssh.com",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "sk-ecdsa-sha2-nistp256@openssh.com",
    "ssh-rsa",
)
_KEY: Final = rf"({'|'.join(map(re.escape, _KEY_TYPES))}) ([A-Za-z0-9+/]+={{0,2}})( [ -~]*)?"


def _email(value: object) -> str:
    if isinstance(value, str) and re.fullmatch(_EMAIL, value, re.ASCII):
        return value
    lower = value.lower() if isinstance(value, str) else ""
    raise problem(
        "RB206",
        f"{named(value)} is not an e-mail address in lower case",
        expected="as in mia@example.com",
        help_=f"write {lower}" if lower != value and re.fullmatch(_EMAIL, lower, re.ASCII) else "",
    )


Email = Annotated[
    str,
    PlainValidator(_email),
    WithJsonSchema({"title": "e-mail address", "type": "string", "pattern": f"^{_EMAIL}$"}),
]


def _public_key(value: object) -> str:
    """Read a public key of SSH into its one form, without the comment behind it."""
    found = re.fullmatch(_KEY, value, re.ASCII) if isinstance(value, str) else None
    if found is None or not _holds(found[2], found[1]):
        raise problem(
            "RB206",
            f"{quoted(str(value))} is not a public key of SSH",
            expected="the line of a file such as ~/.ssh/id_ed25519.pub",
            help_="a private key never stands in a book" if "PRIVATE" in str(value) else "",
        )
    return f"{found[1]} {found[2]}"


def _holds(encoded: str, kind: str) -> bool:
    """Tell whether a key is of the kind that its line begins with."""
    try:
        blob = base64.b64decode(encoded, validate=True)
    except ValueError:
        return False
    return blob.startswith(len(kind).to_bytes(4, "big") + kind.encode())


PublicKey = Annotated[
    str,
    PlainValidator(_public_key),
    WithJsonSchema({"title": "public key", "type": "string", "pattern": f"^{_KEY}$"}),
]

Limit = Annotated[
    Annotated[NotNegative, Tag(SCALAR)]
    | Annotated[dict[Currency, NotNegative], Field(min_length=1), Tag(MAPPING)],
    Discriminator(shape),
]
"""An amount of money: a number in the currency at hand, or one for each currency."""


class Demand(Model):
    """What a change meets: roles that must agree to it, or a refusal. Exactly one of the two."""

    needs: tuple[Id, ...] = ()
    """Roles that must agree, each of them."""
    refuse: Flag = False
    """Whether it is refused, whoever agrees."""

    @model_validator(mode="after")
    def _say_one(self) -> "Demand":
        if bool(self.needs) == self.refuse:
            raise problem(
                "RB214",
                "a rule both asks for roles and refuses" if self.refuse else "a rule asks for nothing",
                expected="either `needs: [finance]` or `refuse: true`",
            )
        return self


class Threshold(Demand):
    """A rule about how much a change moves. Of a percent and an amount in one rule both must be exceeded."""

    of: Literal["contract", "total"]
    """What is compared: what each contract pays, or all contracts of a currency together."""
    direction: Literal["rise", "fall", "either"] = "either"
    """Whether it is about customers who pay more, less, or either."""
    over_percent: NotNegative | None = None
    """More than this share of what was paid before. Where that was nothing any change is over it; a contract that is
    new has no share, so it never is."""
    over_amount: Limit | None = None
    """More than this amount; a currency that is not listed is over it with any change."""

    @model_validator(mode="after")
    def _say_how_much(self) -> "Threshold":
        if self.over_percent is None and self.over_amount is None:
            raise problem("RB214", "the rule has no bound", expected="`over_percent`, `over_amount`, or both")
        return self


class BackDating(Model):
    """Rules about changes that reach into time that has begun. Texts that bill nothing do not count."""

    started: Demand | None = None
    """A value that holds already is changed or removed, otherwise than by a later version or an end to come."""
    past: Demand | None = None
    """A value is added that begins in the past."""
    without_reference: Demand | None = None
    """Either of the two without a `reference` that gives the reason."""


class Permission(Model):
    """What one rule lets through for once. At least one of `contract`, `plan` and `pointer` narrows it."""

    rule: Text
    """The rule, as in `thresholds/one-customer` or `categories/restating`."""
    contract: Id | None = None
    """Only what this contract pays."""
    plan: PlanId | None = None
    """Only what contracts on this plan pay."""
    pointer: Text | None = None
    """Only changes at or below this place of the book, as in `rating/rpc-requests#price`."""
    reason: Text
    """Why it is let through."""
    by: Email
    """Who decided it."""
    expires: Day
    """The first day on which it no longer holds."""

    @model_validator(mode="after")
    def _is_narrow(self) -> "Permission":
        if self.contract is None and self.plan is None and self.pointer is None:
            raise problem(
                "RB202", "the permission covers everything", expected="`contract`, `plan` or `pointer`"
            )
        return self


class Role(Model):
    """Who may agree in the name of a role."""

    approvers: Annotated[tuple[Email, ...], Field(min_length=1)]
    """The people, by the addresses that `signers` list."""
    at_least: Count = 1
    """How many of them must agree."""


class Signer(Model):
    """A key that someone signs approvals with. Who has several keys stands several times."""

    email: Email
    """Whose key it is; git knows the authors of changes by the same address."""
    also: tuple[Email, ...] = ()
    """Other addresses under which git knows the person, as those that a forge makes up."""
    key: PublicKey
    """The public key."""
    from_: Day | None = Field(default=None, alias="from")
    """The first day on which it may sign."""
    until: Day | None = None
    """The first day on which it may no longer sign."""


class Policy(Model):
    """Who must agree before a change of the book is billed.

    A change is judged by the policy of the book that it changes, never by its own.
    """

    thresholds: dict[Id, Threshold] = Field(default={})
    """Rules about how much a change moves, by names of your own."""
    categories: dict[Category, Demand] = Field(default={})
    """Rules about what a change does."""
    back_dating: BackDating = BackDating()
    """Rules about time that has begun."""
    policy_change: Demand | None = None
    """Who must agree to a change of this file; without it every change is refused."""
    permissions: tuple[Permission, ...] = ()
    """What is let through for once."""
    roles: dict[Id, Role] = Field(default={})
    """Who agrees in the name of what."""
    signers: tuple[Signer, ...] = ()
    """The keys that approvals are signed with."""

    def rules(self) -> Iterator[tuple[str, Demand]]:
        """Give each rule under its name, which is its place in the file: `thresholds/one-customer`."""
        for name, threshold in self.thresholds.items():
            yield f"thresholds/{name}", threshold
        for category, demand in self.categories.items():
            yield f"categories/{category}", demand
        for key in BackDating.model_fields:
            demand = getattr(self.back_dating, key)
            if demand is not None:
                yield f"back_dating/{key}", demand
        if self.policy_change is not None:
            yield "policy_change", self.policy_change
