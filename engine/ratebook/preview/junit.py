"""A diff document as JUnit XML: rules of the policy, contracts and findings as the test cases of a pipeline."""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Final
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from ratebook.invoice.text import grouped
from ratebook.preview.document import ContractChange, DiffDocument, RuleVerdict
from ratebook.preview.wording import VERDICTS, percent, place_of, signed

OVER_PERCENT: Final = Decimal(5)
"""Contracts that move by more are test cases, whether or not a rule names them."""

_NOT_XML: Final = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def draw_junit(document: DiffDocument, over_percent: Decimal = OVER_PERCENT) -> str:
    """Draw a diff document as JUnit XML.

    A rule that refuses or needs approval is a failure, and so is each contract that it names; so is an error that only
    the second book has.

    Args:
        document: what is drawn.
        over_percent: contracts that move by more than this are test cases too.
    """
    root = Element("testsuites", name="ratebook diff")
    _suite(root, "policy", _policy_cases(document))
    _suite(root, "contracts", _contract_cases(document, over_percent))
    _suite(root, "findings", _finding_cases(document))
    for name in ("tests", "failures"):
        root.set(name, str(sum(int(suite.get(name, "0")) for suite in root)))
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def _suite(root: Element, name: str, cases: Iterator[Element]) -> None:
    suite = SubElement(root, "testsuite", name=name)
    suite.extend(cases)
    suite.set("tests", str(len(suite)))
    suite.set("failures", str(len(suite.findall("testcase/failure"))))


def _case(name: str, classname: str, said: str, failure: str = "", kind: str = "") -> Element:
    case = Element("testcase", name=_clean(name), classname=classname)
    if failure:
        SubElement(case, "failure", message=_clean(failure), type=kind).text = _clean(said)
    elif said:
        SubElement(case, "system-out").text = _clean(said)
    return case


def _policy_cases(document: DiffDocument) -> Iterator[Element]:
    for rule in _rules(document):
        said = f"{rule['message']} ({place_of(rule)})"
        failure = "" if rule["verdict"] == "allowed" else f"{_words(rule)}: {rule['message']}"
        yield _case(rule["rule"], "policy", said, failure, rule["verdict"])


def _contract_cases(document: DiffDocument, over_percent: Decimal) -> Iterator[Element]:
    for one in document["contracts"]:
        naming = [rule for rule in _rules(document) if one["contract"] in rule["contracts"]]
        against = [rule for rule in naming if rule["verdict"] != "allowed"]
        if naming or abs(Decimal(one["percent"] or 0)) > over_percent:
            failure = "; ".join(f"{_words(rule)}: {rule['rule']}" for rule in against)
            gravest = max((rule["verdict"] for rule in against), key=list(VERDICTS).index, default="")
            yield _case(one["contract"], "contracts", _money(one), failure, gravest)


def _finding_cases(document: DiffDocument) -> Iterator[Element]:
    for finding in document["findings"]:
        name = f"{finding['code']} {finding.get('pointer', '')}".rstrip()
        is_error = finding["severity"] == "error"
        yield _case(name, "findings", finding["message"], finding["message"] if is_error else "", "error")


def _rules(document: DiffDocument) -> list[RuleVerdict]:
    return document["policy"]["rules"] if document["policy"] else []


def _words(rule: RuleVerdict) -> str:
    needs = f" by {' and '.join(rule['needs'])}" if rule["needs"] else ""
    return VERDICTS[rule["verdict"]] + needs


def _money(one: ContractChange) -> str:
    share = f" ({percent(one['percent'])})" if one["percent"] is not None else ""
    amounts = f"{grouped(one['was'])} → {grouped(one['will_be'])}"
    return f"{one['currency']} {amounts}, {signed(one['difference'])}{share}"


def _clean(text: str) -> str:
    """Replace what XML cannot hold."""
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)
