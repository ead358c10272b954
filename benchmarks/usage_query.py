"""One day of generated usage as a DuckDB query: all from the day, the row's number and the seed."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final

from benchmarks import traffic
from benchmarks.usage_tables import CALL_BINS, ECOSYSTEM_NUMBERS, SLICES

FATES: Final = (
    ("redelivered", 1_000),
    ("conflicting", 5),
    ("unlisted_chain", 300),
    ("unlisted_organisation", 100),
    ("server_error", 2_000),
    ("client_error", 3_000),
    ("late", 50),
)
"""What may be wrong with an event, and with how many of 100,000; an event has one fate at most."""

FATES_OUT_OF: Final = 100_000
UNLISTED_ORGANISATIONS: Final = 12

# The second is a permutation of the integers of 32 bits that looks like chance (Wellons' lowbias32).
MACROS: Final = (
    "CREATE MACRO step(x, shift, factor) AS (xor(x, x >> shift) * factor::UBIGINT) & 4294967295::UBIGINT",
    """CREATE MACRO draw(i, key) AS
        step(step(step(xor(i::UBIGINT, key::UBIGINT), 16, 2146121005), 15, 2221713035), 16, 1)::BIGINT""",
)

_STEP_BITS: Final = 20
_STEPS: Final = 2**_STEP_BITS
_EVM: Final = ECOSYSTEM_NUMBERS["evm"]


@dataclass(frozen=True, slots=True)
class Day:
    """A UTC day of usage, over the tables `numbers`, `places`, `calls` and `slices`.

    Attributes:
        day: the day.
        events: how many events, not counting repeated deliveries.
        places: how many rows the table `places` has.
        seed: what all chance comes from.
    """

    day: date
    events: int
    places: int
    seed: int

    def query(self) -> str:
        """Write the query: each event once, in order of time, then those that are delivered again."""
        return f"{self._delivery(again=False)} UNION ALL {self._delivery(again=True)}"

    def _delivery(self, *, again: bool) -> str:
        """Write out the columns; a second delivery comes later, and may have another payload."""
        later = "+ 1000000 * (1 + (noise & 511))" if again else ""
        changed = f"+ CASE WHEN {_fate('conflicting')} THEN 512 ELSE 0 END" if again else ""
        server_error = "CASE noise & 3 WHEN 0 THEN 500 WHEN 1 THEN 502 ELSE 503 END"
        client_error = "CASE noise & 3 WHEN 0 THEN 404 WHEN 1 THEN 400 ELSE 429 END"
        return f"""
            SELECT request_id, org_id,
                make_timestamptz(moment) AS ts,
                make_timestamptz(moment + 150000 + noise % 20000000
                    + CASE WHEN {_fate("late")} THEN 86400000000 * (1 + noise % 20) ELSE 0 END {later}
                ) AS ingested_at,
                chain, network, method,
                CASE WHEN {_fate("server_error")} THEN {server_error}
                    WHEN {_fate("client_error")} THEN {client_error} ELSE 200 END AS status,
                size + (size * (noise & 255) * (noise & 255) * (noise & 255) >> 22) + (noise >> 26) {changed}
                    AS bytes_out,
                (1 + latency * (50 + ((noise >> 8) & 127)) // 100
                    * CASE WHEN (noise >> 15) & 63 = 0 THEN 8 ELSE 1 END)::INTEGER AS latency_ms
            FROM ({self._called(again=again)})"""

    def _called(self, *, again: bool) -> str:
        """Find the method by the chain's ecosystem, and the moment by the position in the day."""
        midnight = datetime(self.day.year, self.day.month, self.day.day, tzinfo=UTC)
        return f"""
            SELECT fate, noise, request_id, org_id, chain, network,
                {_picked("call_side", "method", "size", "latency")},
                {int(midnight.timestamp()) * 1_000_000} + begin
                    + ((position & {_STEPS - 1}) * length >> {_STEP_BITS}) AS moment
            FROM (SELECT *, ecosystem * {CALL_BINS} + call_bin AS call, position >> {_STEP_BITS} AS slice
                FROM ({self._placed(again=again)}))
            JOIN calls USING (call) JOIN slices USING (slice)"""

    def _placed(self, *, again: bool) -> str:
        """Find the organisation, chain and network, or those that nobody has listed."""
        chains = " ".join(
            f"WHEN {number} THEN '{name}'" for number, name in enumerate(traffic.UNLISTED_CHAINS)
        )
        chain = f"CASE noise % {len(traffic.UNLISTED_CHAINS)} {chains} END"
        organisation = f"'org_unlisted_' || noise % {UNLISTED_ORGANISATIONS}"
        return f"""
            SELECT fate, noise, request_id, position, call_bin, call_side,
                CASE WHEN {_fate("unlisted_organisation")} THEN {organisation} ELSE org_id END AS org_id,
                CASE WHEN {_fate("unlisted_chain")} THEN {chain} ELSE chain END AS chain,
                CASE WHEN {_fate("unlisted_chain")} THEN 'mainnet' ELSE network END AS network,
                CASE WHEN {_fate("unlisted_chain")} THEN {_EVM} ELSE ecosystem END AS ecosystem
            FROM (SELECT fate, noise, request_id, position, call_bin, call_side,
                    {_picked("place_side", "org_id", "chain", "network", "ecosystem")}
                FROM ({self._drawn(again=again)}) JOIN places USING (place))"""

    def _drawn(self, *, again: bool) -> str:
        """Draw what chance decides about each event, from the number of its row."""
        draws = ", ".join(f"draw(i, {key}) AS {name}" for name, key in _keys(self.seed, self.day).items())
        first_half = (2**27 + self.day.toordinal()) * 2**32
        return f"""
            SELECT noise, fate, place_bin % {self.places} AS place, place_side,
                call_bin % {CALL_BINS} AS call_bin, call_side,
                (i * {_STEPS} + (jitter >> {32 - _STEP_BITS})) * {SLICES} // {self.events} AS position,
                to_hex({first_half} + id) || to_hex({2**32} + tail) AS request_id
            FROM (SELECT *, fate_draw % {FATES_OUT_OF} AS fate
                FROM (SELECT i, {draws} FROM numbers WHERE i < {self.events}))
            WHERE {_fate("redelivered", "conflicting") if again else "true"}"""


def _picked(draw: str, *fields: str) -> str:
    """Write the choice between the two sides of an alias bin."""
    return ", ".join(
        f"CASE WHEN {draw} < threshold THEN own_{field} ELSE other_{field} END AS {field}" for field in fields
    )


def _keys(seed: int, day: date) -> dict[str, int]:
    """Give each drawn field a key of its own for the day, so that days are unlike one another."""
    fields = "place_bin place_side call_bin call_side jitter fate_draw noise id tail"
    digests = {field: hashlib.sha256(f"{seed}/{day}/{field}".encode()).digest() for field in fields.split()}
    return {field: int.from_bytes(digest[:4]) for field, digest in digests.items()}


def _fate(*names: str) -> str:
    """Write the condition that an event has one of the fates; they must be neighbours in the list."""
    numbers = [index for index, (name, _) in enumerate(FATES) if name in names]
    lower = sum(share for _, share in FATES[: numbers[0]])
    upper = sum(share for _, share in FATES[: numbers[-1] + 1])
    return f"fate >= {lower} AND fate < {upper}"
