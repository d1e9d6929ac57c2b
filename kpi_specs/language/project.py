"""A whole project as its YAML says it: settings, objectives, owners, sources, datasets, KPIs."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from kpi_specs.calendars import Calendar, CalendarName
from kpi_specs.language.base import Days, Id, SpecModel, Text
from kpi_specs.language.cadence import Cadence
from kpi_specs.language.calendar_settings import FiscalYear, RetailYear, make_calendar
from kpi_specs.language.dataset import Dataset, Join
from kpi_specs.language.kpi import Complete, Kpi
from kpi_specs.language.metrics.base import MetricType
from kpi_specs.language.problems import Problem
from kpi_specs.language.source import HOUR_PATTERN, Source


class Publish(SpecModel):
    """What the publication keeps."""

    keep: Annotated[int, Field(ge=1)] = 5
    """Earlier publications kept for `kpi rollback`. E.g. `5`."""
    parquet: bool = True
    """Whether the tables are written as Parquet too. E.g. `false`."""


class Alerts(SpecModel):
    """Where alerts go besides the log, and when they are repeated."""

    webhook: str | None = None
    """URL that takes a JSON POST. E.g. `http://127.0.0.1:8080/alerts`."""
    remind_after: Days = 7
    """An incident that is open and that nobody has acknowledged is told again after so many days;
    `0 days`: never. E.g. `14 days`."""
    reopen_within: Days = 1
    """A cause that comes back within so many days of its end reopens its incident, later it is a
    new one; `0 days`: always a new one. E.g. `3 days`."""
    run_by: Annotated[str, Field(pattern=HOUR_PATTERN)] | None = None
    """The time of day, in the project's zone, by which a run has ended well on the day after a
    period closed; absent: six hours after the schedules begin. `kpi alerts --check` tells the
    default owner of a run that is missing. E.g. `"14:00"`."""


class ProjectSettings(SpecModel):
    """What holds for the whole project."""

    name: Id
    """Name of the project. E.g. `kpi_demo`."""
    title: Text
    """Title by language. E.g. `{en: Grocery retailer}`."""
    time_zone: str
    """IANA name of the zone that business dates are in. E.g. `America/New_York`."""
    currency: str
    """Currency of every KPI whose unit is `currency`. E.g. `USD`."""
    calendar: CalendarName = "gregorian"
    """Calendar of KPIs that name none. E.g. `jalali`."""
    week_start: Literal["monday", "saturday", "sunday"] = "monday"
    """First day of the gregorian and the fiscal week; Monday gives ISO weeks. A jalali week begins
    on Saturday, a retail week on the day after its year's last one. E.g. `sunday`."""
    fiscal: FiscalYear | None = None
    """Needed by `calendar: fiscal`. E.g. `{first_month: 4, label: end_year}`."""
    retail: RetailYear | None = None
    """Needed by `calendar: retail`. E.g. `{pattern: 4-5-4, label: start_year,
    year_ends: {weekday: saturday, month: 1, which: nearest_month_end}}`."""
    languages: Annotated[tuple[str, ...], Field(min_length=1)]
    """Languages that titles have; reasons are written in the first one. E.g. `[en, fa]`."""
    history_from: Annotated[dt.date, Field(ge=dt.date(1901, 1, 1))]
    """First day of the calendar. E.g. `2017-01-01`."""
    as_of: dt.date | None = None
    """The clock where `--as-of` names none; absent: today. E.g. `2018-01-01`."""
    publish: Publish = Publish()
    """What the publication keeps. E.g. `{keep: 5, parquet: true}`."""
    alerts: Alerts = Alerts()
    """Where alerts go, and when they are repeated. E.g. `{webhook: "http://127.0.0.1:8080/alerts"}`."""
    default_owner: Id
    """Who is told where nobody else is: an id of owners.yml. E.g. `data_platform`."""

    def calendar_of(self, name: CalendarName) -> Calendar:
        """The calendar of that name as it is set up here.

        Raises:
            ValueError: It has no settings; the rule `calendars_are_set_up` tells it before.
        """
        return make_calendar(name, self.week_start, self.fiscal, self.retail)


