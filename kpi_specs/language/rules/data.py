"""Rules about sources, datasets, columns and their types."""

import re
from collections.abc import Iterator

from kpi_specs.language.binding import Binder
from kpi_specs.language.dataset import Dataset
from kpi_specs.language.dbt_columns import Columns
from kpi_specs.language.expressions import column_errors, columns_of, wrong_type
from kpi_specs.language.grammar import ExpressionError
from kpi_specs.language.problems import Problem, did_you_mean, nearest, no_such_column
from kpi_specs.language.rules.context import RuleContext
from kpi_specs.language.slices import slice_name

_MOMENTS = ("", "date", "timestamp", "timestamptz", "timestamp with time zone")
_NUMBERS = ("sum", "average", "min", "max", "median", "percentile")


def source_columns_exist(context: RuleContext) -> Iterator[Problem]:
    """A source's key and event_time are among its own columns."""
    for name, source in context.project.sources.items():
        named: list[tuple[tuple[str | int, ...], str]] = [
            (("key", index), column) for index, column in enumerate(source.key)
        ]
        if source.event_time is not None:
            named.append((("event_time",), source.event_time))
        for path, column in named:
            if column not in source.columns:
                message = (
                    f"'{column}' is not a column of this source."
                    f"{did_you_mean(column, source.columns, noun='Columns')}"
                )
                yield context.problem("source", name, path, "unknown-column", message)


def dataset_parts_exist(context: RuleContext) -> Iterator[Problem]:
    """A dataset's model, sources, key, time and dimensions exist."""
    for name, dataset in context.project.datasets.items():
        for index, source in enumerate(dataset.sources):
            if source not in context.project.sources:
                message = (
                    f"the source '{source}' is not in kpi_specs/sources/."
                    f"{did_you_mean(source, context.project.sources, noun='Sources')}"
                )
                path: tuple[str | int, ...] = ("sources", index)
                yield context.problem("dataset", name, path, "unknown-source", message)
        if dataset.model not in context.columns:
            message = (
                f"the dbt model '{dataset.model}' is not declared in dbt_project/models/."
                f"{did_you_mean(dataset.model, context.columns, noun='Models')}"
            )
            yield context.problem("dataset", name, ("model",), "unknown-model", message)
            continue
        columns = context.columns[dataset.model]
        named: list[tuple[tuple[str | int, ...], str]] = [(("time",), dataset.time)]
        for field, listed in (
            ("key", dataset.key),
            ("dimensions", dataset.own_dimensions),
            ("entities", dataset.entities),
        ):
            named += [((field, i), c) for i, c in enumerate(listed)]
        if dataset.unit_column is not None:
            named.append((("unit_column",), dataset.unit_column))
        for path, column in named:
            if column not in columns:
                message = no_such_column(column, columns, dataset.model)
                yield context.problem("dataset", name, path, "unknown-column", message)


def dataset_exists(context: RuleContext) -> Iterator[Problem]:
    """A KPI is computed from datasets of kpi_specs/datasets/."""
    known = context.project.datasets
    for key, kpi in context.project.kpis.items():
        named = [(("metric", "dataset"), kpi.metric.dataset)]
        named += [((*path, "dataset"), m.dataset) for path, m in context.measures(kpi)]  # type: ignore[misc]
        for path, dataset in named:
            if dataset is not None and dataset not in known:
                message = (
                    f"the dataset '{dataset}' is not in kpi_specs/datasets/."
                    f"{did_you_mean(dataset, known, noun='Datasets')}"
                )
                yield context.problem("kpi", key, path, "unknown-dataset", message)


def columns_exist(context: RuleContext) -> Iterator[Problem]:
    """Columns in measures and filters exist, and expressions keep to the grammar."""
    for key, kpi in context.project.kpis.items():
        for path, measure, _, columns in context.measures_with_columns(kpi):
            texts = [((*path, measure.aggregation), measure.expression)]
            if measure.where is not None:
                texts.append(((*path, "where"), measure.where))
            for place, text in texts:
                if text == "*":
                    continue
                try:
                    unknown = [name for name in columns_of(text) if name not in columns]
                except ExpressionError as error:
                    yield context.problem("kpi", key, place, "bad-expression", str(error))
                    continue
                dataset = context.project.datasets[kpi.metric.dataset_of(measure)]
                for name in unknown:
                    message = _not_a_column(name, text, columns, dataset)
                    yield context.problem("kpi", key, place, "unknown-column", message)


def _not_a_column(name: str, text: str, columns: Columns, dataset: Dataset) -> str:
    """What to do about a name in an expression that is no column of the dataset's model."""
    model = dataset.model
    joined = {dimension: join.model for join in dataset.joins for dimension in join.dimensions}
    if name in joined:
        return (
            f"'{name}' is a dimension joined from {joined[name]}, and measures and filters see the "
            f"columns of {model} only; slice by it ('grain: [[{name}]]'), or bring it into {model} "
            "as a column."
        )
    message = no_such_column(name, columns, model)
    if not nearest(name, columns) and re.search(rf"[=>,(]\s*\"?{re.escape(name)}", text):
        message += f" A text stands in single quotes: '{name.strip('“”')}'."
    return message


