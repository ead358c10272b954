"""`ratebook approvals verify`: whether those have agreed who must, to exactly this change."""

import sys
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any, Final

import click
import orjson

from ratebook import SEMANTICS, __version__
from ratebook.approval.change import Change, ChangeError, authors_of, open_change, read_result
from ratebook.approval.folder import document_of, read_approvals
from ratebook.approval.ssh import SshError
from ratebook.approval.statement import IncompleteError, bound
from ratebook.approval.verify import Case, Need, counted, missing, needs_of
from ratebook.calendar import tzdata_version
from ratebook.cli.options import today
from ratebook.cli.session import BrokenError, read_date
from ratebook.findings import Finding, draw, has_errors
from ratebook.preview.policy import verdict

FORMAT_VERSION: Final = "1.0"


@click.group()
def approvals() -> None:
    """Check the approvals that stand beside a book."""


@approvals.command()
@click.option("--book", "root", type=click.Path(path_type=Path), default=Path(), help="Folder of the book.")
@click.option(
    "--of",
    "result",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="What must be agreed to: a file that `ratebook diff --format json` printed.",
)
@click.option("--base", help="Folder, commit or branch that is changed; else what the file names, or main.")
@click.option("--author", "authors", multiple=True, help="Who wrote the change, instead of what git says.")
@click.option("--at", help="The day to check it for, as in 2026-11-25; else today, in UTC.")
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True, help="Output."
)
def verify(
    root: Path, result: Path | None, base: str | None, authors: tuple[str, ...], at: str | None, form: str
) -> None:
    """Verify that a change is approved by those who must, and say why an approval does not count.

    With --of the roles are those that the base's policy asks for, and an approval must be for these books, this usage,
    these exchange rates and this engine. Without it approvals must be for the book as it stands here. The exit code
    is 1 when an approval is missing, or one that is there is not genuine.
    """
    try:
        change = open_change(root, read_result(result) if result is not None else None, base)
        found = _verify(change, authors, read_date(at, "--at") or today())
    except IncompleteError as error:
        raise BrokenError(
            f"{result} does not say all that an approval binds: {error}; run diff again"
        ) from None
    except (ChangeError, SshError) as error:
        raise BrokenError(str(error)) from None
    if form == "json":
        click.echo(orjson.dumps(found.document(), option=orjson.OPT_INDENT_2))
    else:
        for row in found.text():
            click.echo(row)
    sys.exit(0 if found.is_approved else 1)


class _Found:
    """What was found of the approvals of a change."""

    def __init__(self, needs: list[Need], approvals_: list[dict[str, Any]], findings: list[Finding]) -> None:
        self.needs = needs
        self.approvals = approvals_
        self.findings = findings
        self.is_approved = not has_errors(findings)

    def document(self) -> dict[str, Any]:
        """Give it as a JSON document."""
        return {
            "format_version": FORMAT_VERSION,
            "kind": "approvals",
            "approved": self.is_approved,
            "needs": [need.document() for need in self.needs],
            "approvals": self.approvals,
            "findings": [finding.document() for finding in self.findings],
        }

    def text(self) -> Iterable[str]:
        """Draw it for people: what does not count, what does, and the end of it."""
        for finding in self.findings:
            yield draw(finding, finding.position) + "\n"
        for one in self.approvals:
            yield f"{one['file']}: {one['by']} as {', '.join(one['roles'])}, {one['at']}"
        for need in self.needs:
            yield f"{need.role}: {len(need.by)} of {need.at_least}"
        yield "approved" if self.is_approved else "not approved"


def _verify(change: Change, authors: tuple[str, ...], on: date) -> _Found:
    policy, result = change.base.policy, change.result
    wanted = _here(change) if result is None else bound(result)
    case = Case(policy, change.head.policy, wanted, authors_of(change, authors), on)
    accepted, findings = counted(read_approvals(change.root), case)
    rules = [] if result is None else verdict(policy, result, on, head=change.head.policy)["rules"]
    roles = [role for role in policy.roles if any(role in rule["needs"] for rule in rules)]
    needs = needs_of(roles, policy, accepted)
    findings += [missing(need, policy) for need in needs if not need.is_met]
    findings += [_refused(rule) for rule in rules if rule["verdict"] == "refused"]
    if result is None and not accepted:
        findings.append(Finding("RB712", "nobody has approved the book as it stands here", help=_HELP))
    return _Found(needs, [document_of(one) for one in accepted], findings)


_HELP: Final = "ratebook approve --of FILE --key KEY"


def _here(change: Change) -> dict[str, Any]:
    """Give what an approval must be about where no result says it: the book that stands here, and this engine."""
    engine = {"ratebook": __version__, "semantics": SEMANTICS, "tzdata": tzdata_version()}
    return {"head": {"book": change.head.digest, "source": change.head.source_digest}, "engine": engine}


def _refused(rule: dict[str, Any]) -> Finding:
    return Finding(
        "RB713",
        f"the policy refuses the change, whoever agrees: {rule['message']}",
        rule["pointer"],
        help="change it otherwise, or have a permission in the policy first",
    )
