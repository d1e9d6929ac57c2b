"""Realism of targets (M12): what history says of them, target by target and slice by slice.

History is the published final values. What is asked: how often it met the target, where the target
lies against the process's natural limits, and what it demands against the best value ever seen.
A target whose number is another one in every period (a share of a year's, a factor on last year's)
is met by a period that reached its own; the rest is asked of the number of one period.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from orchestration.audit.limits import NaturalLimits, natural_limits

if TYPE_CHECKING:
    import duckdb

Says = Literal["always", "sometimes", "beyond", "too_short"]
Place = tuple[str, str, str, str]  # kpi, cadence, slice, slice_value
History = Sequence[tuple[str, float | None]]  # (period, final value or None) in the order of time


@dataclass(frozen=True)
class Wanted:
    """A target or a band, both ends inclusive, in the KPI's unit."""

    target: float | None = None
    low: float | None = None
    high: float | None = None
    valid_from: dt.date | None = None  # None: one that is only tried
    valid_to: dt.date | None = None
    period: str | None = None  # whose number it is, where it is not the same in every period

    def is_met(self, value: float, direction: str) -> bool:
        """Whether a value reaches it."""
        low, high = self.ends(direction)
        return low <= value <= high

    def ends(self, direction: str) -> tuple[float, float]:
        """The values that reach it, as a range."""
        if self.target is None:
            return (
                float("-inf") if self.low is None else self.low,
                float("inf") if self.high is None else self.high,
            )
        if direction == "lower_is_better":
            return float("-inf"), self.target
        return self.target, float("inf")


@dataclass(frozen=True)
class Feasibility:
    """What history says of one target in one cadence and slice; numbers in the KPI's unit.

    Attributes:
        periods: Final values in history.
        judged: How many of them were held against the target: all, or those with one of their own.
        met: How many of these met it.
        lower: Lower natural limit; as `centre` and `upper` None where history is too short.
        outside: How far the target lies beyond the limit that it asks to pass; 0 inside.
        best: The best value ever: the highest, the lowest, or the nearest to a band's middle.
        demands: Target / best - 1: the growth asked of the best value (below zero for a KPI where
            lower is better: the cut). None for a band, and on a best value not above zero.
        is_reached: Whether the best value met the target.
        says: always (within both limits the process meets it), sometimes, beyond (no value within
            the limits meets it), too_short (fewer than 8 final values).
    """

    kpi: str
    cadence: str
    slice: str
    slice_value: str
    wanted: Wanted
    periods: int
    first_period: str | None
    last_period: str | None
    judged: int
    met: int
    centre: float | None
    lower: float | None
    upper: float | None
    outside: float | None
    best: float | None
    best_period: str | None
    demands: float | None
    is_reached: bool
    says: Says


def feasibilities(
    con: "duckdb.DuckDBPyConnection",
    as_of: dt.date,
    kpi: str | None = None,
    *,
    schema: str = "main",
) -> tuple[Feasibility, ...]:
    """Every target that counts, of one KPI or of all, in the order of KPI, cadence and slice.

    A target counts where it is in force in the newest due period, or later. Where there is none of
    these, the newest one counts.

    Args:
        con: Connection to a publication.
        as_of: Its clock.
        kpi: Its id; None: all.
        schema: Where the tables are.
    """
    directions = _directions(con, kpi, schema)
    histories = _histories(con, kpi, schema)
    return tuple(
        judge_target(place, wanted, histories.get(place, ()), directions[place[0]], own)
        for place, wanted, own in _targets(con, as_of, kpi, schema)
    )


def try_target(
    con: "duckdb.DuckDBPyConnection", place: Place, wanted: Wanted, *, schema: str = "main"
) -> Feasibility:
    """What history says of a target that is not set yet."""
    history = _histories(con, place[0], schema).get(place, ())
    return judge_target(place, wanted, history, _directions(con, place[0], schema)[place[0]])


def judge_target(
    place: Place,
    wanted: Wanted,
    history: History,
    direction: str,
    own: Mapping[str, Wanted] | None = None,
) -> Feasibility:
    """Compare one target with one history.

    Args:
        place: KPI, cadence and slice.
        wanted: The target.
        history: Every period with its final value, None where there is none.
        direction: The KPI's.
        own: Period -> its own target, where they differ.
    """
    points = [(period, value) for period, value in history if value is not None]
    limits = natural_limits([value for _, value in history])
    best_period, best = _best(wanted, points, direction)
    demands = None
    if best is not None and best > 0 and wanted.target is not None:
        demands = wanted.target / best - 1
    held = [(value, wanted if own is None else own.get(period)) for period, value in points]
    results = [target.is_met(value, direction) for value, target in held if target is not None]
    return Feasibility(
        *place,
        wanted,
        periods=len(points),
        first_period=points[0][0] if points else None,
        last_period=points[-1][0] if points else None,
        judged=len(results),
        met=sum(results),
        centre=limits.centre if limits else None,
        lower=limits.lower if limits else None,
        upper=limits.upper if limits else None,
        outside=_outside(wanted.ends(direction), limits) if limits else None,
        best=best,
        best_period=best_period,
        demands=demands,
        is_reached=best is not None and wanted.is_met(best, direction),
        says=_says(wanted.ends(direction), limits) if limits else "too_short",
    )


