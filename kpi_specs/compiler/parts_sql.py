"""The SQL of a dataset's shared parts: read once to days, rolled up to all periods and slices.

What is made of the model's rows is in `rows_sql`, what becomes of it in periods in `periods_sql`,
and the calendar without gaps in `calendar_sql`.
"""

from kpi_specs.compiler.calendar_sql import on_the_calendar, slices_step
from kpi_specs.compiler.distinct_sql import starts_step
from kpi_specs.compiler.groups import groups_of
from kpi_specs.compiler.increment_sql import increment_of
from kpi_specs.compiler.kept_sql import kept_tables
from kpi_specs.compiler.periods_sql import day_periods_step, period_step
from kpi_specs.compiler.plan import PartsTable
from kpi_specs.compiler.rows_sql import row_steps
from kpi_specs.compiler.slices_sql import names_step
from kpi_specs.compiler.spans_sql import period_steps
from kpi_specs.sql import header, with_ctes


def parts_model(table: PartsTable) -> str:
    """The dbt model of a parts table; one row per cadence, period and slice, none missing."""
    groups = groups_of(table)
    counted = [need for group in groups if group.way == "distinct" for need in group.needs]
    steps = starts_step(table, counted)
    steps += row_steps(table, groups)
    steps += period_steps(table, [group.span for group in groups])
    steps += day_periods_step(table, groups)
    steps += [period_step(table, group) for group in groups]
    if table.dimensions:
        steps += [names_step(table.slices, table.dimensions), slices_step(table, groups)]
    title = (
        f"Shared parts of {table.rests_on} ({table.calendar}): every sum, count and "
        "distinct that its KPIs need.\n-- One row per cadence, period and slice, none missing."
    )
    select = with_ctes(steps) + on_the_calendar(table, groups)
    if not table.incremental:
        return header(title, "kpi_specs") + select
    increment = increment_of(table, select, kept_tables(table, groups))
    return header(title, "kpi_specs", increment.config) + select
