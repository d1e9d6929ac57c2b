"""Facts about units: which currencies or units the rows of a dataset are in, day by day."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from expectations.business_dates import dataset_day
from expectations.sql import columns_in, identifier, literal, write_temp
from kpi_specs.language.expressions import demanded_text
from kpi_specs.language.kpi import Kpi
from kpi_specs.language.metrics.measure import Measure
from kpi_specs.language.project import Project

if TYPE_CHECKING:
    import duckdb

UNIT_DAYS = "unit_days"
KPI_UNITS = "spec_kpi_units"
_NO_VALUES = ("count", "count_distinct", "sum_boolean")  # numbers of rows are of no unit


def write_unit_facts(con: "duckdb.DuckDBPyConnection", project: Project) -> None:
    """Write the temporary tables `unit_days` and `spec_kpi_units`.

    `unit_days`: one row per dataset with a `unit_column`, business date and unit of its rows;
    'none' is the unit of a row that names none. One scan of each such dataset.

    `spec_kpi_units`: for each KPI the datasets whose values, and not only rows, it aggregates:
    unit_column, who answers for them, the unit that is expected ('' where none is known), and the
    only one that its filters let through ('' where they let several).
    """
    there = columns_in(con, "marts")
    none = (
        "(select null::varchar as dataset, null::date as business_date, null::varchar as unit "
        "limit 0)"
    )
    selects = [
        f"""(
        select distinct
            {literal(d.dataset)} as dataset,
            {dataset_day(d, project.settings.time_zone)} as business_date,
            coalesce(nullif(trim(cast({identifier(d.unit_column)} as varchar)), ''), 'none') as unit
        from marts.{identifier(d.model)}
        )"""
        for d in project.datasets.values()
        if d.unit_column and {d.unit_column, d.time} <= set(there.get(f"marts.{d.model}", ()))
    ]
    union = "\nunion all\n".join([none, *selects])
    con.execute(
        f"create or replace temp table {UNIT_DAYS} as select * from ({union}) "
        "where business_date <= (select as_of from spec_clock)"
    )
    write_temp(
        con,
        KPI_UNITS,
        "kpi varchar, position integer, dataset varchar, unit_column varchar, source varchar, "
        "expected varchar, filtered_to varchar",
        (row for name, kpi in project.kpis.items() for row in _units_of(project, name, kpi)),
    )


def _units_of(project: Project, name: str, kpi: Kpi) -> Iterator[tuple[object, ...]]:
    metric = project.taken_over(kpi)[-1].metric
    valued: dict[str, list[Measure]] = {}
    for measure in metric.measures:
        if measure.aggregation not in _NO_VALUES:
            valued.setdefault(metric.dataset_of(measure), []).append(measure)
    for position, (dataset_id, measures) in enumerate(valued.items()):
        dataset = project.datasets[dataset_id]
        if dataset.unit_column is None:
            continue
        # What is shown in the project's currency is in it; what it is divided by may be in kg.
        is_money = kpi.unit == "currency" and position == 0
        # Euros less dollars are of no unit, though each of the two measures is of one.
        demanded = {demanded_text(one.where, dataset.unit_column) for one in measures}
        only = demanded.pop() if len(demanded) == 1 else None
        yield (
            name, position, dataset_id, dataset.unit_column, dataset.sources[0],
            project.settings.currency if is_money else "", only or "",
        )  # fmt: skip
