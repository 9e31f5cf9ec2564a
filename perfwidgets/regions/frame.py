"""What a region counted, as a table of pandas."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from perfwidgets.regions.comparison import Comparison
    from perfwidgets.regions.result import RegionResult

__all__ = ["as_frame", "comparison_frame"]


def as_frame(result: RegionResult) -> pd.DataFrame:
    """Return a row for each event, as `RegionResult.to_pandas` has it."""
    import pandas as pd  # noqa: PLC0415  (takes a second, and few ask for it)

    def number(value: float | None) -> float:
        return math.nan if value is None else value

    rows = [
        {
            "count": number(reading.count),
            "spread": number(result.spread(reading.event)),
            "per_second": number(reading.rate),
            "unit": reading.unit or "",
            "status": reading.status.value,
            "running": reading.running,
            "cost": number(result.cost_of(reading.event)),
        }
        for reading in result.readings
    ]
    names = pd.Index([reading.event for reading in result.readings], dtype=object, name="event")
    columns = ["count", "spread", "per_second", "unit", "status", "running", "cost"]
    return pd.DataFrame(rows, index=names, columns=columns)


def comparison_frame(comparison: Comparison) -> pd.DataFrame:
    """Return the table that `Comparison.to_pandas` describes."""
    import pandas as pd  # noqa: PLC0415  (takes a second, and few ask for it)

    rows = [
        (
            *(variant, r.event, comparison.base_of(r.event)),
            *(r.ratio, r.low, r.high, r.verdict, r.reason),
        )
        for variant, ratios in comparison.items()
        for r in ratios.values()
    ]
    columns = ["variant", "event", "base", "ratio", "low", "high", "verdict", "reason"]
    table = pd.DataFrame(rows, columns=columns).set_index(["variant", "event"])
    numbers = ["base", "ratio", "low", "high"]
    table[numbers] = table[numbers].astype(float)
    return table
