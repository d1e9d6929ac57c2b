"""Rules about what is compared: a mart with its raw rows, a source with another's totals."""

from collections.abc import Iterator, Mapping

from kpi_specs.language.dbt_columns import is_numeric
from kpi_specs.language.problems import Problem, no_such_column
from kpi_specs.language.reconcile import Amount
from kpi_specs.language.rules.context import RuleContext
from kpi_specs.language.source import Source


def reconciled_source_has_days(context: RuleContext) -> Iterator[Problem]:
    """A mart is compared with one of its own sources, whose rows have a day."""
    for key, dataset in context.project.datasets.items():
        named = dataset.reconcile.source
        place: tuple[str | int, ...] = ("reconcile", "source")
        if named is not None and named not in dataset.sources:
            message = (
                f"'{named}' is not among the sources of this dataset: {', '.join(dataset.sources)}."
            )
            yield context.problem("dataset", key, place, "unknown-source", message)
            continue
        source = context.project.raw_of(dataset)
        if named is not None and source is not None and source.event_time is None:
            message = (
                f"the source '{named}' has no event_time, so nothing says which day a row is of; "
                "name a source that has one."
            )
            yield context.problem("dataset", key, place, "no-event-time", message)
        if dataset.reconcile.measures and source is None:
            message = (
                "nothing says with which source's rows the mart is compared; add 'source', one of "
                f"{', '.join(dataset.sources)}."
            )
            place = ("reconcile", "measures")
            yield context.problem("dataset", key, place, "unknown-source", message)


def reconciled_columns_are_numbers(context: RuleContext) -> Iterator[Problem]:
    """What is added up of a mart and of its raw rows are columns of numbers."""
    for key, dataset in context.project.datasets.items():
        source = context.project.raw_of(dataset)
        columns = context.columns.get(dataset.model)
        for index, compared in enumerate(dataset.reconcile.measures):
            sides: list[tuple[str, str, Amount, Mapping[str, str]]] = []
            if source is not None:
                sides.append(("raw", source.source, compared.raw, source_types(source)))
            if columns is not None:
                sides.append(("mart", dataset.model, compared.mart, columns))
            for side, table, amount, types in sides:
                told = not_a_number(amount, table, types)
                if told is not None:
                    place = ("reconcile", "measures", index, side, "sum")
                    yield context.problem("dataset", key, place, *told)


def source_types(source: Source) -> dict[str, str]:
    """The columns of a source with their types as a warehouse has them."""
    as_declared = {"number": "double", "integer": "bigint"}
    return {name: as_declared.get(c.type, c.type) for name, c in source.columns.items()}


def not_a_number(amount: Amount, table: str, types: Mapping[str, str]) -> tuple[str, str] | None:
    """Rule and message where what is to be added up is no column of numbers."""
    if amount.sum is None:
        return None
    if amount.sum not in types:
        return "unknown-column", no_such_column(amount.sum, types, table)
    if not is_numeric(types[amount.sum]):
        said = f"'{amount.sum}' of {table} is {types[amount.sum]}; only numbers are added up."
        return "wrong-type", said
    return None