def _best(
    wanted: Wanted, points: Sequence[tuple[str, float]], direction: str
) -> tuple[str, float] | tuple[None, None]:
    if not points:
        return None, None
    if direction == "lower_is_better":
        return min(points, key=lambda point: point[1])
    if direction == "in_range" and wanted.low is not None and wanted.high is not None:
        middle = (wanted.low + wanted.high) / 2
        return min(points, key=lambda point: abs(point[1] - middle))
    return max(points, key=lambda point: point[1])


def _outside(ends: tuple[float, float], limits: NaturalLimits) -> float:
    low, high = ends
    return max(low - limits.upper, limits.lower - high, 0.0)


def _says(ends: tuple[float, float], limits: NaturalLimits) -> Says:
    low, high = ends
    if low <= limits.lower and limits.upper <= high:
        return "always"
    return "beyond" if limits.upper < low or high < limits.lower else "sometimes"


# -- reading ----------------------------------------------------------------------------------


def _directions(
    con: "duckdb.DuckDBPyConnection", kpi: str | None, schema: str
) -> Mapping[str, str]:
    rows = con.execute(
        f"select kpi, direction from {schema}.kpi_catalog "
        "where is_current and kpi = coalesce(?, kpi)",
        [kpi],
    ).fetchall()
    return dict(rows)


def _histories(
    con: "duckdb.DuckDBPyConnection", kpi: str | None, schema: str
) -> dict[Place, History]:
    rows = con.execute(
        f"""
        select kpi, cadence, slice, slice_value,
            list(
                (period, case when data_status = 'final' then value end) order by period_start
            )
        from {schema}.kpi_values
        where kpi = coalesce(?, kpi)
        group by all
        """,
        [kpi],
    ).fetchall()
    return {(row[0], row[1], row[2], row[3]): row[4] for row in rows}


def _targets(
    con: "duckdb.DuckDBPyConnection", as_of: dt.date, kpi: str | None, schema: str
) -> list[tuple[Place, Wanted, Mapping[str, Wanted] | None]]:
    """Each target of the specs that counts, with the periods' own numbers where they differ."""
    rows: list[tuple[Any, ...]] = con.execute(
        f"""
        with
        -- Per KPI and cadence the first day of the newest due period.
        newest as (
            select
                kpi, cadence,
                coalesce(
                    max(case when due_at <= $as_of then period_start end), min(period_start)
                ) as due_start
            from {schema}.kpi_values
            where slice = 'total'
            group by all
        ),
        -- One row per target of the spec; its number is that of the newest due period, or else of
        -- the first one after it, or else of the last one before.
        targets as (
            select
                t.kpi, t.cadence, t.slice, t.slice_value, t.valid_from, t.valid_to,
                arg_min(
                    struct_pack(
                        period := t.period, target := t.target,
                        low := t.target_low, high := t.target_high
                    ),
                    case when t.period_start >= due_start then t.period_start - due_start
                        else 1000000 + (due_start - t.period_start) end
                ) as number,
                bool_or(t.period_start >= due_start) as counts,
                count(distinct (t.target, t.target_low, t.target_high)) > 1 as differs,
                list((t.period, t.target, t.target_low, t.target_high)) as own
            from {schema}.kpi_targets as t
            inner join newest using (kpi, cadence)
            where t.kpi = coalesce($kpi, t.kpi) and t.reason = ''
            group by all
        )
        select kpi, cadence, slice, slice_value, number, valid_from, valid_to, differs, own
        from targets
        inner join (
            select kpi, string_split(cadence, ',') as cadences
            from {schema}.kpi_catalog
            where is_current
        ) using (kpi)
        window place as (partition by kpi, cadence, slice, slice_value)
        -- Without one that counts, the newest.
        qualify counts or (
            not bool_or(counts) over place and valid_from = max(valid_from) over place
        )
        order by kpi, list_position(cadences, cadence), slice <> 'total',
            slice, slice_value, valid_from
        """,
        {"kpi": kpi, "as_of": as_of},
    ).fetchall()
    return [_target(row) for row in rows]


def _target(row: tuple[Any, ...]) -> tuple[Place, Wanted, Mapping[str, Wanted] | None]:
    kpi, cadence, slice_, slice_value, number, valid_from, valid_to, differs, own = row
    wanted = Wanted(
        number["target"], number["low"], number["high"], valid_from, valid_to,
        number["period"] if differs else None,
    )  # fmt: skip
    numbers = {period: Wanted(target, low, high) for period, target, low, high in own}
    return (kpi, cadence, slice_, slice_value), wanted, numbers if differs else None
