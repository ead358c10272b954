"""Random books with a few contracts, and usage for them, for what must hold whatever a book says."""

from hypothesis import strategies as st

PRICES = [
    "{amount: 0.0125, per: 1}",
    "{amount: 1, per: 3}",
    "{amount: {USD: 0.02, EUR: 0.018}, per: 1}",
    "{model: graduated, per: 100, tiers: [{up_to: 100, amount: 7}, {up_to: 1000, amount: 3, flat: 2.5}, {amount: 1}]}",
    "{model: volume, per: 10, tiers: [{up_to: 500, amount: 1, flat: 1}, {amount: 0.7}]}",
    "{model: package, size: 7, amount: 0.333}",
    "{model: flat, amount: 12.345, flat_at_zero: true}",
    "{model: graduated, per: 1, flat_at_zero: true, tiers: [{up_to: 9, amount: 0, flat: 3}, {amount: 0.01}]}",
    "{model: matrix, by: [chain], values: {eth: {amount: 0.3, per: 1}, default: {model: package, size: 9, amount: 1}}}",
    "{model: matrix, by: [method, chain], values: {call: {default: free}, default: {sol: {amount: 2, per: 7}}}}",
    "{per: 1, versions: [{amount: 0.02}, {from: 2026-10-15, amount: 0.03}, {from: 2026-11-05, amount: 0}]}",
    "free",
    "blocked",
]
CONVERSIONS = ["{}", "{divide_by: 7}", "{divide_by: 10, round: up}", "{divide_by: 3, round: half_up}"]
TERMS = [
    "included: 50",
    "included: 100.5, included_each: true",
    "included: 300, prorate_included: days",
    "discount: {percent: 12.5}",
    "discount: {versions: [{percent: 5}, {from: 2026-10-20T12:00:00Z, percent: 50}]}",
    "minimum: 3",
    "maximum: 4.005",
    "maximum: {versions: [{value: 9}, {from: 2026-11-01, value: 2}]}",
    "pool_by: [account]",
    "pool_by: [account, chain]",
]
CHILDREN = [
    "{id: one, org: k0}",
    "{id: two, subjects: [k1, k2], from: 2026-10-10T12:00:00Z}",
    "{id: three, org: k3, until: 2026-10-20}",
]
FEES = [
    "{id: base, name: Base, amount: 49, bill: in_advance}",
    "{id: seat, name: Seats, amount: 9.99, quantity: 3, every: month}",
    "{id: year, name: Year, amount: 1200, every: year, bill: in_advance}",
    "{id: year-end, name: Year, amount: 999.99, every: year}",
    "{id: week, name: Week, amount: 7, every: week, prorate: none}",
    "{id: set-up, name: Set-up, amount: 100, every: once}",
    "{id: welcome, name: Welcome, amount: 10, every: once, bill: in_advance}",
    "{id: exact, name: Exact, amount: {versions: [{value: 31}, {from: 2026-10-15, value: 30}]}, prorate: seconds}",
]
DISCOUNTS = [
    "{percent: 10, applies_to: [usage]}",
    "{percent: 33.3, applies_to: [usage, fee], from: 2026-10-10, until: 2026-11-20}",
    "{id: launch, percent: 50, applies_to: [base, rpc], until: 2026-10-12T12:00:00Z}",
    "{percent: 100, applies_to: [eg]}",
]
SPECS = {
    "utc": "{time_zone: UTC, currency: USD, tax: {name: VAT, percent: 19}}",
    "paris": "{time_zone: Europe/Paris, currency: EUR, fx: {source: ecb}, tax: {name: T, round_on: line, percent: 7}}",
    "tokyo": "{time_zone: Asia/Tokyo, currency: JPY, fx: {source: boj}, rounding: {mode: half_even}}",
    "cairo": "{time_zone: Africa/Cairo, currency: KWD, fx: {source: ecb}, tax: external, rounding: {mode: up}}",
}
RATES = """
    2026-08-30,ecb,EUR/USD,1.16
    2026-10-30,ecb,EUR/USD,1.17
    2026-08-30,boj,USD/JPY,151.23
    2026-08-30,ecb,USD/KWD,0.307
"""
STARTS = [
    "2024-02-29",
    "2025-03-01",
    "2025-09-01",
    "2026-01-31",
    "2026-09-15T12:00:00Z",
    "2026-10-01",
    "2026-10-31",
]
ENDS = ["", "2026-10-12T18:00:00Z", "2026-10-31", "2026-11-01T09:30:00Z", "2026-11-15", "2027-09-01"]
CYCLES = ["month", "month", "quarter", "week", "year"]
MULTIPLIERS = """
multipliers:
  weights:
    by: [chain]
    versions: [{values: {eth: 2.5, sol: 1}}, {from: 2026-10-08, values: {sol: 3, default: 0.1}}]
"""


