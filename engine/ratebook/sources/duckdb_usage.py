"""Usage from files through DuckDB. Once the files are attached, the engine may read nothing else."""

import shutil
import tempfile
import weakref
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import duckdb
import pyarrow as pa

from ratebook.calendar import Instant, Interval
from ratebook.compiler.duckdb_sql import DUCKDB
from ratebook.compiler.follow_ups import (
    Detail,
    detail_query,
    ignored_query,
    missing_query,
    valueless_query,
    window_query,
)
from ratebook.compiler.queries import metering_query
from ratebook.compiler.sql import MeteringQuery
from ratebook.sources.dedupe import NOTHING
from ratebook.sources.defects import NO_ID, Defect, looked_for, missing_defect, unreadable_defect
from ratebook.sources.duckdb_attach import ATTACHED, Attached, attach, listed, quoted, unreadable_rows
from ratebook.sources.duckdb_dedupe import clean_rows, deduplicate
from ratebook.sources.duckdb_reversals import take_back
from ratebook.sources.errors import SourceError, failure
from ratebook.sources.files import find_files
from ratebook.sources.protocol import Prepared
from ratebook.usage.measure import EventSource, Measure

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_BATCH: Final = 100_000


@dataclass(frozen=True, slots=True)
class Limits:
    """What DuckDB may use; what does not fit into memory goes to disk."""

    memory: str = "1000MB"
    threads: int = 2


def connect(folder: Path, limits: Limits) -> duckdb.DuckDBPyConnection:
    """Open a database of its own in a folder, in which it also spills."""
    connection = duckdb.connect(
        folder / "work.db",
        config={
            "memory_limit": limits.memory,
            "threads": limits.threads,
            "temp_directory": str(folder / "spill"),
            "preserve_insertion_order": False,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        },
    )
    connection.execute("SET GLOBAL TimeZone = 'UTC'")
    return connection