class Objective(SpecModel):
    """One node of the tree strategic > mid > operational."""

    objective: Id
    """The id. E.g. `grow_sales`."""
    title: Text
    """Title by language. E.g. `{en: Sell more to more households}`."""
    level: Literal["strategic", "mid", "operational"]
    """Where it stands in the tree. E.g. `mid`."""
    parent: Id | None = None
    """The objective that it serves; only a strategic one has none. E.g. `profitable_growth`."""
    owner: Id | None = None
    """Who answers for it: an id of owners.yml. E.g. `sales_ops`."""


class Subscription(SpecModel):
    """Changes that an owner wants to be told of."""

    kpis: tuple[Id, ...] = ()
    """Of these KPIs; absent: of all. E.g. `[net_revenue]`."""
    changes: Annotated[
        tuple[Literal["definition", "target", "status"], ...], Field(min_length=1)
    ] = ("definition", "target", "status")
    """`definition`: its version, or what its values rest on; `target`: what the spec says of its
    targets; `status`: the target status of the newest period that is due. E.g. `[target]`."""


class Owner(SpecModel):
    """A person or team, and where their alerts go."""

    owner: Id
    """The id. E.g. `marketing`."""
    name: Text
    """Name by language. E.g. `{en: Marketing}`."""
    email: str | None = None
    """Address, for readers of the specs; alerts take the routes. E.g. `marketing@example.com`."""
    alerts: tuple[str, ...] = ()
    """Routes of their alerts: `log`, `webhook`, a http URL that takes a JSON POST, or a URL of
    apprise; `${NAME}` in it is an environment variable. E.g.
    `["mailtos://kpi:${MAIL_PASSWORD}@smtp.example.com?to=marketing@example.com"]`."""
    subscriptions: tuple[Subscription, ...] = ()
    """Changes that they are told of, one message a run. E.g. `[{kpis: [net_revenue], changes:
    [definition, target]}]`."""


@dataclass(frozen=True)
class SpecText:
    """The text of a spec, and the file that it stood in, relative to the project."""

    file: str
    text: str


