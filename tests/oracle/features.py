"""What random cases draw: each feature is drawn once the engine has it.

A feature that is left out of `SWITCHED_ON` is known to the oracle and its own tests, but is not compared.
"""

SWITCHED_ON: tuple[str, ...] = (
    "narrower",
    "percentile",
    "expressions",
    "shares",
    "package_round",
    "taxes",
    "shared",
    "phases",
    "trials",
    "pauses",
    "discounts",
    "recurring",
    "operation",
    "commitments",
    "credits",
    "price_lock",
    "dated_overrides",
    "taxes_in_stages",
    "pricing_units",
    "children",
)
"""
`narrower`: several charges on one meter, of which one is narrower or a surcharge.
`percentile`, `expressions`, `recurring`, `operation`: of meters.
`shares`: prices that are a share of an amount of money.
`package_round`: packages that are full, or started.
`taxes`: named rates and rates that change, prices that contain them, and customers with a tax of their own.
`shared`: meters that share a ladder.
`phases`, `trials`, `pauses`, `price_lock`, `dated_overrides`: of contracts, in time.
`taxes_in_stages`: rates that change where contracts have stages, and plans that name other rates for the same fee.
`pricing_units`: amounts in a unit that is worth money by a dated conversion.
`children`: accounts whose usage a contract pays for.
`discounts`: amounts and units, some periods, a plan, and of the whole.
`commitments`, `credits`: with balances that boundaries chain.
"""
