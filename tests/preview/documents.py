"""Three diff documents: one of no change, a small one, and one with everything that a document may have."""

import json
from pathlib import Path
from typing import Any, Final

_FOLDER: Final = Path(__file__).parent / "documents"

DOCUMENTS: Final[dict[str, Any]] = {
    name: json.loads((_FOLDER / f"{name}.json").read_text("utf-8")) for name in ("empty", "small", "rich")
}
EMPTY, SMALL, RICH = DOCUMENTS.values()
