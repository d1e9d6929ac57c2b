"""Facts about days on which a source has far more or fewer rows than on the same weekdays before.

A warning, no reason to withhold: a sale, a strike, half of a file that is not there. Days without
any row are a matter of completeness. Days that are not promised yet are left out, since rows of
them may still come.
"""

from typing import TYPE_CHECKING

from expectations.spec_kpis import DEFAULT_WITHIN

if TYPE_CHECKING:
    import duckdb

VOLUME_DAYS = "volume_days"

WEEKDAYS, LEAST_WEEKDAYS = 8, 4
LEAST_ROWS = 10  # on the same weekdays; of fewer, twice as many are no news
TIMES = 2.0  # twice as many, or half: nearer to the usual is no news either
DEVIATIONS = 5  # of the days' own spread: the median absolute deviation, as for a normal one...
AS_NORMAL = 1.4826  # ...(the factor that makes it a standard deviation there)
# Orders of a whole month may come on its first day, of whatever weekday. Where two days of the last
# hundred lay as far from the usual of theirs, a third is no news: it has to be half as far again.
# The last week says nothing, so that all days of a stretch are told.
BEFORE, BUT_FOR, SECOND, AGAIN = 100, 8, 2, 1.5
TOLD_FOR = 7  # days after which an unusual day alerts nobody any more


def write_volume_facts(con: "duckdb.DuckDBPyConnection") -> None:
    """Write the temporary table `volume_days`: one row per source and unusual day.

    Its columns are source, business_date, row_count, usual (the median of the same weekdays) and
    is_told (whether it is recent enough to alert somebody). By `source_days`: no table is scanned.
    Of a source whose rows cover months nothing is judged.
    """
    con.execute(
        f"""
        create or replace temp table {VOLUME_DAYS} as
        select
            source, business_date, row_count, usual,
            business_date > (select as_of from spec_clock) - {TOLD_FOR} as is_told
        from (
            select
                *,
                list_sort(list(row_count / usual) over weeks) as ratios,
                {AGAIN} * ratios[-{SECOND}] as most,
                ratios[{SECOND}] / {AGAIN} as least
            from (
                select
                    source, business_date, row_count,
                    median(row_count) over before as usual,
                    mad(row_count) over before as apart
                from source_days
                inner join spec_sources using (source)
                cross join spec_clock
                where covers <> 'month'
                    and business_date <= coalesce(promised, as_of - {DEFAULT_WITHIN})
                window before as (
                    partition by source, dayofweek(business_date)
                    order by business_date rows between {WEEKDAYS} preceding and 1 preceding
                )
                qualify count(*) over before >= {LEAST_WEEKDAYS}
            )
            window weeks as (
                partition by source order by business_date
                range between interval {BEFORE} days preceding and interval {BUT_FOR} days preceding
            )
        )
        where usual >= {LEAST_ROWS}
            and (
                row_count > usual * greatest({TIMES}, coalesce(most, 0))
                or row_count < usual * least(1 / {TIMES}, coalesce(least, 1))
            )
            -- Numbers of independent events vary by their root, whatever eight days happen to do.
            and abs(row_count - usual) > {DEVIATIONS} * greatest({AS_NORMAL} * apart, sqrt(usual))
        """
    )
