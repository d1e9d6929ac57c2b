"""Rules about names that are taken, and about what has to be a name."""

import re
from collections.abc import Iterator

from kpi_specs.language.expressions import is_column
from kpi_specs.language.metrics.parts import known_name, part_name
from kpi_specs.language.problems import Problem, one_column
from kpi_specs.language.project import Project
from kpi_specs.language.reserved import COLUMNS, ORIGIN_COLUMNS, PREFIXES, STEP_COLUMNS, TABLES
from kpi_specs.language.rules.context import RuleContext
from kpi_specs.mart_columns import KEYWORDS


def kpi_name_is_free(context: RuleContext) -> Iterator[Problem]:
    """No KPI takes the name of a table that every publication has."""
    for key in context.project.kpis:
        if key in TABLES or key.startswith(PREFIXES):
            message = f"the table 'kpi_{key}' is the publication's own; give the KPI another id."
            yield context.problem("kpi", key, ("kpi",), "reserved-name", message)
        elif key.startswith("kpi_"):
            message = f"the table would be called 'kpi_{key}'; leave 'kpi_' out of the id."
            yield context.problem("kpi", key, ("kpi",), "doubled-prefix", message, "warning")


def source_column_name_is_free(context: RuleContext) -> Iterator[Problem]:
    """No column of a source is called like another one, or like what is kept of a row's origin."""
    for key, source in context.project.sources.items():
        seen: dict[str, str] = {}
        for name in source.columns:
            path = ("columns", name)
            if name.lower() in ORIGIN_COLUMNS:
                message = (
                    f"'{name}' is where the table raw.{key} says what file a row came from; leave "
                    f"the column out, and it is kept as '{name}_received', a text."
                )
                yield context.problem("source", key, path, "reserved-name", message)
            elif name.lower() in seen:
                message = one_column(seen[name.lower()], name)
                yield context.problem("source", key, path, "reserved-name", message)
            seen.setdefault(name.lower(), name)


def dataset_name_is_free(context: RuleContext) -> Iterator[Problem]:
    """No dataset takes the name of a table that is made for another one."""
    for key in context.project.datasets:
        if "__" in key:
            message = (
                f"two underscores in a row stand before a calendar, or before what is kept beside "
                f"the parts, in the names of tables; give the dataset an id without, such as "
                f"'{re.sub('_+', '_', key)}'."
            )
            yield context.problem("dataset", key, ("dataset",), "reserved-name", message)


def dimension_name_is_free(context: RuleContext) -> Iterator[Problem]:
    """No dimension takes the name of a published column, or one that generated models need."""
    parts_of = _parts(context.project)
    for key, dataset in context.project.datasets.items():
        placed: list[tuple[tuple[str | int, ...], str, str]] = [
            (("dimensions", n), d, dataset.model) for n, d in enumerate(dataset.own_dimensions)
        ]
        for index, join in enumerate(dataset.joins):
            placed += [
                (("joins", index, "dimensions", n), d, join.model)
                for n, d in enumerate(join.dimensions)
            ]
        parts = parts_of.get(key, ())
        for path, name, model in placed:
            said = _why_taken(name)
            if name in parts:
                said = "is what a KPI's measure is called beside the dimensions"
            if said is not None:
                message = f"'{name}' {said}; rename the dimension in the model '{model}'."
                yield context.problem("dataset", key, path, "reserved-name", message)


def entity_is_a_column(context: RuleContext) -> Iterator[Problem]:
    """Whom or what a metric follows is one column, by which rows are told apart."""
    for key, kpi in context.project.kpis.items():
        for field in ("entity", "event"):
            text = getattr(kpi.metric.definition, field, None)
            if isinstance(text, str) and not is_column(text):
                message = (
                    f"'{text}' is an expression; '{field}' is the name of one column. Make a "
                    "column of it in the model."
                )
                path = ("metric", kpi.metric.type, field)
                yield context.problem("kpi", key, path, "not-a-column", message)


def _why_taken(dimension: str) -> str | None:
    name = dimension.lower()  # DuckDB sees no difference
    if name in COLUMNS:
        return "is a published column of every KPI"
    if name in STEP_COLUMNS:
        return "is a column that the generated models have beside the dimensions"
    if name in KEYWORDS:
        return "is a word of SQL that every reader of kpi_<id> would have to write in quotes"
    if not dimension.isidentifier():
        return "has other signs than letters, digits and _"
    return None


def _parts(project: Project) -> dict[str, set[str]]:
    """Dataset to the names of its KPIs' measures in the table that has its dimensions too."""
    found: dict[str, set[str]] = {}
    for kpi in project.kpis.values():
        for measure in kpi.metric.measures:
            names = found.setdefault(kpi.metric.dataset_of(measure), set())
            names |= {part_name(measure), known_name(measure.expression, measure.where)}
    return found
