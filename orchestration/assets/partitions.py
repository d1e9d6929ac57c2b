"""Periods as Dagster partitions: a KPI is partitioned by the finest of its cadences.

Keys are the period labels of the published tables, except weeks, which Dagster cannot parse as
2017-W09: a week's key is its Monday.
"""

import datetime as dt

from dagster import TimeWindowPartitionsDefinition

from kpi_specs.compiler.calendar import DAY, period_of
from kpi_specs.language.cadence import CADENCES, Cadence
from kpi_specs.language.kpi import Kpi
from kpi_specs.language.project import ProjectSettings
from orchestration.run_context import RunContext

Clock = dt.date | None

CRON: dict[Cadence, str] = {
    "daily": "0 0 * * *",
    "weekly": "0 0 * * 1",
    "monthly": "0 0 1 * *",
    "yearly": "0 0 1 1 *",
}
KEY_FORMAT: dict[Cadence, str] = {
    "daily": "%Y-%m-%d",
    "weekly": "%Y-%m-%d",
    "monthly": "%Y-%m",
    "yearly": "%Y",
}


def finest_cadence(kpi: Kpi) -> Cadence:
    """The cadence that partitions a KPI."""
    return next(cadence for cadence in CADENCES if cadence in kpi.cadence)


def partitions_of(
    cadence: Cadence, settings: ProjectSettings, clock: Clock = None
) -> TimeWindowPartitionsDefinition:
    """All periods from `history_from` to the open one at the clock.

    Args:
        cadence: One of the four.
        settings: First day, time zone, and the default clock.
        clock: Where they end if not at the project's own clock. Without any they grow with time.
    """
    clock = clock or settings.as_of
    return TimeWindowPartitionsDefinition(
        cron_schedule=CRON[cadence],
        start=partition_key(cadence, settings.history_from),
        end=partition_key(cadence, period_of(clock, cadence).end + DAY) if clock else None,
        fmt=KEY_FORMAT[cadence],
        timezone=settings.time_zone,
        end_offset=0 if clock else 1,
    )


def partition_key(cadence: Cadence, day: dt.date) -> str:
    """Key of the period that a day lies in."""
    return period_of(day, cadence).start.strftime(KEY_FORMAT[cadence])


def partition_keys(cadence: Cadence, first: dt.date, last: dt.date) -> list[str]:
    """Keys of all periods that overlap `first`..`last`, in order; none when last < first."""
    keys = []
    day = first
    while day <= last:
        keys.append(partition_key(cadence, day))
        day = period_of(day, cadence).end + DAY
    return keys


def covered_keys(kpi: Kpi, order: RunContext) -> list[str]:
    """The partitions that a run over all cadences shows as computed.

    A backfill shows its range, any other run the open period and the one before it: it computed the
    whole history, but each event costs Dagster some 7 ms.
    """
    cadence = finest_cadence(kpi)
    history = order.project.settings.history_from
    if order.from_ or order.to:
        return partition_keys(
            cadence, order.from_ or history, min(order.to or order.as_of, order.as_of)
        )
    before = period_of(order.as_of, cadence).start - DAY
    return partition_keys(cadence, max(before, history), order.as_of)
