"""One KPI: the six steps (objective, criterion, metric, target, frequency, measurement system)."""

import datetime as dt
from typing import Annotated, Literal

from pydantic import Field

from kpi_specs.calendars import CalendarName
from kpi_specs.language.base import Days, Id, SpecModel, Text
from kpi_specs.language.cadence import Cadences
from kpi_specs.language.example import Example
from kpi_specs.language.metric import Metric
from kpi_specs.language.target import Target

Scale = Literal["thousand", "million", "billion"]
SCALES: dict[Scale, int] = {"thousand": 10**3, "million": 10**6, "billion": 10**9}

TOTAL: tuple[str, ...] = ()  # the slice without dimensions


class Changed(SpecModel):
    """Why this version exists."""

    on: dt.date
    """Day from which the new definition holds. E.g. `2026-11-01`."""
    why: str
    """What is other than before, and for which reason. E.g. `organic clicks no longer counted`."""
    by: Id
    """Who decided it: an owner of owners.yml. E.g. `marketing`."""


class Complete(SpecModel):
    """What a complete period holds."""

    every: Literal["day", "week", "month"]
    """What is counted: days, or the weeks or months of the KPI's calendar that the period touches;
    all days of a week that holds its rows are there. E.g. `day`."""
    min_rows: Annotated[int, Field(ge=1)] = 1
    """Rows of the dataset that each must hold to count as there. E.g. `1`."""
    coverage: Annotated[float, Field(gt=0, le=1)] = 1.0
    """Share of the period's days that must be there, and of the days before it where it rests on
    those. E.g. `0.95`."""

    def span(self, calendar: CalendarName) -> str:
        """The evidence's name of what is counted: `day`, or `jalali weekly`."""
        return "day" if self.every == "day" else f"{calendar} {self.every}ly"


class MinSample(SpecModel):
    """The smallest denominator that still says something.

    An average, median, percentile, smallest or largest value has none: it is the number of rows
    that match and have a value.
    """

    denominator: Annotated[float, Field(gt=0)]
    """Below it the period has no value (`LOW_SAMPLE`). E.g. `100`."""


class Availability(SpecModel):
    """When a period counts as measured. Durations are written with their unit: `7 days`.

    No rows in a period that is complete: a count or sum is 0 where `zero_is_valid`, everything else
    has no value.
    """

    complete: Complete | None = None
    """What a complete period holds. Without it only the days of sources with `expects` are
    counted. E.g. `{every: day, min_rows: 1, coverage: 1.0}`."""
    due: Days = 1
    """Days after the period's end until its value is due, and never before its sources' own
    promise (`arrives.within`). Before that a period is pending, or provisional while nothing is
    lacking. E.g. `1 day`."""
    mature: Days = 0
    """Days after the period's end until late data is in; provisional until then. E.g. `3 days`."""
    warm_up: Days = 0
    """History needed before the first value means anything. E.g. `90 days`."""
    min_sample: MinSample | None = None
    """The smallest denominator, or number of rows with a value, that still says something.
    E.g. `{denominator: 100}`."""
    valid_range: tuple[float | None, float | None] | None = None
    """Lowest and highest value that can be true; either may be null. E.g. `[0, 1]`."""
    zero_is_valid: bool = False
    """Whether no rows in a complete period are an honest 0 of a sum or count, and of two datasets
    one without rows makes an honest 0, such as the refund rate of a week without refunds. E.g.
    `true`."""


class Resource(SpecModel):
    """Something the target needs."""

    what: str
    """The resource, in words. E.g. `access to the ads API`."""
    available: bool
    """Whether it is there; a missing one is shown beside the KPI, and is no error. E.g. `true`."""


class Review(SpecModel):
    """When the definition itself is looked at again."""

    every: Literal["weekly", "monthly", "quarterly", "yearly"]
    """How often. E.g. `monthly`."""
    last: dt.date | None = None
    """Day of the last review. E.g. `2026-10-01`."""
    next: dt.date | None = None
    """Day of the next review; where it lies behind the project's clock, `kpi validate` warns.
    E.g. `2026-11-30`."""


class Stated(SpecModel):
    """A person's stated reason."""

    reason: str
    """In words. E.g. `reached in four of the last twelve months`."""
    by: Id
    """Who says so: an owner of owners.yml. E.g. `marketing`."""
    on: dt.date
    """Day of the statement. E.g. `2026-11-01`."""


class Smart(SpecModel):
    """The two letters that need a person."""

    achievable: Stated | None = None
    """Why the target can be reached.
    E.g. `{reason: reached in four of twelve months, by: marketing, on: 2026-11-01}`."""
    relevant: Stated | None = None
    """Why the KPI matters to its objective.
    E.g. `{reason: half of the budget goes into ads, by: marketing, on: 2026-11-01}`."""


