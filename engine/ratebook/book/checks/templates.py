"""Templates of lines: that they compile, and name only what a line has."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from ratebook.book.draft import Draft
from ratebook.book.model import LocalText, RatingRule
from ratebook.book.model.plan import ACCOUNT
from ratebook.book.suggest import did_you_mean, one_of
from ratebook.findings import Finding, Position
from ratebook.template import TemplateError, compile_template

OF_EVERY_LINE: Final = ("quantity", "unit", "billable", "billable_unit", ACCOUNT)
"""Names that a template may use besides the dimensions that its line is for."""


def check_templates(draft: Draft) -> Iterator[Finding]:
    """Check the templates of rating rules and plans."""
    for name, rule in draft.rules.items():
        if rule.description is not None:
            yield from check_template(draft, rule.description, rule, f"rating/{name}#description")
    for name, plan in draft.plans.items():
        for index, charge in enumerate(plan.charges):
            of_charge = draft.rules.get(charge.rating)
            if charge.description is not None and of_charge is not None:
                pointer = f"plans/{name}#charges/{index}/description"
                yield from check_template(draft, charge.description, of_charge, pointer)


def check_template(draft: Draft, text: LocalText, rule: RatingRule, pointer: str) -> Iterator[Finding]:
    """Check a template in each of its languages."""
    languages = {"": text} if isinstance(text, str) else {f"/{name}": one for name, one in text.items()}
    of_meters = ("meter",) if rule.meters is not None else ()
    known = (*rule.lines_by, *OF_EVERY_LINE, *of_meters)
    for language, source in languages.items():
        place = pointer + language
        try:
            template = compile_template(source)
        except TemplateError as error:
            finding = Finding("RB216", str(error), place, expected=error.expected)
            yield _at_word(draft, finding, error.word, error.line)
            continue
        for name in sorted(template.names - set(known)):
            message = f"a line of this rule has no `{name}`"
            help_ = did_you_mean(name, known) or f"add `{name}` to lines_by"
            yield _at_word(
                draft, Finding("RB216", message, place, expected=one_of(known), help=help_), name, 1
            )
        for name in sorted(template.labels - draft.known["labels"]):
            labels = draft.known["labels"]
            help_ = did_you_mean(name, labels) or f"add specs/labels/{name}.yaml"
            finding = Finding(
                "RB301", f"there are no labels `{name}`", place, expected=one_of(labels), help=help_
            )
            yield _at_word(draft, finding, name, 1)


def _at_word(draft: Draft, finding: Finding, word: str, line: int) -> Finding:
    """Place a finding at a word of the template, where it is found in the lines that the template begins with."""
    start = draft.places.position(finding.pointer)
    if start is None:
        return finding
    for number in range(start.line + line - 1, start.line + line + 8 if word else 0):
        text = draft.places.source_line(Position(start.file, number)) or ""
        begin = start.column - 1 if number == start.line else 0
        found = re.compile(rf"\b{re.escape(word)}\b").search(text, begin)
        if found:
            return replace(finding, position=Position(start.file, number, found.start() + 1, len(word)))
    return replace(finding, position=start)
