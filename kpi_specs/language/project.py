"""A whole project as its YAML says it: settings, objectives, owners, sources, datasets, KPIs."""

import datetime as dt
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from kpi_specs.language.base import Id, SpecModel, Text
from kpi_specs.language.dataset import Dataset
from kpi_specs.language.kpi import Kpi
from kpi_specs.language.source import Source


class Publish(SpecModel):
    """What the publication keeps."""

    keep: Annotated[int, Field(ge=1)] = 5  # earlier publications for `kpi rollback`
    parquet: bool = True


class Alerts(SpecModel):
    """Where alerts go besides the log."""

    webhook: str | None = None  # URL that takes a JSON POST


class ProjectSettings(SpecModel):
    """`kpi_specs/project.yml`."""

    name: Id
    title: Text
    time_zone: str  # IANA name; business dates are in it
    currency: str
    calendar: Literal["gregorian"] = "gregorian"
    week_start: Literal["monday"] = "monday"  # ISO weeks
    languages: Annotated[tuple[str, ...], Field(min_length=1)]  # the first one is for reasons
    history_from: dt.date  # first day of the calendar
    as_of: dt.date | None = None  # the clock's default; absent: today
    publish: Publish = Publish()
    alerts: Alerts = Alerts()
    default_owner: Id  # alerts without a route go here


class Objective(SpecModel):
    """One node of the tree strategic > mid > operational."""

    objective: Id
    title: Text
    level: Literal["strategic", "mid", "operational"]
    parent: Id | None = None
    owner: Id | None = None


class Owner(SpecModel):
    """A person or team, and where their alerts go."""

    owner: Id
    name: Text
    email: str | None = None
    alerts: tuple[str, ...] = ()  # log | webhook


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

    def sources_of(self, kpi: Kpi) -> tuple[str, ...]:
        """Ids of the sources that a KPI rests on, its upstream KPI's included."""
        if kpi.metric.growth is not None:
            upstream = self.kpis.get(kpi.metric.growth.of)
            return self.sources_of(upstream) if upstream and upstream is not kpi else ()
        return tuple(
            dict.fromkeys(s for d in kpi.metric.datasets for s in self.datasets[d].sources)
        )
