"""The yardstick: the `GROUP BY` that somebody would write by hand over the same keys and epochs.

    python -m benchmarks.bare --usage 'DIR/*.parquet' --memory 1200MB --edges 1790802000000000 1791417600000000 …

It counts events by organisation, chain, network, method and epoch, and keeps nothing but the number of groups.
"""

import argparse
import sys
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import duckdb


def query(edges: list[int]) -> str:
    """Write the query for epochs between edges, which are microseconds since 1970."""
    times = [(datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=edge)).isoformat() for edge in edges]
    epochs = " ".join(
        f"WHEN ts < TIMESTAMPTZ '{end}' THEN {number}" for number, (_, end) in enumerate(pairwise(times))
    )
    return f"""
        SELECT count(*), sum(events) FROM (
            SELECT org_id, chain, network, method, CASE {epochs} END AS epoch, count(*) AS events
            FROM read_parquet($usage)
            WHERE ts >= TIMESTAMPTZ '{times[0]}' AND ts < TIMESTAMPTZ '{times[-1]}'
            GROUP BY ALL
        )
    """


def main() -> int:
    """Run the query once and print how many groups and events there are."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bare")
    parser.add_argument("--usage", required=True)
    parser.add_argument("--memory", required=True)
    parser.add_argument("--edges", type=int, nargs="+", required=True)
    parsed = parser.parse_args()
    limits = {"memory_limit": parsed.memory, "threads": 2, "temp_directory": ".bench/spill"}
    with duckdb.connect(config=limits) as connection:
        connection.execute("SET preserve_insertion_order = false")
        groups, events = connection.execute(query(parsed.edges), {"usage": parsed.usage}).fetchall()[0]
    sys.stdout.write(f"{groups} groups, {events} events\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
