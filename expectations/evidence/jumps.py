"""CTEs of the jumps: amounts in another unit than before, on days that a value rests on."""


def jump_facts() -> str:
    """What jumped."""
    return """
-- One row per KPI and period: the first day that it rests on, the days before it included, on which
-- amounts that it takes jumped, and how many such days there are.
jump_facts as (
    select
        kpi, cadence, period,
        count(distinct found.business_date) as jump_count,
        arg_min(found, (found.business_date, found.of_what, found.column_name)) as jump,
        max(found.business_date) as jump_last,
        arg_min(source, (found.business_date, found.of_what, found.column_name)) as jump_source
    from (
        select periods.kpi, periods.cadence, periods.period, read.source, found
        from periods
        inner join spec_kpi_amounts as read using (kpi)
        inner join jump_days as found
            on found.dataset = read.dataset and found.column_name = read.column_name
        where found.business_date between checked_from
            and if(is_followed, greatest(needs_until, expected_until), needs_until)
    )
    group by kpi, cadence, period
)"""


def columns() -> str:
    """The evidence columns, with their sentinels."""
    return """coalesce(jump_count, 0) as jumped_days,
    coalesce(jump.dataset, '') as jump_dataset,
    coalesce(jump.column_name, '') as jump_column,
    coalesce(jump_source, '') as jump_source,
    coalesce(if(jump.of_what = '', '', ' of ' || jump.of_what), '') as jump_of,
    coalesce(jump.was, '') as jump_was,
    coalesce(jump.now, '') as jump_now,
    coalesce(cast(jump.business_date as varchar), '') as jump_day,
    coalesce(
        if(jump.tens > 0, '', 'one ')
        || case abs(jump.tens)
            when 1 then if(jump.tens > 0, '10 times', 'tenth')
            when 2 then if(jump.tens > 0, '100 times', 'hundredth')
            when 3 then if(jump.tens > 0, '1,000 times', 'thousandth')
            else if(jump.tens > 0, '1,000,000 times', 'millionth')
        end, '') as jump_factor,
    coalesce(case abs(jump.tens)
        when 1 then 'toman and rial'
        when 2 then 'cents'
        when 3 then 'thousands'
        else 'micros or millions'
    end, '') as jump_looks_like"""
