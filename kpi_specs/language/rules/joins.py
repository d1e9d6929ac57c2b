"""Rules about the tables that a dataset joins for more dimensions."""

from collections.abc import Iterator

from kpi_specs.language.dbt_columns import is_numeric
from kpi_specs.language.problems import Problem, did_you_mean, no_such_column, one_column
from kpi_specs.language.rules.context import RuleContext


def join_parts_exist(context: RuleContext) -> Iterator[Problem]:
    """A join's model is declared, and its columns are columns of the two models."""
    for name, dataset in context.project.datasets.items():
        columns = context.columns.get(dataset.model)
        for index, join in enumerate(dataset.joins):
            place: tuple[str | int, ...] = ("joins", index)
            joined = context.columns.get(join.model)
            if joined is None:
                message = (
                    f"the dbt model '{join.model}' is not declared in dbt_project/models/."
                    f"{did_you_mean(join.model, context.columns, noun='Models')}"
                )
                yield context.problem("dataset", name, (*place, "model"), "unknown-model", message)
            if columns is None or joined is None:
                continue  # dataset_parts_exist reports the dataset's own model
            named = [(("on", c), c, dataset.model, columns) for c in join.on]
            named += [(("on", c), key, join.model, joined) for c, key in join.on.items()]
            named += [
                (("dimensions", n), d, join.model, joined)  # type: ignore[misc]
                for n, d in enumerate(join.dimensions)
            ]
            for path, column, model, allowed in named:
                if column not in allowed:
                    message = no_such_column(column, allowed, model)
                    yield context.problem(
                        "dataset", name, (*place, *path), "unknown-column", message
                    )


def join_has_a_source(context: RuleContext) -> Iterator[Problem]:
    """The source that answers for a joined model exists."""
    known = context.project.sources
    for name, dataset in context.project.datasets.items():
        for index, join in enumerate(dataset.joins):
            if join.source is not None and join.source not in known:
                message = (
                    f"the source '{join.source}' is not in kpi_specs/sources/."
                    f"{did_you_mean(join.source, known, noun='Sources')}"
                )
                path = ("joins", index, "source")
                yield context.problem("dataset", name, path, "unknown-source", message)


def join_columns_are_of_one_kind(context: RuleContext) -> Iterator[Problem]:
    """The two columns that a join compares are both numbers, or have the same type."""
    for name, dataset in context.project.datasets.items():
        for index, join in enumerate(dataset.joins):
            for column, key in join.on.items():
                left = context.columns.get(dataset.model, {}).get(column, "")
                right = context.columns.get(join.model, {}).get(key, "")
                known = bool(left and right)
                if known and left != right and not (is_numeric(left) and is_numeric(right)):
                    message = (
                        f"'{column}' of {dataset.model} is {left}, '{key}' of {join.model} is "
                        f"{right}; give both the same type in the marts."
                    )
                    path = ("joins", index, "on", column)
                    yield context.problem("dataset", name, path, "wrong-type", message)


def joins_and_dimensions_stand_once(context: RuleContext) -> Iterator[Problem]:
    """A dataset has a dimension once, and joins a model once."""
    for name, dataset in context.project.datasets.items():
        placed: list[tuple[tuple[str | int, ...], str]] = [
            (("dimensions", n), d) for n, d in enumerate(dataset.own_dimensions)
        ]
        for index, join in enumerate(dataset.joins):
            placed += [
                (("joins", index, "dimensions", n), d) for n, d in enumerate(join.dimensions)
            ]
            if join.model.lower() in {other.model.lower() for other in dataset.joins[:index]}:
                message = (
                    f"'{join.model}' is joined twice; for a second role (billing, shipping) write "
                    "a model of its own, with columns of their own names."
                )
                at = ("joins", index, "model")
                yield context.problem("dataset", name, at, "duplicate-join", message)
        for position, (path, dimension) in enumerate(placed):
            before = {other.lower(): other for _, other in placed[:position]}
            other = before.get(dimension.lower())
            if other is not None:
                message = f"the dimension '{dimension}' stands twice; rename a column in its model."
                if other != dimension:
                    message = one_column(other, dimension)
                yield context.problem("dataset", name, path, "duplicate-dimension", message)
