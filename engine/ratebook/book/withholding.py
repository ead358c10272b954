"""Tevkifat: how much of the KDV a buyer in Türkiye withholds, by the code of what was sold.

The shares are those of the partial withholding (kısmi tevkifat) of the KDV Genel Uygulama Tebliği, I/C-2.1.3, under the
codes of GİB's e-Fatura list, as Odoo's Turkish electronic invoice listed them when it was read on 2026-11-24 (odoo/odoo
00aa9fbd, l10n_tr_nilvera_einvoice_extended). They change by decree: a contract's `share` wins over the table.
"""

from collections.abc import Mapping
from fractions import Fraction
from types import MappingProxyType
from typing import Final

_TENTHS: Final = {
    2: "624 626",
    3: "625",
    4: "601",
    5: "604 605 614 616 623 627",
    7: "603 609 615 617 618 619 620",
    9: "602 606 607 608 610 611 612 613 621 622",
}

SHARES: Final[Mapping[str, Fraction]] = MappingProxyType(
    {code: Fraction(tenths, 10) for tenths, codes in _TENTHS.items() for code in codes.split()}
)
"""Code → the part of the tax that the buyer pays to the tax office instead of the seller."""
