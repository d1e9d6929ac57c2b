"""Whether a value is more than noise: natural process limits and three rules, in SQL.

Source: Donald J. Wheeler, Understanding Variation: The Key to Managing Chaos (SPC Press, 2nd ed.
2000): the XmR chart of individual values and moving ranges, its scaling factors 2.66 and 3.268, and
the rules: a point outside the limits; three of four consecutive points nearer to one of the limits
than to the centre line; eight consecutive points on one side of the centre line.

The limits of a period are drawn from the points before it: nothing later, and not the point itself,
which would widen the limits that it is held against. Points are measured periods that are due. A
period without one is a gap: no moving range spans it, and points on both sides of it are not
consecutive.

Weeks, months and quarters with enough of a history are compared with the same period a year before
(by calendar key): the points are then the differences, so that a season is not taken for a signal.
Not days (the same date is another weekday) and not years (they have no season).

Sliding windows and sums to date share days with the period before: their values follow one another
by construction, and a year to date rises whatever happens. They are no points, and have no signal.
"""

POINTS = 8  # points before the period that a signal needs
RANGES = 3  # moving ranges among them that limits need
LIMIT_FACTOR = 2.66  # 3 / 1.128; 1.128 is d2 of two points
RANGE_FACTOR = 3.268  # D4 of two points
SLACK = 1e-9  # relative; keeps a constant series from leaving its limits by a rounding error
SEASONAL = "('weekly', 'monthly', 'quarterly')"

_SLICE = "kpi, cadence, slice, slice_value"


def signals_sql() -> str:
    """Fill `publish_signals`: one row per published row, with its limits and what they say."""
    return f"""
CREATE OR REPLACE TEMP TABLE publish_signals AS
WITH points AS (
    SELECT {_SLICE}, period, period_start, year_ago_period,
        CASE WHEN is_measured AND NOT is_early AND has_own_days THEN value END AS point
    FROM publish_rows
),
series AS (
    -- Two readings of the same points: as they are, and as differences from a year before.
    SELECT 'values' AS basis, {_SLICE}, period, period_start, 0.0 AS level, point AS x
    FROM points
    UNION ALL
    SELECT 'year_ago', {", ".join("p." + name for name in _SLICE.split(", "))},
        p.period, p.period_start, y.point, p.point - y.point
    FROM points AS p
    LEFT JOIN points AS y
        ON y.kpi = p.kpi AND y.cadence = p.cadence AND y.slice = p.slice
        AND y.slice_value = p.slice_value AND y.period = p.year_ago_period
    WHERE p.cadence IN {SEASONAL}
),
ranges AS (
    SELECT *, abs(x - lag(x) OVER in_order) AS moving_range
    FROM series
    WINDOW in_order AS (PARTITION BY basis, {_SLICE} ORDER BY period_start)
),
limits AS (
    -- From the points before each one; the last eight periods with it are what the rules look at.
    SELECT *,
        count(x) OVER earlier AS points_before,
        avg(x) OVER earlier AS centre,
        CASE WHEN count(moving_range) OVER earlier >= {RANGES}
            THEN avg(moving_range) OVER earlier END AS mean_range,
        list(x) OVER recent AS last_eight
    FROM ranges
    WINDOW earlier AS (
            PARTITION BY basis, {_SLICE} ORDER BY period_start
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ),
        recent AS (
            PARTITION BY basis, {_SLICE} ORDER BY period_start
            ROWS BETWEEN 7 PRECEDING AND CURRENT ROW
        )
),
chosen AS (
    SELECT * FROM limits
    WHERE basis = 'values'
        OR (level IS NOT NULL AND points_before >= {POINTS} AND mean_range IS NOT NULL)
    QUALIFY row_number() OVER (PARTITION BY {_SLICE}, period ORDER BY basis DESC) = 1
),
distances AS (
    -- How far the last points lie from the centre line, counted towards the side of this one.
    SELECT *,
        {LIMIT_FACTOR} * mean_range AS reach,
        {SLACK} * greatest(abs(x), abs(centre)) AS slack,
        list_transform(last_eight, lambda p: (p - centre) * sign(x - centre)) AS away
    FROM chosen
)
SELECT {_SLICE}, period, basis AS signal_basis, points_before AS limit_points,
    CASE WHEN reach IS NOT NULL THEN level + centre END AS centre_line,
    level + centre - reach AS lower_limit,
    level + centre + reach AS upper_limit,
    {RANGE_FACTOR} * mean_range AS moving_range_limit,
    x IS NOT NULL AS is_point,
    points_before >= {POINTS} AND reach IS NOT NULL AS has_limits,
    x > centre AS is_above,
    CASE
        WHEN x IS NULL OR NOT has_limits THEN NULL
        WHEN away[-1] > reach + slack THEN 'outside_limits'
        WHEN away[-1] > reach / 2 + slack AND {_of_the_last(4, "reach / 2")} >= 3
            THEN 'near_limit'
        WHEN {_of_the_last(8, "0")} = 8 THEN 'run_of_eight'
    END AS signal_rule
FROM distances"""


def _of_the_last(periods: int, distance: str) -> str:
    """How many of the last periods lie farther out than `distance`; a gap among them: none."""
    last = f"away[-{periods}:]"
    return (
        f"CASE WHEN list_count({last}) = {periods} "
        f"THEN len(list_filter({last}, lambda p: p > {distance} + slack)) ELSE 0 END"
    )


def signal() -> str:
    """What a rule's finding means, in the KPI's direction; `g` is a row of `publish_signals`.

    Inside a band one value is as good as another; towards a band is better, away from it worse.
    Without a known band nobody can call a change good.
    """
    off_band, off_before = (
        f"greatest(r.target_low - {value}, {value} - r.target_high, 0)"
        for value in ("r.value", "g.centre_line")
    )
    return f"""CASE
        WHEN NOT g.is_point THEN NULL
        WHEN NOT g.has_limits THEN 'too_few_points'
        WHEN g.signal_rule IS NULL THEN 'none'
        WHEN r.direction = 'in_range' THEN CASE
            WHEN r.target_low IS NULL OR {off_band} > {off_before} THEN 'concerning'
            WHEN {off_band} < {off_before} THEN 'improving'
            ELSE 'none' END
        WHEN g.is_above = (r.direction = 'higher_is_better') THEN 'improving'
        ELSE 'concerning'
    END"""
