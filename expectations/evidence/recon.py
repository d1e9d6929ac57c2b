"""CTEs of the reconciliation: amounts of a mart that are not those of its source."""

from expectations.evidence.rows import RESTS_UNTIL


def recon_facts() -> str:
    """What does not agree in the days that a value rests on."""
    return f"""
-- One row per KPI and period: the first difference between a dataset that it reads and what the
-- dataset is made of, and how many there are.
recon_facts as (
    select
        kpi, cadence, period,
        count(*) as recon_differences,
        arg_min(found, (position, found.first_day, found.what)) as recon
    from (
        select periods.kpi, periods.cadence, periods.period, read.position, found
        from periods
        inner join spec_kpi_keys as read using (kpi)
        inner join recon as found on found.dataset = read.dataset
            and found.first_day <= {RESTS_UNTIL}
            and found.last_day >= periods.checked_from
    )
    group by kpi, cadence, period
)"""


def columns() -> str:
    """The evidence columns, with their sentinels."""
    return """coalesce(recon_differences, 0) as recon_differences,
    coalesce(recon.dataset, '') as recon_dataset,
    coalesce(recon.what, '') as recon_what,
    coalesce(cast(recon.first_day as varchar), '')
        || if(recon.last_day > recon.first_day, ' to ' || recon.last_day, '') as recon_days,
    coalesce(recon.observed, '') as recon_observed,
    coalesce(recon.observed_at, '') as recon_observed_at,
    coalesce(recon.expected, '') as recon_expected,
    coalesce(recon.expected_at, '') as recon_expected_at,
    coalesce(recon.difference, '') as recon_difference,
    coalesce(recon.allowed, '') as recon_allowed"""
