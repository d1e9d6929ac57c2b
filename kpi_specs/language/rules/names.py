"""Rules about names that are taken."""

import re
from collections.abc import Iterator

from kpi_specs.language.problems import Problem
from kpi_specs.language.reserved import COLUMNS, PREFIXES, TABLES
from kpi_specs.language.rules.context import RuleContext


def kpi_name_is_free(context: RuleContext) -> Iterator[Problem]:
    """No KPI takes the name of a table that every publication has."""
    for key in context.project.kpis:
        if key in TABLES or key.startswith(PREFIXES):
            message = f"the table 'kpi_{key}' is the publication's own; give the KPI another id."
            yield context.problem("kpi", key, ("kpi",), "reserved-name", message)


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
    """No dimension takes the name of a published column."""
    for key, dataset in context.project.datasets.items():
        placed: list[tuple[tuple[str | int, ...], str, str]] = [
            (("dimensions", n), d, dataset.model) for n, d in enumerate(dataset.own_dimensions)
        ]
        for index, join in enumerate(dataset.joins):
            placed += [
                (("joins", index, "dimensions", n), d, join.model)
                for n, d in enumerate(join.dimensions)
            ]
        for path, name, model in placed:
            if name in COLUMNS:
                message = (
                    f"'{name}' is a published column of every KPI; rename the dimension in the "
                    f"model '{model}'."
                )
                yield context.problem("dataset", key, path, "reserved-name", message)
