"""`ratebook approve`: agree to a change, with a signature that covers it and nothing else."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from ratebook.approval.change import Change, ChangeError, authors_of, open_change, read_result
from ratebook.approval.folder import write_approval
from ratebook.approval.ssh import SshError, public_key, sign
from ratebook.approval.statement import IncompleteError, bound, state
from ratebook.approval.verify import addresses
from ratebook.book.model import Policy
from ratebook.book.suggest import one_of
from ratebook.cli.session import BrokenError
from ratebook.preview.policy import verdict


@click.command()
@click.option("--book", "root", type=click.Path(path_type=Path), default=Path(), help="Folder of the book.")
@click.option(
    "--of",
    "result",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    required=True,
    help="What is agreed to: a file that `ratebook diff --format json` printed.",
)
@click.option(
    "--key",
    type=click.Path(path_type=Path),
    required=True,
    help="Your SSH key, or its .pub where an agent or a device holds it.",
)
@click.option("--role", "roles", multiple=True, help="Agree in the name of this role only; may be repeated.")
@click.option("--base", help="The base as a folder or commit, where the result's name for it is none here.")
def approve(root: Path, result: Path, key: Path, roles: tuple[str, ...], base: str | None) -> None:
    """Agree to a change that a saved diff shows, and write the approval into approvals/ beside the book.

    It is signed with ssh-keygen, and holds for exactly these books, this usage, these exchange rates and this engine.
    Who may sign, and as what, says the policy of the book that is changed. Commit the file with the change.
    """
    try:
        change = open_change(root, read_result(result), base)
        path = _approve(change, key, roles)
    except IncompleteError as error:
        raise BrokenError(
            f"{result} does not say all that an approval binds: {error}; run diff again"
        ) from None
    except (ChangeError, SshError) as error:
        raise BrokenError(str(error)) from None
    click.echo(str(path))


def _approve(change: Change, key: Path, wanted: Sequence[str]) -> Path:
    document = change.result or {}
    binding, now = bound(document), datetime.now(UTC)  # noqa: TID251 - the edge: when it is signed
    policy = change.base.policy
    judged = verdict(policy, document, now.date(), head=change.head.policy)
    by = _signer(policy, public_key(key))
    roles = _roles(policy, by, judged, wanted)
    _refuse_authors(change, by)
    statement = state(binding, by, f"{now:%Y-%m-%dT%H:%M:%SZ}", roles)
    click.echo(f"{by} agrees as {', '.join(roles)} to {described(document)}", err=True)
    return write_approval(change.root, statement, sign(statement.signed, key))


def _signer(policy: Policy, key: str) -> str:
    for signer in policy.signers:
        if signer.key == key:
            return signer.email
    raise ChangeError(
        "the policy of the base has no signer with this key; it is added by a change of its own"
    )


def _roles(policy: Policy, by: str, judged: dict[str, Any], wanted: Sequence[str]) -> list[str]:
    """Choose the roles: those that are named, else the signer's that must agree, else all that are the signer's."""
    refused = [rule["message"] for rule in judged["rules"] if rule["verdict"] == "refused"]
    if refused:
        click.echo("\n".join(["the policy refuses this change, whoever agrees:", *refused]), err=True)
        raise click.exceptions.Exit(1)
    own = [name for name, role in policy.roles.items() if by in role.approvers]
    for role in wanted:
        if role not in own:
            raise ChangeError(
                f"{by} does not approve as {role}; the policy says as {one_of(own) or 'nobody'}"
            )
    needed = {role for rule in judged["rules"] for role in rule["needs"]}
    found = list(wanted) or [role for role in own if role in needed] or ([] if needed else own)
    if not found:
        raise ChangeError(f"{by} is not asked: the change needs {', '.join(sorted(needed)) or 'no role'}")
    return found


def _refuse_authors(change: Change, by: str) -> None:
    """Refuse an author early, where git knows the authors; `approvals verify` insists."""
    try:
        authors = authors_of(change, ())
    except ChangeError:
        return
    if not authors.isdisjoint(addresses(change.base.policy, by)):
        click.echo(f"{by} wrote a part of the change, and nobody approves their own", err=True)
        raise click.exceptions.Exit(1)


def described(document: dict[str, Any] | Any) -> str:  # noqa: ANN401 - a JSON document
    """Describe a change in a few words, as in `2 causes, 3 contracts, USD 10.00 → 9.00`."""
    totals = [f"{one['currency']} {one['was']} → {one['will_be']}" for one in document["totals"]]
    counts = [f"{len(document['causes'])} cause(s)", f"{document['contracts_touched']:,} contract(s)"]
    return f"{', '.join([*counts, *totals])} in {document['period']}"