class DuckDBUsage:
    """The sources of an environment as files.

    Args:
        patterns: for each source, the files it consists of; `*` and `**` match.
        root: what patterns are relative to.
        limits: what the engine may use.
    """

    def __init__(self, patterns: Mapping[str, str], root: Path, limits: Limits | None = None) -> None:
        self._patterns = dict(patterns)
        self._root = root
        folder = Path(tempfile.mkdtemp(prefix="ratebook-usage-"))
        self._connection = connect(folder, limits or Limits())
        self._attached: dict[str, Attached] = {}
        self._release = weakref.finalize(self, _release, self._connection, folder)

    def prepare(self, sources: Sequence[tuple[EventSource, Interval]]) -> Sequence[Prepared]:
        """Attach the files of all sources, then lock the engine, then look for defects and duplicates."""
        self._connection.execute(f"CREATE SCHEMA {ATTACHED}")
        errors = [error for source, _ in sources if (error := self._attach(source)) is not None]
        if errors:
            raise SourceError(finding for error in errors for finding in error.findings)
        paths = [path for attached in self._attached.values() for path in attached.paths]
        self._connection.execute(f"SET GLOBAL allowed_paths = {listed(paths)}")
        self._connection.execute("SET GLOBAL enable_external_access = false")
        self._connection.execute("SET GLOBAL lock_configuration = true")
        return [self._prepare(source, window) for source, window in sources]

    def _attach(self, source: EventSource) -> SourceError | None:
        """Attach a source, or say what keeps it from that: all sources' errors are reported together."""
        try:
            self._attach_files(source)
        except SourceError as error:
            return error
        return None

    def _attach_files(self, source: EventSource) -> None:
        if source.name not in self._patterns:
            raise failure(
                "RB401",
                f"the environment does not say where the source {source.name} is",
                source=source.name,
                help_=f'add `{source.name}: "folder/*.parquet"` under `usage: duckdb:` of the environment',
            )
        files = find_files(source.name, self._patterns[source.name], self._root)
        with translated(source.name):
            self._attached[source.name] = attach(self._connection, source, files)

    def _prepare(self, source: EventSource, window: Interval) -> Prepared:
        attached = self._attached[source.name]
        with translated(source.name):
            defects = list(self._unreadable(source, window))
            self._view(source, clean_rows(source, attached.unreadable, ids=False))
            missing = list(self._missing(source, window))
            nameless = any(defect.finding.code == NO_ID for defect in missing)
            rows = clean_rows(source, attached.unreadable, ids=nameless)
            once = NOTHING
            if source.dedupe == "exact":
                rows, once = deduplicate(self._connection, source, rows, window)
            rows, futile = take_back(source, rows, window, self._rows)
            self._view(source, rows)
        defects += missing
        quarantined = sum(defect.events for defect in defects) + once.conflicting + futile.events
        findings = (*(defect.finding for defect in defects), *once.findings, *futile.findings)
        return Prepared(once.duplicates, quarantined, findings)

    def _unreadable(self, source: EventSource, window: Interval) -> Iterator[Defect]:
        attached = self._attached[source.name]
        if not attached.unreadable:
            return
        for found in unreadable_rows(self._connection, source, attached, window):
            yield unreadable_defect(source, found)

    def _missing(self, source: EventSource, window: Interval) -> Iterator[Defect]:
        for what in looked_for(source):
            events, example = self._counted(missing_query(source, what, window, DUCKDB), source)
            if events:
                yield missing_defect(source, what, events, example)

    def _view(self, source: EventSource, rows: str) -> None:
        self._connection.execute(f"CREATE OR REPLACE VIEW {quoted(source.name)} AS {rows}")

    def measure(self, measure: Measure) -> Iterator[pa.RecordBatch]:
        """Run a measure's query."""
        return self._run(metering_query(measure, DUCKDB), measure.source)

    def valueless(self, measure: Measure) -> tuple[int, str]:
        """Count a measure's events that have no value to aggregate, with an example's id."""
        with translated(measure.source.name):
            return self._counted(valueless_query(measure, DUCKDB), measure.source)

    def ignored(self, measure: Measure) -> tuple[int, str]:
        """Count a measure's events whose operation neither adds nor removes, with an example's id."""
        with translated(measure.source.name):
            return self._counted(ignored_query(measure, DUCKDB), measure.source)

    def events_in(self, source: EventSource, window: Interval) -> int:
        """Count the events of a window that may be measured."""
        with translated(source.name):
            return self._counted(window_query(source, window, DUCKDB), source)[0]

    def details(self, detail: Detail) -> Iterator[pa.RecordBatch]:
        """Look closely at usage that could not be billed."""
        return self._run(detail_query(detail, DUCKDB), detail.measure.source)

    def describe(self) -> str:
        """Say which files usage comes from."""
        return ", ".join(f"{name}: {pattern}" for name, pattern in sorted(self._patterns.items()))

    def close(self) -> None:
        """Close the engine and remove its files."""
        self._release()

    def _rows(self, query: MeteringQuery, source: EventSource) -> Sequence[Sequence[object]]:
        return self._connection.execute(query.text, self._bound(query, source)).fetchall()

    def _counted(self, query: MeteringQuery, source: EventSource) -> tuple[int, str]:
        row = self._connection.execute(query.text, self._bound(query, source)).fetchall()[0]
        return int(row[0]), str(row[1] or "") if len(row) > 1 else ""

    def _run(self, query: MeteringQuery, source: EventSource) -> Iterator[pa.RecordBatch]:
        with translated(source.name):
            cursor = self._connection.cursor()
            try:
                yield from cursor.sql(query.text, params=self._bound(query, source)).to_arrow_reader(_BATCH)
            finally:
                cursor.close()

    def _bound(self, query: MeteringQuery, source: EventSource) -> dict[str, Any]:
        """Bind instants as the type that the source's time has, so that files and row groups can be skipped."""
        zoned = self._attached[source.name].zoned
        return {
            parameter.name: _moment(parameter.value, zoned=zoned)
            if parameter.kind == "instant"
            else list(parameter.value)
            if isinstance(parameter.value, tuple)
            else parameter.value
            for parameter in query.parameters
        }


def _moment(instant: Any, *, zoned: bool) -> datetime:  # noqa: ANN401 - an instant, by its kind
    moment = _EPOCH + timedelta(microseconds=Instant(instant))
    return moment if zoned else moment.replace(tzinfo=None)


def _release(connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
    connection.close()
    shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def translated(source: str) -> Iterator[None]:
    """Turn what DuckDB raises into a `SourceError` that says what to do."""
    try:
        yield
    except (duckdb.OutOfRangeException, duckdb.ConversionException) as error:
        raise failure(
            "RB416",
            f"a quantity of {source} is too large to count with: {_first_line(error)}",
            source=source,
            help_="look for an event with an absurd value; sums may have up to 38 digits, decimals 20 before the point",
        ) from error
    except duckdb.OutOfMemoryException as error:
        raise failure(
            "RB606",
            f"measuring {source} needs more memory or disk than there is: {_first_line(error)}",
            source=source,
            help_="free disk space in the folder for temporary files, or measure a shorter period",
        ) from error
    except (duckdb.IOException, duckdb.InvalidInputException, duckdb.SerializationException) as error:
        raise failure(
            "RB415",
            f"files of {source} cannot be read: {_first_line(error)}",
            source=source,
            help_="repair the file, or take it out of the pattern; nothing is billed from half a file",
        ) from error
    except duckdb.Error as error:
        raise failure(
            "RB605",
            f"a query on {source} failed: {_first_line(error)}",
            source=source,
            help_="report this as a bug",
        ) from error


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    file = next((Path(line[7:]).name for line in lines if line.startswith("file = ")), "")  # of a CSV
    said = lines[: 3 if file else 2] or [type(error).__name__]
    return ", ".join(([file] if file else []) + said)
