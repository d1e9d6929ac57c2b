"""The SQL that divides a target among the periods within it; the parts add up to it exactly.

Method of the largest remainder: a part is first the whole number of steps (cents, mostly) that its
share of the whole holds; the steps left over go one each to the largest remainders, the earlier
period first. All of it in integers, so that nothing is lost; a part becomes a DOUBLE only when it
is done, the DOUBLE nearest to its decimal number.

Shares: `equal`, the same for each; `by_days`, the days of the period; `by_last_year`, the value of
the same period a year before, by calendar key. Where one of these has no published value, or is
below zero, or all are zero, no part has a target: a made-up share would be passed on to the others.
"""

from orchestration.publish.target_base import BASE_VALUE, base_join, base_reason

AMOUNTS = ("target", "target_low", "target_high", "warning")
_LARGEST = "1e12"  # shares by last year are counted in such parts of the largest one


def parts_sql() -> str:
    """Fill `publish_parts`: one row per divided target and part."""
    return f"""
CREATE OR REPLACE TEMP TABLE publish_parts AS
WITH wanted AS (
    -- All parts of every period that the target holds for.
    SELECT t.* REPLACE (CASE WHEN t.split = 'by_last_year' THEN t.kpi END AS base_kpi),
        w.period AS whole_period, t.target AS whole_target,
        p.period, p.period_start, p.period_end, p.period_days,
        CASE WHEN t.split = 'by_last_year' THEN p.year_ago_period END AS base_period
    FROM publish_target_specs AS t
    JOIN publish_periods AS w
        ON w.calendar = t.calendar AND w.cadence = t.whole_cadence
        AND w.period_start BETWEEN t.valid_from AND coalesce(t.valid_to, DATE '9999-12-31')
    JOIN publish_periods AS p
        ON p.calendar = t.calendar AND p.cadence = t.cadence
        AND p.period_start BETWEEN w.period_start AND w.period_end
    WHERE t.kind = 'split'
),
based AS (
    -- Last year's value of each part, where the shares come from it.
    SELECT w.*, {BASE_VALUE} AS base_value,
        CASE WHEN w.base_kpi IS NULL THEN '' ELSE {base_reason("w", "base_kpi")} END AS base_reason
    FROM wanted AS w
    {base_join("w", "base_kpi")}
),
reasoned AS (
    -- One share that is not known leaves all of them unknown.
    SELECT *,
        max(base_value) OVER parts AS largest,
        CASE
            WHEN split <> 'by_last_year' THEN ''
            WHEN min(nullif(base_reason, '')) OVER parts IS NOT NULL
                THEN 'Not divided by last year: '
                    || first_value(nullif(base_reason, '') IGNORE NULLS) OVER in_order
            WHEN min(base_value) OVER parts < 0
                THEN 'Not divided by last year: ' || kpi || ' was below zero in '
                    || arg_min(base_period, base_value) OVER parts || '.'
            WHEN largest = 0 THEN 'Not divided by last year: all of it was zero.'
            ELSE ''
        END AS reason
    FROM based
    WINDOW parts AS (PARTITION BY target_id, cadence, whole_period),
        in_order AS (
            PARTITION BY target_id, cadence, whole_period ORDER BY period_start
            ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
        )
),
weighed AS (
    SELECT *,
        CAST(CASE split WHEN 'equal' THEN 1 WHEN 'by_days' THEN period_days
            ELSE round(base_value / largest * {_LARGEST}) END AS HUGEINT) AS weight,
        sum(weight) OVER (PARTITION BY target_id, cadence, whole_period) AS weights
    FROM reasoned
    WHERE reason = ''
),
divided AS (
    -- Whole steps of each share, and what is left of it.
    SELECT *{_each(", {a}_steps * weight // weights AS {a}_part")}
        {_each(", {a}_steps * weight % weights AS {a}_rest")}
    FROM weighed
),
ranked AS (
    SELECT *{
        _each(
            ", row_number() OVER (PARTITION BY target_id, cadence, whole_period "
            "ORDER BY {a}_rest DESC, period_start) AS {a}_rank"
        )
    }
        {
        _each(
            ", {a}_steps - sum({a}_part) OVER "
            "(PARTITION BY target_id, cadence, whole_period) AS {a}_left"
        )
    }
    FROM divided
)
SELECT * EXCLUDE (largest, base_reason, weight, weights{
        _each(", {a}_part, {a}_rest, {a}_rank, {a}_left")
    }) REPLACE ({_each(_amount(), ", ")})
FROM ranked
UNION ALL BY NAME
SELECT * EXCLUDE (largest, base_reason) REPLACE ({_each("NULL::DOUBLE AS {a}", ", ")})
FROM reasoned
WHERE reason <> ''"""


def _amount() -> str:
    """The steps as a number again; of a whole below zero the steps were counted from its size."""
    return (
        "sign({a}) * CAST({a}_part + CAST({a}_rank <= {a}_left AS INTEGER) AS DOUBLE) "
        "/ power(10, decimals) AS {a}"
    )


def _each(template: str, between: str = "") -> str:
    """The template once for each amount: they are divided alike, each by itself."""
    return between.join(template.format(a=amount) for amount in AMOUNTS)
