"""How far the data of each source reaches, and how far it should: by business day, not by load."""

from typing import TYPE_CHECKING

from expectations.evidence.counted import object_days
from expectations.evidence.sources import source_state
from expectations.sql import NO_DATE

if TYPE_CHECKING:
    import duckdb

FRESHNESS = "source_freshness"


def write_freshness(con: "duckdb.DuckDBPyConnection") -> None:
    """Write the temporary table `source_freshness`, one row per source.

    Columns: source; data_through, the newest day that its rows cover, NULL where there is none;
    promised, the newest day that should have arrived by now, NULL where it promises nothing;
    days_late, from the one to the other; and status: missing, undated (nothing tells its days),
    late, fresh, or no_promise; and missing_why, in words. Needs the temporary tables of
    `spec_facts` and `day_facts`.
    """
    con.execute(
        f"""
        create or replace temp table {FRESHNESS} as
        with {object_days()}, {source_state()}
        select
            source,
            nullif(through, {NO_DATE}) as data_through,
            promised,
            greatest(coalesce(promised - data_through, 0), 0) as days_late,
            case
                when missing then 'missing'
                when data_through is null then 'undated'
                when promised is null then 'no_promise'
                when days_late > 0 then 'late'
                else 'fresh'
            end as status,
            missing_why
        from source_state
        order by source
        """
    )