def some(of: list[str], most: int) -> st.SearchStrategy[str]:
    """Draw a few of the texts, joined as YAML joins them."""
    return st.lists(
        st.sampled_from(of), max_size=most, unique_by=lambda one: one.split(":")[0] + one[:12]
    ).map(", ".join)


@st.composite
def charges(draw: st.DrawFn) -> str:
    """Draw charges for `rpc` and `eg`, or one of them."""
    rules = draw(
        st.sampled_from([["rpc"], ["eg"], ["rpc", "eg"], ["rpc", "peaks"], ["rpc", "eth"], ["units", "eth"]])
    )
    return ", ".join(f"{{rating: {rule}{''.join(', ' + term for term in draw(_terms))}}}" for rule in rules)


_terms = st.lists(st.sampled_from(TERMS), max_size=3, unique_by=lambda term: term.split(":")[0])


@st.composite
def rules(draw: st.DrawFn) -> str:
    """Draw the rating rules."""
    rows = ["rating:"]
    for rule, meter in (("rpc", "requests"), ("eg", "egress"), ("peaks", "peak")):
        multiply = ", multiply_by: [weights]" if draw(st.booleans()) else ""
        prices = PRICES if meter == "requests" else [price for price in PRICES if "method" not in price]
        pool = draw(st.sampled_from(["[]", "[]", "[chain]"]))
        lines = draw(st.sampled_from(["[]", "[chain]"]))
        rows.append(
            f"  {rule}: {{meter: {meter}{multiply}, pool_by: {pool}, lines_by: {lines}, "
            f"convert: {draw(st.sampled_from(CONVERSIONS))}, price: {draw(st.sampled_from(prices))}}}"
        )
    prices = [price for price in PRICES if "method" not in price]
    meters = "{meter: requests, multiply_by: [weights]}, {meter: egress, factor: 0.25}, {meter: peak}"
    rows += [
        f"  units: {{meters: [{meters}], unit: u, lines_by: [method], price: {draw(st.sampled_from(prices))}}}",
        f"  eth: {{meter: requests, where: {{chain: eth}}, price: {draw(st.sampled_from(prices))}}}",
    ]
    return "\n".join(rows)


@st.composite
def contracts(draw: st.DrawFn, most: int) -> str:
    """Draw contracts `c0`, `c1` …, each with a subject `s0`, `s1` …."""
    rows = ["contracts:"]
    for number in range(draw(st.integers(1, most))):
        start = draw(st.sampled_from(STARTS))
        end = draw(st.sampled_from([f", end: {end}" for end in ENDS if end > start] + [""]))
        anchor = draw(st.sampled_from(["calendar", "contract_start"]))
        children = draw(some(CHILDREN, 2)) if not number else ""
        rows += [
            f"  c{number}:",
            f"    {{org: s{number}, type: hybrid, spec: {draw(st.sampled_from(sorted(SPECS)))}, start: {start}{end},",
            f"     cycle: {{every: {draw(st.sampled_from(CYCLES))}, anchor: {anchor}}},",
            f"     fees: [{draw(some(FEES, 2))}], charges: [{draw(charges())}],",
            f"     discounts: [{draw(some(DISCOUNTS, 2))}], children: [{children}]}}",
        ]
    return "\n".join(rows)


events = st.builds(
    "{0} 2026-{1}T{2}Z {3} {4} chain={5} method={6}".format,
    st.sampled_from(["requests", "requests", "egress", "egress", "peak"]),
    st.sampled_from(["09-30", "10-01", "10-08", "10-15", "10-20", "10-31", "11-01", "11-20"]),
    st.sampled_from(["00:00:00", "12:00:00", "21:59:59.999999", "23:30:00"]),
    st.sampled_from(["s0", "s1", "s2", "s0", "s1", "k0", "k1", "k2", "k3"]),
    st.integers(0, 1500) | st.sampled_from([0, 1, 7, 100, 1000]),
    st.sampled_from(["eth", "sol", "NULL"]),
    st.sampled_from(["call", "trace"]),
)
corrections = st.builds(
    "egress 2026-{0}T12:00:00Z s{1} -{2} chain={3} method=call".format,
    st.sampled_from(["10-10", "10-25", "11-21"]),
    st.integers(0, 2),
    st.integers(1, 900),
    st.sampled_from(["eth", "sol"]),
)


@st.composite
def usage(draw: st.DrawFn) -> str:
    """Draw events of the contracts' subjects, most of them in October 2026, and a few corrections."""
    return "\n".join(
        draw(st.lists(events, min_size=4, max_size=16)) + draw(st.lists(corrections, max_size=2))
    )


@st.composite
def runs(draw: st.DrawFn, most: int = 3) -> tuple[str, str]:
    """Draw a book of up to `most` contracts, and usage of them in autumn 2026."""
    specs = "specs:" + "".join(f"\n  {name}: {spec}" for name, spec in SPECS.items())
    book = "\n".join((MULTIPLIERS, specs, draw(rules()), draw(contracts(most))))
    return book, draw(usage())
