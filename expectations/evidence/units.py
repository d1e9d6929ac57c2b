"""CTEs of the units: rows of several currencies or units that a value would add up."""

from expectations.evidence.keys import SLICED


def unit_facts() -> str:
    """In which units the rows are that a period takes, where these are not one."""
    return f"""
-- One row per KPI and period: the first of its datasets whose rows are in several units, or in
-- another one than is expected.
unit_facts as (
    select
        kpi, cadence, period,
        dataset as unit_dataset, unit_column, source as unit_source, expected as unit_expected,
        array_to_string(units, ', ') as unit_found
    from (
        select
            periods.kpi, cadence, period, position, read.dataset, unit_column, source, expected,
            list_sort(list(distinct unit)) as units
        from periods
        inner join spec_kpi_units as read using (kpi)
        inner join unit_days as found on found.dataset = read.dataset
            and {SLICED}
            and (filtered_to = '' or trim(filtered_to) = unit)
        group by
            periods.kpi, cadence, period, position, read.dataset, unit_column, source, expected
    )
    where len(units) > 1 or (expected <> '' and units <> [expected])
    qualify row_number() over (partition by kpi, cadence, period order by position) = 1
)"""


def columns() -> str:
    """The evidence columns, with their sentinels.

    A slice by the unit itself is of one unit; of a currency, only that of the project's is shown
    as what it is.
    """
    return """coalesce(unit_dataset, '') as unit_dataset,
    coalesce(unit_column, '') as unit_column,
    coalesce(unit_source, '') as unit_source,
    coalesce(unit_found, '') as unit_found,
    case when coalesce(unit_expected, '') = '' then 'one unit' else unit_expected end
        as unit_wanted,
    cast(
        unit_dataset is not null and not (
            list_contains(string_split(slice, '+'), unit_column)
            and (
                unit_expected = ''
                or list_contains(string_split(slice_value, ' | '), unit_expected)
            )
        )
    as integer) as mixed_units"""