@dataclass(frozen=True)
class Project:
    """All specs of one project. Dictionaries are keyed by id, in file order."""

    root: Path
    settings: ProjectSettings
    objectives: dict[str, Objective] = field(default_factory=dict)
    owners: dict[str, Owner] = field(default_factory=dict)
    sources: dict[str, Source] = field(default_factory=dict)
    datasets: dict[str, Dataset] = field(default_factory=dict)
    kpis: dict[str, Kpi] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)  # KPI id -> its file, for headers
    texts: dict[str, SpecText] = field(default_factory=dict)  # KPI id -> what it was read from
    # KPI id -> what is wrong with its spec: see `kpi_specs.language.last_valid`. One that is among
    # `kpis` stands there by its last valid text, for its rows; of another none are known.
    invalid: dict[str, tuple[Problem, ...]] = field(default_factory=dict)
    # KPI id -> the invalid one that it is computed from, where that one cannot be computed at all.
    held_by: dict[str, str] = field(default_factory=dict)
    # What is computed for other KPIs alone, and not published: see `kpi_specs.language.inputs`.
    lent: dict[str, tuple[Cadence, ...]] = field(default_factory=dict)  # KPI id -> its cadences
    stand_ins: dict[str, tuple[str, str]] = field(default_factory=dict)  # id -> KPI and its input

    @property
    def calendars(self) -> tuple[Calendar, ...]:
        """The calendars in use: the project's own, then its KPIs'."""
        names = dict.fromkeys([self.settings.calendar, *(k.calendar for k in self.kpis.values())])
        return tuple(self.settings.calendar_of(name) for name in names)

    def used_kpis(self, kpis: Iterable[str]) -> tuple[str, ...]:
        """These KPIs and all that they rest on, by value or by definition; nearest first."""
        found = dict.fromkeys(one for one in kpis if one in self.kpis)
        waiting = list(found)
        while waiting:  # a circle of KPIs is a rule's matter, and no reason to go round
            uses = self.kpis[waiting.pop(0)].metric.uses
            following = [one for one in uses if one in self.kpis and one not in found]
            found.update(dict.fromkeys(following))
            waiting += following
        return tuple(found)

    @property
    def withheld(self) -> dict[str, str]:
        """KPIs that an invalid spec withholds, each with the KPI whose spec that is."""
        if not self.invalid:
            return {}
        found = {**self.held_by, **{kpi: kpi for kpi in self.invalid}}
        for kpi in self.kpis:
            at_fault = [found[one] for one in self.used_kpis([kpi]) if one in found]
            if at_fault:
                found.setdefault(kpi, at_fault[0])
        return {kpi: found[kpi] for kpi in self.kpis if kpi in found}

    def datasets_of(self, kpi: Kpi) -> tuple[str, ...]:
        """Ids of the datasets that a KPI rests on, those of the KPIs it uses included."""
        metrics = (self.kpis[one].metric for one in self.used_kpis([kpi.kpi]))
        named = (dataset for metric in metrics for dataset in metric.datasets)
        return tuple(dict.fromkeys(dataset for dataset in named if dataset in self.datasets))

    def read_by(self, kpi: Kpi) -> tuple[str, ...]:
        """Ids of the datasets that a KPI is computed from itself, not through another's value."""
        return tuple(dict.fromkeys(d for one in self.taken_over(kpi) for d in one.metric.datasets))

    def sliced_by(self, kpi: Kpi) -> tuple[str, ...]:
        """Those of them that have to have the KPI's dimensions."""
        return tuple(
            dict.fromkeys(d for one in self.taken_over(kpi) for d in one.metric.sliced_datasets)
        )

    def joins_of(self, kpi: Kpi) -> tuple[tuple[Dataset, Join], ...]:
        """The joins that a KPI's slices need, in the order of its datasets."""
        sliced = [self.datasets[d] for d in self.sliced_by(kpi) if d in self.datasets]
        return tuple((d, join) for d in sliced for join in d.joins_of(kpi.dimensions))

    def raw_of(self, dataset: Dataset) -> Source | None:
        """The source whose rows a mart holds by day; None where that is neither said nor plain."""
        if dataset.reconcile.source is not None:
            return self.sources.get(dataset.reconcile.source)
        found = [self.sources[s] for s in dataset.sources if s in self.sources]
        dated = [source for source in found if source.event_time is not None]
        return dated[0] if len(dated) == 1 and dated[0] is found[0] else None

    def counted_as(self, kpi: Kpi) -> MetricType:
        """The definition of its parts: its own, or that of the KPI which it takes over."""
        return self.taken_over(kpi)[-1].metric.definition

    def complete_of(self, kpi: Kpi) -> Complete | None:
        """What a complete period holds: its own, with the coverage of the KPI that it takes over.

        Of the two coverages the higher one holds.
        """
        found = [one.availability.complete for one in self.taken_over(kpi)]
        declared = [complete for complete in found if complete is not None]
        if not declared:
            return None
        coverage = max(complete.coverage for complete in declared)
        return declared[0].model_copy(update={"coverage": coverage})

    def taken_over(self, kpi: Kpi) -> tuple[Kpi, ...]:
        """The KPI, the one whose definition it takes over, and so on; each once."""
        found = {kpi.kpi: kpi}
        other = self.kpis.get(kpi.metric.definition.definition_of or "")
        while other is not None and other.kpi not in found:
            found[other.kpi] = other
            other = self.kpis.get(other.metric.definition.definition_of or "")
        return tuple(found.values())

    def sources_of(self, kpi: Kpi) -> tuple[str, ...]:
        """Ids of the sources that a KPI rests on, those of the KPIs it uses included.

        What serves a join alone is one of them where slices need the join.
        """
        fed = (source for d in self.datasets_of(kpi) for source in self.datasets[d].sources)
        used = (self.kpis[one] for one in self.used_kpis([kpi.kpi]))
        joins = (join for one in used for _, join in self.joins_of(one))
        joined = (join.source for join in joins if join.source in self.sources)
        return tuple(dict.fromkeys(source for source in (*fed, *joined) if source is not None))
