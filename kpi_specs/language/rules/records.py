"""Rules about the systems of record that a source is compared with."""

import datetime as dt
from collections.abc import Iterator

from kpi_specs.language.problems import Problem, did_you_mean
from kpi_specs.language.rules.context import RuleContext
from kpi_specs.language.rules.reconcile import not_a_number, source_types
from kpi_specs.language.source import SPANS

YEAR = dt.timedelta(days=366)
SPAN_OF = {"daily": "day", "weekly": "week", "monthly": "month"}


def record_has_days_and_numbers(context: RuleContext) -> Iterator[Problem]:
    """What has a total elsewhere are rows with a day, and columns of numbers."""
    for key, source in context.project.sources.items():
        if source.system_of_record and source.event_time is None:
            message = (
                "without an event_time nothing says which rows a total is of; name its column."
            )
            yield context.problem("source", key, ("system_of_record",), "no-event-time", message)
        for index, record in enumerate(source.system_of_record):
            told = not_a_number(record.measure, key, source_types(source))
            if told is not None:
                place = ("system_of_record", index, "measure", "sum")
                yield context.problem("source", key, place, *told)


def record_source_brings_totals(context: RuleContext) -> Iterator[Problem]:
    """The source of totals is another one, whose rows have a day and a number."""
    for key, source in context.project.sources.items():
        for index, record in enumerate(source.system_of_record):
            place: tuple[str | int, ...] = ("system_of_record", index)
            if record.source is None or record.column is None:
                continue
            ledger = context.project.sources.get(record.source)
            if ledger is None or ledger is source:
                others = [name for name in context.project.sources if name != key]
                said = "is this source itself" if ledger else "is not in kpi_specs/sources/"
                near = did_you_mean(record.source, others, noun="Others")
                message = f"'{record.source}' {said}; the totals come from another one.{near}"
                at = (*place, "source")
                yield context.problem("source", key, at, "unknown-source", message)
                continue
            types = source_types(ledger)
            if ledger.event_time is None:
                message = (
                    f"the source '{record.source}' has no event_time, so nothing says which period "
                    "a total is of."
                )
                yield context.problem("source", key, (*place, "source"), "no-event-time", message)
            if SPANS.index(ledger.covers) < SPANS.index(source.covers):
                message = (
                    f"a total of '{record.source}' is of a {ledger.covers}, and a row of this "
                    f"source covers a {source.covers}; name a source with totals of a "
                    f"{source.covers}."
                )
                yield context.problem("source", key, (*place, "source"), "cut-rows", message)
            told = not_a_number(type(record.measure)(sum=record.column), record.source, types)
            if told is not None:
                yield context.problem("source", key, (*place, "column"), *told)


def record_totals_are_of_periods(context: RuleContext) -> Iterator[Problem]:
    """A total is of one period of the project's calendar, and not of a part of a row."""
    settings, known = context.project.settings, dict[str, str]()
    if any(r.totals for s in context.project.sources.values() for r in s.system_of_record):
        try:
            calendar = settings.calendar_of(settings.calendar)
        except ValueError:
            return  # calendars_are_set_up reports it
        periods = calendar.periods(settings.history_from, context.clock + YEAR)
        known = {one.period: one.cadence for one in periods}
    for key, source in context.project.sources.items():
        for index, record in enumerate(source.system_of_record):
            seen: set[str] = set()
            for number, one in enumerate(record.totals):
                place = ("system_of_record", index, "totals", number)
                if one.period not in known:
                    message = (
                        f"'{one.period}' is no period of the {settings.calendar} calendar from "
                        f"{settings.history_from} on; write it as '2017', '2017-Q1', '2017-03', "
                        "'2017-W09' or '2017-03-05'."
                    )
                    yield context.problem("source", key, place, "unknown-period", message)
                elif SPAN_OF.get(known[one.period]) in SPANS[: SPANS.index(source.covers)]:
                    span = SPAN_OF[known[one.period]]
                    message = (
                        f"'{one.period}' is a {span}, and a row of this source covers a "
                        f"{source.covers}; write totals of a {source.covers} or longer."
                    )
                    yield context.problem("source", key, place, "cut-rows", message)
                elif one.period in seen:
                    message = f"'{one.period}' has a total already; keep one of them."
                    yield context.problem("source", key, place, "duplicate-period", message)
                seen.add(one.period)


def record_mart_is_of_the_source(context: RuleContext) -> Iterator[Problem]:
    """A mart with the same total is that of a dataset which the source feeds."""
    datasets = context.project.datasets
    for key, source in context.project.sources.items():
        for index, record in enumerate(source.system_of_record):
            if record.mart is None:
                continue
            place = ("system_of_record", index, "mart")
            dataset = datasets.get(record.mart.dataset)
            if dataset is None or key not in dataset.sources:
                fed = [name for name, one in datasets.items() if key in one.sources]
                message = (
                    f"'{record.mart.dataset}' is no dataset that this source feeds."
                    f"{did_you_mean(record.mart.dataset, fed, noun='Those are')}"
                )
                yield context.problem(
                    "source", key, (*place, "dataset"), "unknown-dataset", message
                )
            elif (columns := context.columns.get(dataset.model)) is not None:
                told = not_a_number(record.mart, dataset.model, columns)
                if told is not None:
                    yield context.problem("source", key, (*place, "sum"), *told)