def types_fit(context: RuleContext) -> Iterator[Problem]:
    """Sums, averages and medians are of numbers; sum_boolean is of a boolean."""
    for key, kpi in context.project.kpis.items():
        for path, measure, model, columns in context.measures_with_columns(kpi):
            name = measure.aggregation
            if name not in (*_NUMBERS, "sum_boolean"):
                continue
            wanted = "boolean" if name == "sum_boolean" else "number"
            try:
                wrong = wrong_type(measure.expression, columns, wanted=wanted)
            except ExpressionError:
                continue  # columns_exist reports it
            if wrong is not None:
                message = f"{wrong}; '{name}' needs a {wanted} of {model}."
                yield context.problem("kpi", key, (*path, name), "wrong-type", message)


def moments_are_moments(context: RuleContext) -> Iterator[Problem]:
    """Columns that time is measured between are dates or timestamps, both of one kind."""
    for key, kpi in context.project.kpis.items():
        kinds: dict[str, str] = {}
        for path, named, dataset_id in kpi.metric.definition.moments:
            dataset = context.project.datasets.get(dataset_id or kpi.metric.dataset or "")
            columns = context.columns.get(dataset.model, {}) if dataset is not None else {}
            place = ("metric", kpi.metric.type, *path)
            column = named or (dataset.time if dataset is not None else "")
            kind = columns.get(column, "").split("(")[0]
            if kind in _MOMENTS[1:]:
                kinds.setdefault("date" if kind == "date" else "timestamp", column)
            if len(kinds) > 1:
                message = (
                    f"'{kinds['date']}' is a date and '{kinds['timestamp']}' a timestamp; time "
                    "between them would begin or end at midnight. Take two dates or two timestamps."
                )
                yield context.problem("kpi", key, place, "mixed-moments", message)
            if dataset is not None and columns and column not in columns:
                message = no_such_column(column, columns, dataset.model)
                yield context.problem("kpi", key, place, "unknown-column", message)
            elif columns.get(column, "").split("(")[0] not in _MOMENTS:
                message = f"'{column}' is {columns[column]}; a moment is a date or a timestamp."
                yield context.problem("kpi", key, place, "wrong-type", message)


def expressions_bind(context: RuleContext) -> Iterator[Problem]:
    """Expressions and filters fit the declared types: DuckDB itself is asked."""
    with Binder() as binder:
        for key, kpi in context.project.kpis.items():
            for path, measure, model, columns in context.measures_with_columns(kpi):
                texts: list[tuple[tuple[str | int, ...], str, str | None]] = [
                    ((*path, measure.aggregation), measure.expression, None)
                ]
                if measure.where is not None:
                    texts.append(((*path, "where"), measure.where, "boolean"))
                for place, text, wanted in texts:
                    try:
                        is_told = bool(column_errors(text, columns, model)) or (
                            wanted is None
                            and wrong_type(text, columns, wanted="number") is not None
                        )
                    except ExpressionError:
                        continue  # columns_exist reports it
                    if is_told:
                        continue  # columns_exist or types_fit reports it
                    said = binder.refusal(text, model, columns, wanted=wanted)
                    if said is not None:
                        message = f"'{text}' does not fit the types of {model}: {said}."
                        yield context.problem("kpi", key, place, "wrong-type", message)


def slices_are_in_the_order_of_the_dataset(context: RuleContext) -> Iterator[Problem]:
    """A slice names its dimensions once, in the dataset's order: one slice has one name."""
    for key, kpi in context.project.kpis.items():
        for index, dimensions in enumerate(kpi.grain):
            place = ("grain", index)
            if dimensions in kpi.grain[:index]:
                said = slice_name(dimensions)
                message = f"the slice '{said}' stands twice."
                yield context.problem("kpi", key, place, "duplicate-slice", message)
            for dataset_id in context.project.sliced_by(kpi):
                dataset = context.project.datasets.get(dataset_id)
                if dataset is None or not set(dimensions) <= set(dataset.dimensions):
                    continue
                ordered = [d for d in dataset.dimensions if d in dimensions]
                if list(dimensions) != ordered:
                    message = (
                        f"write the slice as [{', '.join(ordered)}], in the order of the "
                        f"dimensions of '{dataset_id}'."
                    )
                    yield context.problem("kpi", key, place, "slice-order", message)


def grain_fits_the_dataset(context: RuleContext) -> Iterator[Problem]:
    """Slices are by dimensions of every dataset that is sliced, and in the grain of every input."""
    for key, kpi in context.project.kpis.items():
        for index, dimensions in enumerate(kpi.grain):
            place = ("grain", index)
            for one in dict.fromkeys(i.kpi for i in kpi.metric.inputs if i.slice_of is None):
                base = context.project.kpis.get(one)
                if one in context.missliced:
                    continue
                if base is not None and dimensions not in base.grain:
                    said = slice_name(dimensions)
                    near = nearest(said, map(slice_name, base.grain))
                    message = (
                        f"the slice '{said}' is not in the grain of '{one}'; add it there.{near}"
                    )
                    yield context.problem("kpi", key, place, "unknown-dimension", message)
            for dataset_id in context.project.sliced_by(kpi):
                dataset = context.project.datasets.get(dataset_id)
                if dataset is None or context.misdeclared(dataset):
                    continue
                for name in dimensions:
                    if name not in dataset.dimensions:
                        message = (
                            f"'{name}' is not a dimension of the dataset '{dataset_id}'."
                            f"{did_you_mean(name, dataset.dimensions, noun='Dimensions')}"
                        )
                        yield context.problem("kpi", key, place, "unknown-dimension", message)
