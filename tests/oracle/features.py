"""What random cases draw: each feature is drawn once the engine has it.

A feature that is left out of `SWITCHED_ON` is known to the oracle and its own tests, but is not compared.
"""

SWITCHED_ON: tuple[str, ...] = (
    *("narrower", "percentile", "expressions", "shares", "package_round", "taxes", "recurring", "operation"),
)
"""
`narrower`: several charges on one meter, of which one is narrower or a surcharge.
`percentile`, `expressions`, `recurring`, `operation`: of meters.
`shares`: prices that are a share of an amount of money.
`package_round`: packages that are full, or started.
`taxes`: rates that change, each line taxed by its date of supply.
"""
