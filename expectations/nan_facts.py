"""Facts about NaN in columns that are compared or told apart by their values.

SQL takes NaN for greater than any number, and all NaN for one value: a filter `x > 100` lets such a
row in and `x <= 100` leaves it out, a distinct count counts one value more, all rows of NaN have
one entity, and no value shows it. Only a mart's own SQL makes NaN, and only in columns of floating
point; of the others nothing is scanned.
"""

from typing import TYPE_CHECKING

from expectations.business_dates import dataset_day
from expectations.spec_sources import followed
from expectations.sql import identifier, literal, write_temp
from kpi_specs.language.expressions import columns_of, compared_columns
from kpi_specs.language.kpi import Kpi
from kpi_specs.language.metrics.measure import Measure
from kpi_specs.language.project import Project

if TYPE_CHECKING:
    import duckdb

NAN_DAYS = "nan_days"
KPI_COMPARES = "spec_kpi_compares"


def write_nan_facts(con: "duckdb.DuckDBPyConnection", project: Project) -> None:
    """Write the temporary tables `nan_days` and `spec_kpi_compares`.

    `spec_kpi_compares`: for each KPI the columns that may be NaN and that its filters, booleans and
    cases compare or its distinct counts, entities and events go by: dataset, column_name, source
    that answers for it, whether its events are waited for. `nan_days`: one row per such column and
    day with NaN, and row_count of them. One scan of each dataset with such a column.
    """
    floats = _float_columns(con)
    rows: list[tuple[object, ...]] = []
    read: dict[str, dict[str, None]] = {}
    for name, kpi in project.kpis.items():
        for dataset, column in _compared(project, kpi):
            model, source = project.datasets[dataset].model, project.datasets[dataset].sources[0]
            if column in floats.get(model, ()):
                rows.append((name, dataset, column, source, dataset in followed(project, kpi)))
                read.setdefault(dataset, {})[column] = None
    none = (
        "(select null::varchar as dataset, null::varchar as column_name, null::date as "
        "business_date, 0::bigint as row_count limit 0)"
    )
    selects = [_nan_days(project, dataset, columns) for dataset, columns in read.items()]
    union = "\nunion all by name\n".join([none, *selects])
    con.execute(
        f"create or replace temp table {NAN_DAYS} as select * from ({union}) "
        "where business_date <= (select as_of from spec_clock)"
    )
    write_temp(
        con,
        KPI_COMPARES,
        "kpi varchar, dataset varchar, column_name varchar, source varchar, is_followed boolean",
        rows,
    )


def _nan_days(project: Project, dataset_id: str, columns: dict[str, None]) -> str:
    dataset = project.datasets[dataset_id]
    names = ", ".join(literal(column) for column in columns)
    flags = ", ".join(f"isnan({identifier(column)})" for column in columns)
    return f"""(
        select
            {literal(dataset_id)} as dataset, column_name, business_date, count(*) as row_count
        from (
            select
                {dataset_day(dataset, project.settings.time_zone)} as business_date,
                unnest([{names}]) as column_name,
                unnest([{flags}]) as is_nan
            from marts.{identifier(dataset.model)}
            where {" or ".join(f"isnan({identifier(column)})" for column in columns)}
        )
        where is_nan
        group by all
    )"""


def _float_columns(con: "duckdb.DuckDBPyConnection") -> dict[str, set[str]]:
    found = con.execute(
        "select table_name, list(column_name) from information_schema.columns "
        "where table_catalog = current_database() and table_schema = 'marts' "
        "and data_type in ('DOUBLE', 'FLOAT') group by all"
    ).fetchall()
    return {table: set(columns) for table, columns in found}


def _compared(project: Project, kpi: Kpi) -> dict[tuple[str, str], None]:
    """Dataset and name of each column that a KPI's own measures compare; an ordered set."""
    metric = project.taken_over(kpi)[-1].metric
    decides = [(measure, _decides(measure)) for measure in metric.measures]
    if metric.repeat is not None:
        decides.append((metric.measures[0], columns_of(metric.repeat.event)))
    return {
        (metric.dataset_of(one), column): None for one, columns in decides for column in columns
    }


def _decides(measure: Measure) -> tuple[str, ...]:
    """The columns by which rows are let in or told apart; entities are distinct counts."""
    filtered = () if measure.where is None else compared_columns(measure.where)
    if measure.count_distinct is not None:
        return (*filtered, *columns_of(measure.count_distinct))
    return (*filtered, *compared_columns(measure.expression))
