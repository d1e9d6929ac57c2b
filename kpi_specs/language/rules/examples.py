"""Rules about worked examples: rows of the datasets that the metric reads, with its columns."""

from collections.abc import Iterator, Mapping, Sequence

from kpi_specs.language.dataset import Dataset
from kpi_specs.language.example import Example, ExampleError, Row, dataset_of
from kpi_specs.language.expressions import columns_of
from kpi_specs.language.grammar import ExpressionError
from kpi_specs.language.kpi import Kpi
from kpi_specs.language.metrics.base import Path
from kpi_specs.language.problems import Problem, nearest, no_such_column
from kpi_specs.language.rules.context import RuleContext


def example_rows_are_rows(context: RuleContext) -> Iterator[Problem]:
    """An example has rows of datasets that the metric reads, with columns of their models."""
    for key, place, dataset, rows in _examples(context):
        if isinstance(dataset, str):
            yield context.problem("kpi", key, place, "example", dataset)
            continue
        columns = context.columns.get(dataset.model)
        if not columns:
            continue
        for (index, column), named in _columns(rows).items():
            if column not in columns:
                message = f"row {index + 1}: {no_such_column(column, columns, dataset.model)}"
                yield context.problem("kpi", key, (*place, *named), "unknown-column", message)


def example_rows_have_what_is_read(context: RuleContext) -> Iterator[Problem]:
    """Each column that is aggregated stands in some row: without it there is no value."""
    for key, place, dataset, rows in _examples(context):
        example = context.project.kpis[key].example
        if isinstance(dataset, str) or not rows or example is None or not example.value:
            continue
        given = {column for row in rows for column in row}
        for column in _aggregated(context, key, dataset):
            if column not in given and column in context.columns.get(dataset.model, {}):
                near = nearest(column, given)
                message = f"no row gives '{column}', so the metric has no value for them.{near}"
                yield context.problem("kpi", key, place, "example", message)


def example_rows_have_nothing_else(context: RuleContext) -> Iterator[Problem]:
    """A column that changes nothing is told: it may stand for another one."""
    for key, place, dataset, rows in _examples(context):
        if isinstance(dataset, str):
            continue
        read = _read(context, key, dataset)
        columns = context.columns.get(dataset.model, {})
        told: set[str] = set()
        for (_, column), named in _columns(rows).items():
            if column in columns and column not in read and column not in told:
                told.add(column)
                message = f"the metric does not read '{column}'; leave it out of the example."
                yield context.problem("kpi", key, (*place, *named), "example", message, "warning")


Found = tuple[str, Path, Dataset | str, Sequence[Row]]


def _examples(context: RuleContext) -> Iterator[Found]:
    """KPI, place, dataset and rows; what is wrong in place of a dataset that is not read."""
    for key, kpi in context.project.kpis.items():
        if kpi.example is None:
            continue
        used = [context.project.kpis[one].metric for one in context.project.used_kpis([key])]
        if any(one not in context.project.kpis for metric in used for one in metric.uses):
            continue  # what it reads cannot be told yet
        read = tuple(dict.fromkeys(name for metric in used for name in metric.datasets))
        yield from _by_dataset(context, kpi, kpi.example, read)


def _by_dataset(
    context: RuleContext, kpi: Kpi, example: Example, read: tuple[str, ...]
) -> Iterator[Found]:
    for name, rows in example.rows.items():
        place: Path = ("example", "rows", name) if name else ("example", "rows")
        try:
            dataset = context.project.datasets.get(dataset_of(name, read))
        except ExampleError as error:
            yield kpi.kpi, place, str(error), rows
            continue
        if dataset is not None:
            yield kpi.kpi, place, dataset, rows


def _columns(rows: Sequence[Row]) -> Mapping[tuple[int, str], Path]:
    """Row number and column to the place below the rows."""
    return {(index, one): (index, one) for index, row in enumerate(rows) for one in row}


def _aggregated(context: RuleContext, key: str, dataset: Dataset) -> Iterator[str]:
    """Columns that a sum, mean or the like is of, over all rows."""
    found: dict[str, None] = {}
    for one in context.project.used_kpis([key]):
        kpi = context.project.kpis[one]
        for _, measure in context.measures(kpi):
            is_bare = measure.count is None and measure.where is None
            if is_bare and kpi.metric.dataset_of(measure) == dataset.dataset:
                found[measure.expression] = None
    yield from found


def _read(context: RuleContext, key: str, dataset: Dataset) -> set[str]:
    """Columns that the metric, its slices or its dataset reads."""
    found = {dataset.time, *dataset.key, *dataset.own_dimensions, *dataset.entities}
    found |= {column for join in dataset.joins for column in join.on}
    for one in context.project.used_kpis([key]):
        kpi = context.project.kpis[one]
        for _, column, _ in kpi.metric.definition.moments:
            found.add(column or dataset.time)
        for _, measure in context.measures(kpi):
            for text in filter(None, (measure.expression, measure.where)):
                try:
                    found.update(columns_of(text))
                except ExpressionError:
                    continue  # columns_exist reports it
    return found
