"""Worked examples run as tests: rows in, the KPI's own SQL in memory, the value compared.

No warehouse and no dbt: the tables are made of the columns that the dbt models declare. A column
that a row leaves out is empty. Rows without their dataset's business date all lie on one day, the
first of the project's history, so that they share a period in every cadence.
"""

import datetime as dt
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from kpi_specs.compiler import compile_project
from kpi_specs.language.dataset import Dataset
from kpi_specs.language.dbt_columns import Columns
from kpi_specs.language.example import Example, ExampleError, Row, dataset_of
from kpi_specs.language.kpi import TOTAL, Kpi
from kpi_specs.language.phrases import shown
from kpi_specs.language.problems import no_such_column
from kpi_specs.language.project import Project
from kpi_specs.language.sql_words import refusal
from orchestration.plain_sql import build_tables, generated_order, models_read
from orchestration.transform.calendar import write_calendar

if TYPE_CHECKING:
    import duckdb

TOLERANCE = 1e-9  # relative
_EARLIEST, _LATEST = 1901, 2199  # years that example rows may lie in


@dataclass(frozen=True)
class ExampleResult:
    """One KPI's example; where it did not pass, the reason and its place in the spec."""

    kpi: str
    outcome: Literal["passed", "failed", "error"]
    expected: float | None
    computed: float | None = None
    numerator: float | None = None
    denominator: float | None = None
    period: str | None = None
    message: str = ""
    path: tuple[str | int, ...] = ("example",)


def run_examples(
    project: Project,
    columns: Mapping[str, Columns],
    kpis: Iterable[str] | None = None,
    *,
    on_progress: Callable[[int, int, str], None] = lambda done, total, kpi: None,
) -> tuple[ExampleResult, ...]:
    """Run the examples of these KPIs (default: of all that have one), in file order.

    Args:
        project: A project without errors.
        columns: The declared columns by dbt model.
        kpis: KPI ids; one without an example is left out.
        on_progress: Told of the number done, the number in all and the KPI just done.
    """
    wanted = [
        (kpi, kpi.example)
        for kpi in (project.kpis[key] for key in (project.kpis if kpis is None else kpis))
        if kpi.example is not None
    ]
    results = []
    for done, (kpi, example) in enumerate(wanted):
        on_progress(done, len(wanted), kpi.kpi)
        results.append(_run(project, columns, kpi, example))
    on_progress(len(wanted), len(wanted), "")
    return tuple(results)


def _run(
    project: Project, columns: Mapping[str, Columns], kpi: Kpi, example: Example
) -> ExampleResult:
    import duckdb

    try:
        with duckdb.connect() as con:
            return _compared(con, _alone(project, kpi), columns, kpi.kpi, example)
    except ExampleError as error:
        said, path = str(error), error.path
    except duckdb.Error as error:
        said, path = f"these rows give no value: {refusal(str(error))}.", ("example", "rows")
    return ExampleResult(kpi.kpi, "error", example.value, message=said, path=path)


def _alone(project: Project, kpi: Kpi) -> Project:
    """The KPI with those it is computed from, each with a total."""
    needed = project.used_kpis([kpi.kpi])
    kpis = {key: one for key, one in project.kpis.items() if key in needed}
    with_total = {
        key: one if TOTAL in one.grain else one.model_copy(update={"grain": (TOTAL, *one.grain)})
        for key, one in kpis.items()
    }
    return replace(project, kpis=with_total)


def _compared(
    con: "duckdb.DuckDBPyConnection",
    project: Project,
    columns: Mapping[str, Columns],
    key: str,
    example: Example,
) -> ExampleResult:
    compiled = compile_project(project, increments=False)
    kpi, order = project.kpis[key], generated_order(compiled, [key])
    given = _given(project, example)
    days = _fill(con, project, models_read(compiled, order), columns, given, example)
    period, cadence = _period(con, project, kpi, example, days)
    build_tables(con, compiled, order)
    row = con.execute(
        f"select value, numerator, denominator from {compiled.kpi_models[key]} "
        "where cadence = ? and period = ? and slice = 'total'",
        [cadence, period],
    ).fetchone()
    if row is None:
        raise ExampleError(f"the rows give no period {period}; the newest day is {max(days)}.")
    value, expected = row[0], example.value
    result = ExampleResult(key, "passed", expected, value, row[1], row[2], period)
    if _same(value, expected):
        return result
    said = f"{period} ({cadence}): expected {_shown(expected)}, computed {_shown(value)}"
    parts = "" if row[2] is None else f" = {_shown(row[1])} / {_shown(row[2])}"
    message = f"{said}{parts}."
    return replace(result, outcome="failed", message=message, path=("example", "value"))


def _same(value: float | None, expected: float | None) -> bool:
    if value is None or expected is None:
        return value is expected
    return math.isclose(value, expected, rel_tol=TOLERANCE, abs_tol=1e-12)


def _shown(value: float | None) -> str:
    return "no value" if value is None else f"{value:.12g}"


# -- rows -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Given:
    """Rows of a dataset, and where the spec has them."""

    dataset: Dataset
    rows: Sequence[Row]
    path: tuple[str | int, ...]


def _given(project: Project, example: Example) -> list[_Given]:
    """The example's rows by dataset."""
    read = list(dict.fromkeys(d for kpi in project.kpis.values() for d in kpi.metric.datasets))
    return [
        _Given(
            project.datasets[dataset_of(name, read)],
            rows,
            ("example", "rows", name) if name else ("example", "rows"),
        )
        for name, rows in example.rows.items()
    ]


