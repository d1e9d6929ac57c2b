"""How often a KPI is computed."""

from typing import Literal

Cadence = Literal["daily", "weekly", "monthly", "yearly"]
CADENCES: tuple[Cadence, ...] = ("daily", "weekly", "monthly", "yearly")  # from fine to coarse
