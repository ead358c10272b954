"""`ratebook`: the group of all commands. A command's module is loaded when it is called, so that help is quick."""

import errno
import gc
import importlib
import os
import signal
import sys
import traceback
from pathlib import Path
from types import FrameType
from typing import Any, Final

import click

from ratebook import __version__

COMMANDS: Final = {
    "approvals": (
        "ratebook.cli.approvals:approvals",
        "Check the approvals beside a book (`approvals verify`).",
    ),
    "approve": ("ratebook.cli.approve:approve", "Agree to a change, with a signature that covers it."),
    "check": (
        "ratebook.cli.check:check",
        "Check a rate book and show everything that is wrong, at its place.",
    ),
    "ci": ("ratebook.cli.ci:ci", "Show previews in pull requests: workflows, and the comment they keep."),
    "compile": (
        "ratebook.cli.compile:compile_",
        "Print the rating plan of a period: queries, slots, programs.",
    ),
    "diff": (
        "ratebook.cli.diff:diff",
        "Compare two books over the same usage: who pays what, and why.",
    ),
    "explain": ("ratebook.cli.explain:explain", "Explain an invoice, from a line back to YAML and usage."),
    "fmt": ("ratebook.cli.fmt:fmt", "Format the YAML files of a book, keeping comments."),
    "import": ("ratebook.cli.import_:import_", "Make a book from an export of Stripe."),
    "init": ("ratebook.cli.init:init", "Start a book from a template."),
    "rate": ("ratebook.cli.rate:rate", "Rate a period: usage and book in, invoices out."),
    "schema": ("ratebook.cli.schema:schema", "Print the JSON Schemas that editors check a book with."),
    "simulate": (
        "ratebook.cli.simulate:simulate",
        "Run a book over past months: revenue, margin, and who would change the plan.",
    ),
    "test": ("ratebook.cli.test:test", "Rate the cases of tests/pricing/ and compare what they expect."),
    "watch": ("ratebook.cli.watch:watch", "Check and compare a book as its files are saved."),
}
"""Command → where it is, and what it does."""


class LazyGroup(click.Group):
    """A group that knows the names of its commands and loads one when it is needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """List the commands."""
        del ctx
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load a command."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that is called; an unknown one is answered with those that resemble it."""
        if args[0] not in COMMANDS and not args[0].startswith("-"):
            raise click.NoSuchCommand(args[0], possibilities=COMMANDS, ctx=ctx)
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - what the command returns
        """Run the command; whatever a library makes of a signal, the command was stopped."""
        try:
            return super().invoke(ctx)
        except Exception:
            if _stopped_by:
                raise KeyboardInterrupt from None
            raise

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands into the help without loading them."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, help_) for name, (_, help_) in sorted(COMMANDS.items())])


@click.group(
    cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110}
)
@click.version_option(__version__, prog_name="ratebook")
def cli() -> None:
    """Turn a rate book (YAML in git) and usage into exact invoices.

    Exit codes: 0 fine, 1 something was found, 2 wrong use or a broken book.
    """


_stopped_by: Final[list[int]] = []
"""The signals that told the program to stop."""


def _stop(number: int, frame: FrameType | None) -> None:
    """Stop the command as Ctrl-C does, so that temporary files are removed."""
    del frame
    _stopped_by.append(number)
    raise KeyboardInterrupt


def main() -> None:
    """Run the command line. An error that nobody foresaw ends with 2, so that it is never taken for a finding."""
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # looking for some costs every command 15 ms
    gc.set_threshold(
        50_000, 20, 20
    )  # little here is cyclic: looking every 700 objects takes a tenth of the time
    if sys.stdout is None:  # closed by the caller
        sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - open until the end
    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _stop)
    try:
        _run()
    except SystemExit:
        if _stopped_by:
            sys.exit(128 + _stopped_by[0])
        raise
    except OSError as error:
        _let_go_of_stdout()
        if error.errno == errno.EPIPE:
            sys.exit(1)
        where = f": {error.filename}" if error.filename else ""
        click.echo(f"cannot read or write: {error.strerror or error}{where}", err=True)
        sys.exit(2)
    except Exception:  # noqa: BLE001 - the outermost edge of the program
        traceback.print_exc()
        click.echo("ratebook met an error of its own; please report it with the lines above", err=True)
        sys.exit(2)


def _run() -> None:
    """Run the command, and see all that it printed off."""
    try:
        cli(prog_name="ratebook")
    finally:
        sys.stdout.flush()


def _let_go_of_stdout() -> None:
    """Send what is still to be printed nowhere, as where it should go takes no more."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


if __name__ == "__main__":
    main()
