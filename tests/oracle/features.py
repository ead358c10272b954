"""What random cases draw: each feature is drawn once the engine has it.

A feature that is left out of `SWITCHED_ON` is known to the oracle and its own tests, but is not compared.
"""

SWITCHED_ON: tuple[str, ...] = ("narrower",)
"""`narrower`: several charges on one meter, of which one is narrower or a surcharge."""
