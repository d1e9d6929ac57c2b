"""Rules about project-wide settings."""

from collections.abc import Iterator
from zoneinfo import ZoneInfo, available_timezones

from kpi_specs.language.problems import Problem, did_you_mean
from kpi_specs.language.rules.context import RuleContext


def time_zones_exist(context: RuleContext) -> Iterator[Problem]:
    """A time zone is one of the IANA data base."""
    wanted: list[tuple[str, str, str | None]] = [
        ("project", "project", context.project.settings.time_zone),
        *(("source", key, source.time_zone) for key, source in context.project.sources.items()),
        *(("dataset", key, one.time_zone) for key, one in context.project.datasets.items()),
    ]
    for kind, key, zone in wanted:
        if zone is None:
            continue
        try:
            ZoneInfo(zone)
        except (KeyError, ValueError, OSError):
            near = did_you_mean(zone, available_timezones(), noun="Some of them")
            message = f"'{zone}' is not an IANA time zone.{near}"
            yield context.problem(kind, key, ("time_zone",), "unknown-time-zone", message)


def clock_lies_in_the_history(context: RuleContext) -> Iterator[Problem]:
    """The clock does not stand before the first day of the calendar."""
    settings = context.project.settings
    if settings.as_of is not None and settings.as_of < settings.history_from:
        message = (
            f"as_of ({settings.as_of}) lies before history_from ({settings.history_from}), so "
            "there is no period; set one of them anew."
        )
        yield context.problem("project", "project", ("as_of",), "no-history", message)


def webhook_is_an_address(context: RuleContext) -> Iterator[Problem]:
    """Alerts are posted to an address of the web."""
    webhook = context.project.settings.alerts.webhook
    if webhook is not None and not webhook.startswith(("http://", "https://")):
        message = f"'{webhook}' is no address; it begins with http:// or https://."
        place = ("alerts", "webhook")
        yield context.problem("project", "project", place, "bad-address", message)