def _fill(
    con: "duckdb.DuckDBPyConnection",
    project: Project,
    models: Sequence[str],
    columns: Mapping[str, Columns],
    given: Sequence[_Given],
    example: Example,
) -> list[dt.date]:
    """Create the models that are read and fill in the rows; returns the days they lie on."""
    typed = {model: _types(model, columns.get(model, {}), given) for model in models}
    for model, types in typed.items():
        _create(con, model, types)
    day, zone = project.settings.history_from, project.settings.time_zone
    days = []
    for one in given:
        dataset = one.dataset
        for index, row in enumerate(one.rows):
            # At noon: midnight of another zone may lie before the calendar's first day.
            when = dt.datetime.combine(day, dt.time(12)) if dataset.time_zone else day
            dated = row if dataset.time in row else {**row, dataset.time: when}
            _insert(con, one, typed[dataset.model], dated, index)
        quoted = f'"{dataset.time}"'
        days += [
            found
            for (found,) in con.execute(
                f"select cast({dataset.day(zone, quoted)} as date) "
                f'from "{dataset.model}" '
                f'where "{dataset.time}" is not null'
            ).fetchall()
        ]
    for found in days:
        _check_year(found, "the rows lie on", ("example", "rows"))
    if example.as_of is not None:
        _check_year(example.as_of, "as_of is", ("example", "as_of"))
    return days or [day]


def _check_year(day: dt.date | str, said: str, path: tuple[str | int, ...]) -> None:
    # DuckDB gives a day that Python has none for as a text.
    if isinstance(day, str) or not _EARLIEST <= day.year <= _LATEST:
        message = f"{said} {day}; calendars run from {_EARLIEST} to {_LATEST}."
        raise ExampleError(message, path)


def _create(con: "duckdb.DuckDBPyConnection", model: str, types: Mapping[str, str]) -> None:
    import duckdb

    for name, kind in types.items():
        try:
            con.execute(f"select cast(null as {kind})")
        except duckdb.Error:
            raise ExampleError(
                f"the model {model} declares '{name}' as {kind}, which is no type; correct its "
                "data_type.",
                ("example",),
            ) from None
    declared = ", ".join(f'"{name}" {kind}' for name, kind in types.items())
    con.execute(f'create table "{model}" ({declared})')


def _types(model: str, declared: Columns, given: Sequence[_Given]) -> dict[str, str]:
    """Declared types; a column without one gets the type of the values given."""
    types = dict(declared)
    for one in given:
        dataset = one.dataset
        if dataset.model != model:
            continue
        kind = "timestamp" if dataset.time_zone else "date"
        types[dataset.time] = types.get(dataset.time) or kind
        for row in one.rows:
            for name, value in row.items():
                if not declared or types.get(name) == "":
                    types[name] = types.get(name) or _type_of(value)
    return {name: kind or "varchar" for name, kind in types.items()}


def _type_of(value: Any) -> str:
    if value is None:
        return ""
    kinds = {bool: "boolean", int: "bigint", float: "double", dt.date: "date"}
    return kinds.get(type(value), "timestamp" if isinstance(value, dt.datetime) else "varchar")


def _insert(
    con: "duckdb.DuckDBPyConnection",
    given: _Given,
    types: Mapping[str, str],
    row: Row,
    index: int,
) -> None:
    import duckdb

    model, where = given.dataset.model, f"row {index + 1} of {given.dataset.dataset}"
    for name, value in row.items():
        path = (*given.path, index, name)
        if name not in types:
            raise ExampleError(f"{where}: {no_such_column(name, types, model)}", path)
        try:  # as text, so that 19.99 stays exact in a DECIMAL
            con.execute(f"select cast(? as {types[name]})", [_text(value)])
        except duckdb.Error:
            raise ExampleError(
                f"{where}: {shown(value)} does not fit the column {name} ({types[name]}).", path
            ) from None
    names = ", ".join(f'"{name}"' for name in row)
    casts = ", ".join(f"cast(? as {types[name]})" for name in row)
    con.execute(
        f'insert into "{model}" ({names}) values ({casts})', [_text(v) for v in row.values()]
    )


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


# -- the period -------------------------------------------------------------------------------


def _period(
    con: "duckdb.DuckDBPyConnection",
    project: Project,
    kpi: Kpi,
    example: Example,
    days: Sequence[dt.date],
) -> tuple[str, str]:
    """Label and cadence of the period compared; writes the calendar and the clock.

    Without `period` it is that of the newest day, in the KPI's first cadence.
    """
    settings = project.settings.model_copy(update={"history_from": min(days)})
    project = replace(project, settings=settings)
    last = max(days) if example.as_of is None else max(*days, example.as_of)
    write_calendar(con, project, last)
    cadences = [kpi.cadence[0]] if example.period is None else list(kpi.cadence)
    found = con.execute(
        "select period, cadence, period_end from calendar.dim_period where calendar = ? "
        "and list_contains(?, cadence) and (period = ? or ?::date between period_start and "
        "period_end)",
        [kpi.calendar, cadences, example.period, None if example.period else max(days)],
    ).fetchone()
    if found is None:
        raise ExampleError(
            f"there is no period '{example.period}' ({', '.join(cadences)}) between "
            f"{settings.history_from} and {last}; write a label such as 2017-12, or set 'as_of'.",
            ("example", "period"),
        )
    period, cadence, end = found
    write_calendar(con, project, example.as_of or end + dt.timedelta(days=1))
    return str(period), str(cadence)
