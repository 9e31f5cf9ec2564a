"""Exact counts of a region of code: ``with perfwidgets.count("label") as c:``.

Stands beside the collector: it starts a perf for each region, and knows no traits and no widgets.
"""

from __future__ import annotations

from perfwidgets.regions.budgets import BudgetCheck, BudgetReport
from perfwidgets.regions.comparison import Comparison, compare
from perfwidgets.regions.ratios import Ratio
from perfwidgets.regions.region import REGION_EVENTS, Region, count
from perfwidgets.regions.result import RegionResult

__all__ = [
    "REGION_EVENTS",
    "BudgetCheck",
    "BudgetReport",
    "Comparison",
    "Ratio",
    "Region",
    "RegionResult",
    "compare",
    "count",
]
