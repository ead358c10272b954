"""Usage from tables of a ClickHouse server, read with one query at a time and written by none."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import pyarrow as pa
from clickhouse_connect.driver.client import Client

from ratebook.calendar import Interval
from ratebook.compiler.clickhouse_sql import CLICKHOUSE
from ratebook.compiler.follow_ups import (
    Detail,
    detail_query,
    ignored_query,
    missing_query,
    valueless_query,
    window_query,
)
from ratebook.compiler.queries import metering_query, relation_of
from ratebook.compiler.reversals import judged_sql
from ratebook.compiler.sql import MeteringQuery, Relation, Reversals, Writer, check_identifier, indent
from ratebook.sources.clickhouse_connection import as_text, bound, connect, reading_settings, translated
from ratebook.sources.clickhouse_dedupe import judge
from ratebook.sources.clickhouse_types import found
from ratebook.sources.columns import Found, column_findings
from ratebook.sources.dedupe import NOTHING, utc_days
from ratebook.sources.defects import NO_ID, Defect, looked_for, missing_defect
from ratebook.sources.errors import SourceError, failure, without_credentials
from ratebook.sources.protocol import Prepared
from ratebook.sources.reversals import NONE, Failed, failed, sought
from ratebook.usage.measure import EventSource, Measure


@dataclass(frozen=True, slots=True)
class _Table:
    """A source's table: its columns, and how its events are read."""

    columns: Mapping[str, Found]
    relation: Relation


