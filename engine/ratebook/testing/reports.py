"""What became of cases, as text for people, JSON for programs, and JUnit for CI."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final
from xml.etree import ElementTree as ET

from ratebook.findings import printable
from ratebook.testing.running import Failure, Result

FORMAT_VERSION: Final = "1.0"


def draw_results(results: Sequence[Result]) -> Iterator[str]:
    """Draw what did not pass, each difference with its place, and a last line with the sum."""
    for result in results:
        if result.status != "passed":
            head = f"{result.status} {result.name} ({result.position.file}:{result.position.line})"
            yield head + (f": {printable(result.reason)}" if result.reason else "")
            for failure in result.failures:
                yield from draw_failure(failure)
    yield summary(results)


def draw_failure(failure: Failure) -> Iterator[str]:
    """Draw a difference, and where its expectation stands."""
    first, *rest = failure.difference.text.splitlines()
    place = failure.position
    yield f"  {printable(first)}   [{place.file}:{place.line}]"
    yield from (f"    {printable(row)}" for row in rest)


def summary(results: Sequence[Result]) -> str:
    """Count cases by what became of them."""
    counts = Counter(result.status for result in results)
    found = ", ".join(f"{counts[one]:,} {one}" for one in ("passed", "failed", "skipped") if counts[one])
    return f"{len(results):,} case{'' if len(results) == 1 else 's'}: {found or 'none'}"


def document(results: Sequence[Result]) -> dict[str, Any]:
    """Give what became of cases as a JSON document."""
    counts = Counter(result.status for result in results)
    return {
        "format_version": FORMAT_VERSION,
        "kind": "tests",
        "summary": {"cases": len(results), **{one: counts[one] for one in ("passed", "failed", "skipped")}},
        "cases": [_case(result) for result in results],
    }


def _case(result: Result) -> dict[str, Any]:
    case: dict[str, Any] = {
        "name": result.name,
        "status": result.status,
        "file": result.position.file,
        "line": result.position.line,
        "differences": [_difference(failure) for failure in result.failures],
    }
    return case | ({"reason": result.reason} if result.reason else {})


def _difference(failure: Failure) -> Mapping[str, Any]:
    difference, place = failure
    return {
        "what": difference.what,
        "text": difference.text,
        "expected": difference.expected,
        "billed": difference.billed,
        "difference": None if difference.amount is None else str(difference.amount),
        "currency": difference.currency,
        "file": place.file,
        "line": place.line,
        "column": place.column,
    }


def junit(results: Sequence[Result]) -> bytes:
    """Give what became of cases in the XML of JUnit, which CI systems show."""
    suites = ET.Element("testsuites", name="ratebook")
    for file in dict.fromkeys(result.file for result in results):
        own = [result for result in results if result.file == file]
        counts = Counter(result.status for result in own)
        numbers = {"tests": len(own), "failures": counts["failed"], "skipped": counts["skipped"], "errors": 0}
        suite = ET.SubElement(suites, "testsuite", {"name": file, **{k: str(v) for k, v in numbers.items()}})
        for result in own:
            _add_case(suite, result)
    ET.indent(suites)
    written: bytes = ET.tostring(suites, encoding="utf-8", xml_declaration=True)
    return written + b"\n"


def _add_case(suite: ET.Element, result: Result) -> None:
    place = {"file": result.file, "line": str(result.position.line)}
    case = ET.SubElement(suite, "testcase", {"classname": result.file, "name": result.name, **place})
    if result.status == "skipped":
        ET.SubElement(case, "skipped", message=_clean(result.reason))
    if result.status == "failed":
        texts = [_clean(failure.difference.text) for failure in result.failures]
        failed = ET.SubElement(case, "failure", message=texts[0].partition("\n")[0])
        failed.text = "\n".join(texts)


def _clean(text: str) -> str:
    """Replace what XML cannot hold."""
    return "\n".join(printable(row) for row in text.split("\n"))