class Kpi(SpecModel):
    """A KPI is one file; its stem is the KPI's id.

    ```yaml
    kpi: click_through_rate
    title: {en: Click-through rate}
    kind: kpi
    objective: grow_online_sales
    purpose: {en: Decides where next week's ad budget goes}
    criterion: {en: "Do our ads attract the people who see them?"}
    metric:
      dataset: ad_performance
      ratio: {numerator: {sum: clicks}, denominator: {sum: impressions}}
    unit: percent
    direction: higher_is_better
    cadence: [monthly, daily]
    grain: [[], [channel]]
    targets:
      - {from: 2017-01-01, value: 0.02, set_by: marketing, why: 2016 mean plus 10 %}
    availability:
      complete: {every: day}
      due: 1 day
      mature: 3 days
    owner: marketing
    ```
    """

    kpi: Id
    """The id; equals the file's stem. E.g. `click_through_rate`."""
    version: Annotated[int, Field(ge=1)] = 1
    """Version of the definition; raised when what is measured changes. E.g. `2`."""
    changed: Changed | None = None
    """Why this version exists; needed from version 2 on.
    E.g. `{on: 2026-11-01, why: organic clicks no longer counted, by: marketing}`."""
    title: Text
    """Name by language; every language of project.yml. E.g. `{en: Click-through rate}`."""
    kind: Literal["kpi", "kri"]
    """`kpi`: how an activity is performing; `kri`: which result came of it. E.g. `kpi`."""
    leads_to: tuple[Id, ...] = ()
    """The KRIs that this KPI drives. E.g. `[gross_revenue]`."""
    objective: Id
    """The objective it serves: an id of objectives.yml. E.g. `grow_online_sales`."""
    purpose: Text
    """What it decides, by language. E.g. `{en: Decides where next week's ad budget goes}`."""
    criterion: Text
    """What is judged, as a question, by language.
    E.g. `{en: "Do our ads attract the people who see them?"}`."""
    metric: Metric
    """How it is computed.
    E.g. `{dataset: ad_performance, ratio: {numerator: {sum: clicks},
    denominator: {sum: impressions}}}`."""
    unit: Literal["number", "percent", "currency", "duration", "ratio"]
    """For display: 0.02 `percent` is shown as 2 %, `currency` is the project's, `duration` is in
    days. E.g. `percent`."""
    decimals: Annotated[int, Field(ge=0, le=9)] = 2
    """Decimals shown; values are compared unrounded. E.g. `1`."""
    scale: Scale | None = None
    """What a `number` or `currency` is shown in: 1234567 as 1.23 million. Only shown: values,
    targets and ranges are written and published as they are. E.g. `million`."""
    direction: Literal["higher_is_better", "lower_is_better", "in_range"]
    """Which way is good. `in_range`: targets have `low` and `high`. E.g. `higher_is_better`."""
    cadence: Annotated[Cadences, Field(min_length=1)]
    """How often it is computed: one or a list, of which the first is the main one.
    E.g. `[monthly, daily]`."""
    calendar: CalendarName = "gregorian"
    """The calendar of its periods; where none is named, the project's. `docs/calendars.md` shows
    labels and neighbours in each. E.g. `jalali`."""
    grain: tuple[tuple[str, ...], ...] = (TOTAL,)
    """Slices: `[]` is the total, `[channel]` is by channel, `[channel, campaign]` by both, in the
    order of the dataset's dimensions. E.g. `[[], [channel], [channel, campaign]]`."""
    targets: tuple[Target, ...] = ()
    """Dated targets.
    E.g. `[{from: 2017-01-01, value: 0.02, set_by: marketing, why: 2016 mean plus 10 %}]`."""
    availability: Availability = Availability()
    """When a period counts as measured. E.g. `{complete: {every: day}, due: 1 day}`."""
    owner: Id
    """Who answers for it and is told when it cannot be measured: an id of owners.yml.
    E.g. `marketing`."""
    resources: tuple[Resource, ...] = ()
    """What the target needs. E.g. `[{what: access to the ads API, available: true}]`."""
    review: Review | None = None
    """When the definition is looked at again. E.g. `{every: monthly, next: 2026-11-30}`."""
    smart: Smart = Smart()
    """A person's stated reasons.
    E.g. `{relevant: {reason: half of the budget goes into ads, by: marketing, on: 2026-11-01}}`."""
    example: Example | None = None
    """Rows and the value they must give.
    E.g. `{rows: [{clicks: 3, impressions: 200}], value: 0.015}`."""

    @property
    def dimensions(self) -> tuple[str, ...]:
        """Every dimension of the grain, in the order of first use, without repeats."""
        return tuple(dict.fromkeys(d for one in self.grain for d in one))
