"""The rule about values of dimensions that are known: dbt's tests `accepted_values` list them."""

from collections.abc import Iterator

from kpi_specs.language.expressions import compared_texts
from kpi_specs.language.grammar import ExpressionError
from kpi_specs.language.kpi import Kpi
from kpi_specs.language.metrics.base import Path
from kpi_specs.language.problems import Problem, did_you_mean
from kpi_specs.language.rules.context import RuleContext

_NONE = "(none)"  # the slice of rows without a value


def slice_values_exist(context: RuleContext) -> Iterator[Problem]:
    """A target, an input or a filter names a value that its column's closed list has."""
    for key, kpi in context.project.kpis.items():
        for place, column, value, allowed in (*_slices(context, kpi), *_filters(context, kpi)):
            if allowed is not None and value not in allowed:
                near = did_you_mean(value, allowed, noun="Values")
                message = f"'{value}' is no value of '{column}', by its accepted_values.{near}"
                yield context.problem("kpi", key, place, "unknown-value", message)


Named = tuple[Path, str, str, tuple[str, ...] | None]  # place, column, value, closed list


def _slices(context: RuleContext, kpi: Kpi) -> Iterator[Named]:
    """The slices that targets and inputs name."""
    for index, target in enumerate(kpi.targets):
        for dimension, value in target.where.items():
            place: Path = ("targets", index, "where", dimension)
            yield place, dimension, value, _closed(context, kpi, dimension)
    for one in kpi.metric.inputs:
        other = context.project.kpis.get(one.kpi)
        for dimension, value in one.slice_of or () if other is not None else ():
            place = ("metric", kpi.metric.type, *one.path[:-1], "where", dimension)
            yield place, dimension, value, _closed(context, other, dimension)


def _closed(context: RuleContext, kpi: Kpi | None, dimension: str) -> tuple[str, ...] | None:
    """The values of a dimension; None where one of the KPI's datasets does not list them."""
    found: dict[str, None] = {}
    for name in context.project.datasets_of(kpi) if kpi is not None else ():
        dataset = context.project.datasets[name]
        models = [dataset.model] if dimension in dataset.own_dimensions else []
        models += [join.model for join in dataset.joins if dimension in join.dimensions]
        for model in models:
            listed = context.values.get(model, {}).get(dimension)
            if listed is None:
                return None
            found.update(dict.fromkeys(listed))
    return (*found, _NONE) if found else None


def _filters(context: RuleContext, kpi: Kpi) -> Iterator[Named]:
    """The texts that filters compare a column with."""
    for path, measure, model, _ in context.measures_with_columns(kpi):
        closed = context.values.get(model)
        if not closed or measure.where is None:
            continue
        try:
            compared = compared_texts(measure.where)
        except ExpressionError:
            continue  # columns_exist reports it
        for column, value in compared:
            yield (*path, "where"), column, value, closed.get(column)
