"""The SQL that says how much of an open period's target should be reached by now.

Only for KPIs that add up over time: half of a month's conversion rate is not half of it. The days
elapsed are those that the value can hold: up to the newest day of its sources, at most the clock.
A divided target expects what its parts expect: the whole of those that are over, and the elapsed
days' share of the open one; so a year divided by last year is paced by last year's shape.
"""

from orchestration.publish.target_base import on_paper
from orchestration.publish.target_splits import AMOUNTS


def pace_sql() -> str:
    """Fill `publish_pace`. Parameter: $as_of."""
    elapsed = "greatest(0, least(o.through, e.period_end) - e.period_start + 1)"
    share = f"{elapsed} / (e.period_end - e.period_start + 1)"
    expected = ", ".join(
        f"{on_paper(f'sum(e.{name} * {share})')} AS pace_{name}"
        for name in AMOUNTS
        if name != "warning"
    )
    return f"""
CREATE OR REPLACE TEMP TABLE publish_pace AS
WITH open AS (
    SELECT kpi, cadence, period, slice, slice_value,
        least(period_end, data_through, $as_of) AS through
    FROM publish_rows
    WHERE is_measured AND is_early AND is_additive AND data_through IS NOT NULL
),
expecting AS (
    -- Of a target with parts the parts; of any other, and of a part, itself.
    SELECT t.kpi, t.cadence, t.period, t.slice, t.slice_value, e.period_start, e.period_end,
        e.target, e.target_low, e.target_high
    FROM publish_targets AS t
    JOIN publish_parts AS e
        ON e.target_id = t.target_id AND e.whole_period = t.period AND e.cadence = t.paced_by
    UNION ALL BY NAME
    SELECT kpi, cadence, period, slice, slice_value, period_start, period_end,
        target, target_low, target_high
    FROM (
        SELECT * FROM publish_targets WHERE paced_by IS NULL
        UNION ALL BY NAME SELECT * FROM publish_parts
    )
)
SELECT o.kpi, o.cadence, o.period, o.slice, o.slice_value, {expected}
FROM open AS o
JOIN expecting AS e USING (kpi, cadence, period, slice, slice_value)
GROUP BY ALL"""
