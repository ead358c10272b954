"""The closed list of finding codes. docs/reference/findings.md says the same, and a test keeps the two equal.

1xx a file could not be read · 2xx a key or value has the wrong shape · 3xx files do not fit together ·
4xx usage could not be read or trusted · 5xx usage was measured but not billed, or a price did not fit ·
6xx a source, feed or run could not do its work.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal, NamedTuple


class Code(NamedTuple):
    """What a code means: its severity and its title."""

    severity: Literal["error", "warning", "info"]
    title: str


CODES: Final[Mapping[str, Code]] = MappingProxyType(
    {
        # 5xx: usage that was measured but not billed, and prices that did not fit
        "RB501": Code("error", "Usage of a subject that no contract names"),
        "RB502": Code("error", "Usage outside the life of its contract"),
        "RB503": Code("error", "Usage of a meter for which the contract has no price"),
        "RB504": Code("error", "Usage that no multiplier covers"),
        "RB505": Code("error", "Usage that no cell of a price matrix covers"),
        "RB506": Code("error", "Usage beyond the included units of a blocked price"),
        "RB507": Code("error", "Usage of a billing period adds up to less than zero"),
        "RB508": Code("error", "No exchange rate"),
        "RB509": Code("warning", "Exchange rate is estimated"),
        "RB510": Code("info", "The billing period is not over yet"),
    }
)
