"""The tables that generated usage is picked from: organisations and chains, methods, slices of a day."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any, Final

from benchmarks import traffic
from benchmarks.alias import bins

ECOSYSTEM_NUMBERS: Final = {name: number for number, name in enumerate(traffic.ECOSYSTEMS)}
CALL_BINS: Final = max(len(methods) for methods in traffic.ECOSYSTEMS.values())
SLICES: Final = sum(traffic.HOURS)

_HOUR: Final = 3_600_000_000
_MAIN_NETWORK: Final = 192  # of 256


def places(organisations: Sequence[str], seed: int) -> list[dict[str, Any]]:
    """Make the bins of organisation × chain × network; organisations come in the order of their size."""
    weights, fields = [], []
    for rank, name in enumerate(organisations, start=1):
        share = 10**15 // (rank + traffic.FIRST_RANKS_FLATTENED)
        for place, (chain, network) in zip(traffic.PLACES, _chains_of(name, seed), strict=True):
            weights.append(share * place)
            ecosystem = ECOSYSTEM_NUMBERS[chain.ecosystem]
            fields.append({"org_id": name, "chain": chain.name, "network": network, "ecosystem": ecosystem})
    return [
        {"place": number, "threshold": threshold} | _sides(fields[own], fields[other])
        for number, (threshold, own, other) in enumerate(bins(weights))
    ]


def calls() -> list[dict[str, Any]]:
    """Make the bins of methods, as many for each ecosystem, numbered through."""
    rows = []
    for ecosystem, methods in enumerate(traffic.ECOSYSTEMS.values()):
        spare = CALL_BINS - len(methods)
        fields = [{"method": name, "size": size, "latency": latency} for name, _, size, latency in methods]
        fields += fields[:1] * spare
        for number, (threshold, own, other) in enumerate(
            bins([each.weight for each in methods] + [0] * spare)
        ):
            call = ecosystem * CALL_BINS + number
            rows.append({"call": call, "threshold": threshold} | _sides(fields[own], fields[other]))
    return rows


def slices() -> list[dict[str, Any]]:
    """Cut a day into slices with equally many requests each: where one begins and how long it is, in µs."""
    rows: list[dict[str, Any]] = []
    for number, share in enumerate(traffic.HOURS):
        bounds = [number * _HOUR + _HOUR * step // share for step in range(share + 1)]
        rows += [{"begin": begin, "length": end - begin} for begin, end in pairwise(bounds)]
    return [{"slice": number} | row for number, row in enumerate(rows)]


def _sides(own: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """Give both sides of an alias bin as columns of one row."""
    return {f"own_{name}": value for name, value in own.items()} | {
        f"other_{name}": value for name, value in other.items()
    }


def _chains_of(organisation: str, seed: int) -> list[tuple[traffic.Chain, str]]:
    """Choose the chains that an organisation uses, popular ones more often, and its network on each."""
    chance = hashlib.sha256(f"{seed}/{organisation}".encode()).digest()
    left, chosen = list(traffic.CHAINS), []
    for number in range(len(traffic.PLACES)):
        pick = int.from_bytes(chance[8 * number : 8 * number + 7]) % sum(chain.weight for chain in left)
        chain = next(chain for chain, upper in _running(left) if pick < upper)
        left.remove(chain)
        main, *tests = chain.networks
        test = chance[8 * number + 7]
        chosen.append((chain, main if test < _MAIN_NETWORK else tests[test % len(tests)]))
    return chosen


def _running(chains: Iterable[traffic.Chain]) -> Iterator[tuple[traffic.Chain, int]]:
    upper = 0
    for chain in chains:
        upper += chain.weight
        yield chain, upper
