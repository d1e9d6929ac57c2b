"""CTEs of the reconciliation: a mart against its source, a source against its system of record."""

from expectations.evidence.rows import RESTS_UNTIL


def recon_facts() -> str:
    """What a mart holds and its source does not, or the other way round."""
    return f"""
-- One row per KPI and period: the first difference between a dataset that it reads and what the
-- dataset is made of, on the days that the value rests on, and how many there are.
recon_facts as ({_differences("recon", "spec_kpi_keys", "dataset")})"""


def record_facts() -> str:
    """What a source's rows come to, and another system's totals do not."""
    return f"""
-- The same between a source and its system of record; a total is about all days of its period.
record_facts as ({_differences("record", "spec_kpi_sources", "source")})"""


def _differences(name: str, links: str, object_: str) -> str:
    return f"""
    select
        kpi, cadence, period,
        count(*) as {name}_differences,
        arg_min(found, (position, found.first_day, found.what)) as {name}
    from (
        select periods.kpi, periods.cadence, periods.period, links.position, found
        from periods
        inner join {links} as links using (kpi)
        inner join {_TABLES[name]} as found on found.{object_} = links.{object_}
            and found.first_day <= {RESTS_UNTIL}
            and found.last_day >= periods.checked_from
    )
    group by kpi, cadence, period
"""


_TABLES = {"recon": "recon", "record": "records"}


def columns() -> str:
    """The evidence columns, with their sentinels."""
    return ",\n    ".join((*_columns("recon", "dataset"), *_columns("record", "source")))


def _columns(name: str, object_: str) -> tuple[str, ...]:
    texts = (
        object_, "what", "observed", "observed_at", "expected", "expected_at", "difference",
        "allowed",
    )  # fmt: skip
    return (
        f"coalesce({name}_differences, 0) as {name}_differences",
        *(f"coalesce({name}.{text}, '') as {name}_{text}" for text in texts),
        f"coalesce(cast({name}.first_day as varchar), '')\n"
        f"        || if({name}.last_day > {name}.first_day, ' to ' || {name}.last_day, '')"
        f" as {name}_days",
    )
