"""CTEs of the inputs: the verdicts on the KPIs that another one is computed from."""

from expectations.reasons import WARM_UP
from expectations.sql import NO_DATE, literal

# From good to bad: what all inputs of a row are worth together is the worst of them.
# `never`: the calendar has no such period (29 February a year before).
_RANKS = ("final", "provisional", "pending", "absent", "never", "unmeasurable", "error")

# Of several rows the first in this order is told: each run names the same one.
_ORDER = "(position, said_by, said_of)"

_TOO_LITTLE = WARM_UP.sentence.partition("{")[0]  # what follows says of what


def input_rows() -> str:
    """Each row beside the verdict of each of its inputs."""
    return f"""
-- One row per row of a KPI over others and per input: that input's own verdict. `said_by` and
-- `said_of` put what is said of one input into an order: its own verdict first, then days by date.
input_rows as (
    {_said(0, "verdict", of="rows.period_start", period="inputs.input_period")}
    from rows
    inner join (
        select
            kpi, position, upstream, upstream_words, shift, slice, slice_value, cadence, period,
            case shift
                when 'previous_period' then previous_period
                when 'same_period_last_year' then year_ago_period
                else period
            end as input_period
        from spec_inputs
        inner join (
            select distinct kpi, cadence, period, previous_period, year_ago_period from rows
        ) using (kpi)
    ) as inputs using (kpi, cadence, period)
    left join verdicts_so_far as verdict
        on verdict.kpi = inputs.upstream
        and verdict.cadence = rows.cadence
        and verdict.period = inputs.input_period
        and verdict.slice = coalesce(nullif(inputs.slice, ''), rows.slice)
        and verdict.slice_value = coalesce(nullif(inputs.slice_value, ''), rows.slice_value)
    union all
    -- The days of another period that an open one meets: those of which the data is not there.
    {_said(1, "day", of="day.period_start", period="day.period")}
    from rows
    inner join kpis using (kpi, cadence)
    inner join spec_inputs as inputs using (kpi)
    inner join calendar.period_days as days
        on days.calendar = rows.calendar
        and days.cadence = rows.cadence
        and days.period = case inputs.shift
            when 'previous_period' then rows.previous_period
            when 'same_period_last_year' then rows.year_ago_period
        end
    inner join verdicts_so_far as day
        on day.kpi = inputs.upstream
        and day.cadence = 'daily'
        and day.period_start = days.date
        and day.slice = rows.slice
        and day.slice_value = rows.slice_value
    where kpis.elapses
        and rows.period_end >= (select as_of from spec_clock)
        and days.day_number <= (select as_of from spec_clock) - rows.period_start + 1
        and day.data_status in ('unmeasurable', 'error')
        -- A quiet day is one of them; one whose data is not there is none.
        and not regexp_full_match(
            day.reason_codes, '(NO_ROWS|ZERO_DENOMINATOR|LOW_SAMPLE|VALUE_INVALID|,)+'
        )
    union all
    -- What an input's spec says of valid values is said of its own cadences: in another one it is
    -- computed for this KPI alone, and none of its own values in that time may be outside.
    {_said(2, "own", of="own.period_start", period="own.period")}
    from rows
    inner join spec_inputs as inputs using (kpi)
    inner join spec_lent as lent on lent.kpi = inputs.upstream and lent.cadence = rows.cadence
    inner join calendar.dim_period as taken
        on taken.calendar = rows.calendar
        and taken.cadence = rows.cadence
        and taken.period = case inputs.shift
            when 'previous_period' then rows.previous_period
            when 'same_period_last_year' then rows.year_ago_period
            else rows.period
        end
    inner join verdicts_so_far as own
        on own.kpi = inputs.upstream
        and own.cadence = lent.finer
        and own.period_start <= taken.period_end
        and own.period_end >= taken.period_start
        and own.slice = coalesce(nullif(inputs.slice, ''), rows.slice)
        and own.slice_value = coalesce(nullif(inputs.slice_value, ''), rows.slice_value)
    where contains(own.reason_codes, 'VALUE_INVALID')
)"""


def _said(by: int, verdict: str, *, of: str, period: str) -> str:
    """The select of a row beside a verdict on one of its inputs.

    Args:
        by: Its place in the order of what is said of one input.
        verdict: Alias of the verdict, which may be absent.
        of: SQL of the day that orders several such verdicts.
        period: SQL of the input's period; NULL where the calendar has none.
    """
    return f"""select
        rows.kpi, rows.cadence, rows.period, rows.slice, rows.slice_value,
        inputs.position, inputs.upstream_words, inputs.shift,
        {by} as said_by, {of} as said_of, {period} as input_period,
        if({period} is null, 'never', coalesce({verdict}.data_status, 'absent')) as data_status,
        coalesce({verdict}.reason_codes, '') as reason_codes, {verdict}.reason, {verdict}.root,
        {verdict}.party, {verdict}.coverage, {verdict}.data_through"""


def upstream() -> str:
    """All inputs of a row together."""
    ranks = ", ".join(f"'{rank}'" for rank in _RANKS)
    # Earlier periods may lie before history: that is warm-up. The row's own period has to be there.
    fails = (
        "data_status in ('unmeasurable', 'error') or (shift = 'none' and data_status = 'absent')"
    )
    warns = "data_status in ('final', 'provisional') and contains(reason_codes, 'VOLUME_ANOMALY')"
    return f"""
-- One row per row of a KPI that is computed from others: what its inputs are worth together.
upstream as (
    select
        kpi, cadence, period, slice, slice_value,
        {_worst("shift = 'none'", ranks)} as current_status,
        {_worst("shift <> 'none'", ranks)} as base_status,
        min(if(data_status = 'absent', 0, coverage)) filter (shift = 'none') as coverage,
        min(coalesce(data_through, {NO_DATE})) filter (shift = 'none') as data_through,
        bool_or(contains(reason_codes, 'WARM_UP') or (shift <> 'none' and data_status = 'absent'))
            as is_warming_up,
        coalesce(min_by(input_period, {_ORDER}) filter (shift <> 'none'), '') as compared_with,
        min_by(upstream_words, {_ORDER}) as first_upstream,
        min_by(upstream_words, {_ORDER}) filter (data_status = 'never') as never_upstream,
        min_by(upstream_words, {_ORDER}) filter (
            contains(reason_codes, 'WARM_UP') or (shift <> 'none' and data_status = 'absent')
        ) as warming_upstream,
        min_by(
            struct_pack(kpi := upstream_words, why := substr(reason, {len(_TOO_LITTLE) + 1})),
            {_ORDER}
        ) filter (shift = 'none' and starts_with(reason, {literal(_TOO_LITTLE)})) as warming_now,
        {_first(fails)} as failing,
        {_first(warns)} as warned,
        count(*) filter ({warns}) as inputs_warned
    from input_rows
    group by kpi, cadence, period, slice, slice_value
)"""


def _first(which: str) -> str:
    """The first of some inputs, as the words for it need it."""
    return f"""min_by(
            struct_pack(kpi := upstream_words, period := input_period, reason := reason,
                root := root, party := party),
            {_ORDER}
        ) filter ({which})"""


def _worst(which: str, ranks: str) -> str:
    rank = f"list_position([{ranks}], data_status)"
    return f"coalesce([{ranks}][max({rank}) filter ({which})], 'none')"