class ClickHouseUsage:
    """The sources of an environment as tables of a server; it is reached when the first is prepared.

    Args:
        url: scheme, host, port, and the database as path.
        tables: source → table, where the two names differ; a table may name its database, as in `telemetry.requests`.
        credentials: `user:password`, or "" for the default user.
        client: an open client, instead of the address; it stays open.
    """

    def __init__(
        self,
        url: str,
        tables: Mapping[str, str] | None = None,
        credentials: str = "",
        client: Client | None = None,
    ) -> None:
        self._url = url
        self._names = dict(tables or {})
        self._credentials = credentials
        self._client = client
        self._owns_client = client is None
        self._settings: dict[str, str] = {}
        self._tables: dict[str, _Table] = {}

    def prepare(self, sources: Sequence[tuple[EventSource, Interval]]) -> Sequence[Prepared]:
        """Connect, check the tables' columns, and look for defects and duplicates."""
        if self._client is None:
            self._client = connect(self._url, self._credentials)
        self._settings = reading_settings(self._client, self._url)
        errors = [error for source, _ in sources if (error := self._find(source)) is not None]
        if errors:
            raise SourceError(finding for error in errors for finding in error.findings)
        return [self._prepare(source, window) for source, window in sources]

    def _find(self, source: EventSource) -> SourceError | None:
        """Find a source's table, or say what is wrong with it: all sources' errors are reported together."""
        name = self._names.get(source.name, source.name)
        try:
            relation = replace(relation_of(source), table=tuple(map(check_identifier, name.split("."))))
            columns = self._describe(source, relation)
        except ValueError as error:
            return failure(
                "RB401", str(error), source=source.name, help_="correct `tables` in specs/book.yaml"
            )
        except SourceError as error:
            return error
        findings = tuple(column_findings(source, columns, name))
        self._tables[source.name] = _Table(columns, relation)
        return SourceError(findings) if findings else None

    def _describe(self, source: EventSource, relation: Relation) -> dict[str, Found]:
        writer = Writer(CLICKHOUSE)
        text = f"DESCRIBE TABLE {CLICKHOUSE.events(relation, writer)}"
        with translated(source.name, self._url, self._password):
            rows = self._open.query(text, settings=self._settings).result_rows
        return {str(row[0]): found(str(row[1])) for row in rows}

    def _prepare(self, source: EventSource, window: Interval) -> Prepared:
        table = self._tables[source.name]
        relation = table.relation
        missing = list(self._missing(source, window))
        once = NOTHING
        if source.dedupe == "exact":
            once = judge(source, relation, window, self._rows)
            nameless = any(defect.finding.code == NO_ID for defect in missing)
            if nameless or once != NOTHING:
                relation = replace(relation, once=utc_days(window))
        reversals, futile = self._reversals(source, window)
        self._tables[source.name] = _Table(table.columns, replace(relation, reversals=reversals))
        quarantined = sum(defect.events for defect in missing) + once.conflicting + futile.events
        findings = (*(defect.finding for defect in missing), *once.findings, *futile.findings)
        return Prepared(once.duplicates, quarantined, findings)

    def _reversals(self, source: EventSource, window: Interval) -> tuple[Reversals | None, Failed]:
        """Find what has to be left out because it was taken back, and what takes back nothing."""
        relation = self._relation(source)
        reversals = sought(source, relation, window, CLICKHOUSE, self._rows)
        if reversals is None:
            return None, NONE
        writer = Writer(CLICKHOUSE)
        judged = f"(\n{indent(judged_sql(relation, reversals, writer))}\n)"
        return reversals, failed(source, judged, window, writer, self._rows)

    def _missing(self, source: EventSource, window: Interval) -> Iterator[Defect]:
        table = self._tables[source.name]
        for what in looked_for(source):
            column = table.columns[getattr(source, what)]
            if not column.nullable and column.kind != "string":
                continue
            events, example = self._counted(
                missing_query(source, what, window, CLICKHOUSE, table.relation), source
            )
            if events:
                yield missing_defect(source, what, events, example)

    def measure(self, measure: Measure) -> Iterator[pa.RecordBatch]:
        """Run a measure's query."""
        return self._run(metering_query(measure, CLICKHOUSE, self._relation(measure.source)), measure.source)

    def valueless(self, measure: Measure) -> tuple[int, str]:
        """Count a measure's events that have no value to aggregate, with an example's id."""
        columns = self._tables[measure.source.name].columns
        if not any(columns[name].nullable for name in measure.columns):
            return 0, ""
        return self._counted(
            valueless_query(measure, CLICKHOUSE, self._relation(measure.source)), measure.source
        )

    def ignored(self, measure: Measure) -> tuple[int, str]:
        """Count a measure's events whose operation neither adds nor removes, with an example's id."""
        relation = self._relation(measure.source)
        return self._counted(ignored_query(measure, CLICKHOUSE, relation), measure.source)

    def events_in(self, source: EventSource, window: Interval) -> int:
        """Count the events of a window that may be measured."""
        return self._counted(window_query(source, window, CLICKHOUSE, self._relation(source)), source)[0]

    def details(self, detail: Detail) -> Iterator[pa.RecordBatch]:
        """Look closely at usage that could not be billed."""
        source = detail.measure.source
        return self._run(detail_query(detail, CLICKHOUSE, self._relation(source)), source)

    def describe(self) -> str:
        """Say at which server usage is."""
        return without_credentials(self._url)

    def close(self) -> None:
        """Close the connection."""
        if self._client is not None and self._owns_client:
            self._client.close()
        self._client = None

    @property
    def _open(self) -> Client:
        if self._client is None:
            raise RuntimeError("a source is prepared before it is read, and not read after it is closed")
        return self._client

    @property
    def _password(self) -> str:
        return self._credentials.partition(":")[2]

    def _relation(self, source: EventSource) -> Relation:
        return self._tables[source.name].relation

    def _rows(self, query: MeteringQuery, source: EventSource) -> Sequence[Sequence[object]]:
        with translated(source.name, self._url, self._password):
            return self._open.query(query.text, parameters=bound(query), settings=self._settings).result_rows

    def _counted(self, query: MeteringQuery, source: EventSource) -> tuple[int, str]:
        row = self._rows(query, source)[0]
        return int(str(row[0])), str(row[1] or "") if len(row) > 1 else ""

    def _run(self, query: MeteringQuery, source: EventSource) -> Iterator[pa.RecordBatch]:
        with translated(source.name, self._url, self._password):
            stream = self._open.query_arrow_stream(
                query.text, parameters=bound(query), settings=self._settings
            )
            with stream as batches:
                for batch in batches:
                    yield as_text(batch)
