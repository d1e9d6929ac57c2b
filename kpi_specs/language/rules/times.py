"""Rules about the day that a row belongs to."""

from collections.abc import Iterator

from kpi_specs.language.problems import Problem
from kpi_specs.language.rules.context import RuleContext


def dataset_time_is_a_day(context: RuleContext) -> Iterator[Problem]:
    """A dataset's time is a DATE, or a TIMESTAMP beside the zone that it was written in."""
    for key, dataset in context.project.datasets.items():
        columns = context.columns.get(dataset.model, {})
        if dataset.time not in columns:
            continue  # dataset_parts_exist reports it
        declared, zone = columns[dataset.time], dataset.time_zone
        if zone is None and declared not in ("", "date"):
            message = (
                f"'{dataset.time}' is {declared}; a dataset's time is a date in the business's "
                "time zone, or a timestamp beside the 'time_zone' that it was written in."
            )
            yield context.problem("dataset", key, ("time",), "wrong-type", message)
        elif zone is not None and declared == "date":
            message = (
                f"'{dataset.time}' is a date, so a business day already; leave time_zone out, or "
                "name the timestamp that it was made of."
            )
            yield context.problem("dataset", key, ("time_zone",), "wrong-type", message)
        elif zone is not None and declared != "timestamp":
            message = (
                f"'{dataset.time}' is {declared or 'declared without a type'}; time_zone is for a "
                "timestamp without an offset. Cast it in the model, and declare it as timestamp."
            )
            yield context.problem("dataset", key, ("time_zone",), "wrong-type", message)


def source_times_have_a_zone(context: RuleContext) -> Iterator[Problem]:
    """A source whose rows have a timestamp says in which zone, where the project's is not UTC."""
    zone = context.project.settings.time_zone
    for key, source in context.project.sources.items():
        event = source.columns.get(source.event_time or "")
        if event is None or event.type != "timestamp" or source.time_zone is not None:
            continue
        if zone not in ("UTC", "Etc/UTC"):
            message = (
                f"'{source.event_time}' is a timestamp, and nothing says in which zone; add "
                f"'time_zone: UTC', or 'time_zone: {zone}' where it is local already."
            )
            yield context.problem("source", key, ("event_time",), "no-time-zone", message)


def moments_share_a_zone(context: RuleContext) -> Iterator[Problem]:
    """Timestamps of two datasets that time is measured between were written in one zone."""
    for key, kpi in context.project.kpis.items():
        zones = {}
        for _, column, dataset_id in kpi.metric.definition.moments:
            dataset = context.project.datasets.get(dataset_id or kpi.metric.dataset or "")
            if dataset is None:
                continue  # dataset_exists reports it
            kind = context.columns.get(dataset.model, {}).get(column or dataset.time, "")
            if kind.startswith("timestamp"):
                zone = dataset.time_zone or context.project.settings.time_zone
                zones[dataset.dataset] = zone
        if len(set(zones.values())) > 1:
            said = ", ".join(f"'{dataset}' in {zone}" for dataset, zone in zones.items())
            message = (
                f"time is measured between timestamps that were written in different zones: "
                f"{said}. Convert them to one zone in the models, and name it as 'time_zone'."
            )
            place = ("metric", kpi.metric.type)
            yield context.problem("kpi", key, place, "mixed-moments", message)
