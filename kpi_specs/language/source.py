"""One measurement system: where raw data comes from, its contract and who answers for it."""

import datetime as dt
import re
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from kpi_specs.language.base import Days, Id, SpecModel, Text, as_tuple
from kpi_specs.language.database import Database
from kpi_specs.language.reconcile import SystemOfRecord

COLUMN_TYPES = ("text", "integer", "number", "boolean", "date", "timestamp")
TYPE_PATTERN = rf"^({'|'.join(COLUMN_TYPES)}|decimal\(\d+,\s*\d+\))$"
DAY_PATTERN = r"^(\d{4}-)?\d{2}-\d{2}$"
HOUR_PATTERN = r"^([01]\d|2[0-3]):[0-5]\d$"
ARRIVAL_PATTERN = r"^(daily|weekly|monthly)( by (([01]\d|2[0-3]):[0-5]\d))?$"
_ARRIVALS = {
    "daily": ("day", "1 day"),
    "weekly": ("week", "7 days"),
    "monthly": ("month", "31 days"),
}
ColumnType = Annotated[str, Field(pattern=TYPE_PATTERN)]
SPANS = ("day", "week", "month")  # of rows, from short to long
Rows = Annotated[int, Field(ge=1)]
ClosedDay = Annotated[str, BeforeValidator(str), Field(pattern=DAY_PATTERN)]


class Column(SpecModel):
    """One column of the contract."""

    type: ColumnType
    """`text`, `integer`, `number`, `boolean`, `date`, `timestamp` or `decimal(p,s)`.
    E.g. `decimal(12,2)`."""
    required: bool = False
    """Whether a line in which it is empty or unreadable goes to the rejects. E.g. `true`."""
    unique: bool = False
    """Whether no value stands twice; rows that share one take their periods (`DOMAIN_VIOLATION`).
    E.g. `true`."""
    allowed: tuple[str, ...] | None = None
    """The closed set of its values, of a text or an integer; another one, be it by case or a blank,
    takes its period (`DOMAIN_VIOLATION`). E.g. `[card, cash]`."""
    min: float | None = None
    """Smallest value; one below takes its period (`DOMAIN_VIOLATION`). E.g. `0`."""
    max: float | None = None
    """Largest value; one above takes its period (`DOMAIN_VIOLATION`). E.g. `1`."""
    description: str | None = None
    """What it holds, in words. E.g. `clicks as the platform counts them`."""


class SourceOptions(SpecModel):
    """How the files are written."""

    delimiter: str = ","
    """Between two columns of a CSV file. E.g. `";"`."""
    encoding: str = "utf-8"
    """Encoding of the text. E.g. `latin-1`."""
    header: bool = True
    """Whether the first line names the columns. E.g. `false`."""
    short_lines: bool = False
    """Whether lines of a CSV file may leave out their last columns, which are then empty; else such
    a line is taken for one cut off and goes to the rejects. E.g. `true`."""
    date_format: Annotated[
        tuple[str, ...], BeforeValidator(as_tuple, json_schema_input_type=str | tuple[str, ...])
    ] = ()
    """How dates are written, as in strptime; a list where there are several ways; absent: ISO.
    E.g. `"%d/%m/%Y"`."""
    timestamp_format: str | None = None
    """How timestamps are written, as in strptime; absent: ISO. E.g. `"%d/%m/%Y %H:%M"`."""
    compression: Literal["none", "gzip", "zstd"] | None = None
    """How files are packed; absent: their ending says it. E.g. `gzip`."""


class Arrives(SpecModel):
    """When new data is promised."""

    every: Literal["day", "week", "month"]
    """How often; no KPI of the source is computed more often. E.g. `week`."""
    within: Days
    """How far the newest business date may lie behind the clock. E.g. `1 day`."""
    by: Annotated[str, Field(pattern=HOUR_PATTERN)] | None = None
    """The time of day, in the project's zone, by which it is there: no schedule begins before. The
    clock itself is a day, so a run by hand before that takes what is still to come for late.
    E.g. `"06:00"`."""


def _arrival(value: Any) -> Any:
    """`daily by 06:00` as the fields that it stands for."""
    if not isinstance(value, str):
        return value
    found = re.fullmatch(ARRIVAL_PATTERN, value.strip())
    if found is None:
        raise ValueError("write 'daily by 06:00', 'weekly', 'monthly', or 'every' and 'within'")
    every, within = _ARRIVALS[found[1]]
    return {"every": every, "within": within, "by": found[3]}


Arrival = Annotated[
    Arrives,
    BeforeValidator(
        _arrival,
        json_schema_input_type=Arrives | Annotated[str, Field(pattern=ARRIVAL_PATTERN)],
    ),
]


class Expects(SpecModel):
    """What a complete day, week (from Monday) or month of this source holds, at least."""

    rows_per_day: Rows | None = None
    """Rows of every day, at least. E.g. `1`."""
    rows_per_week: Rows | None = None
    """Rows of every week, at least; for sources with days without rows. E.g. `20`."""
    rows_per_month: Rows | None = None
    """Rows of every month, at least. E.g. `100`."""
    values: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Column to values that each have a row on every day: the stores that report. A day without
    one of them is not there. E.g. `{store: [berlin, hamburg]}`."""
    closed_on: tuple[ClosedDay, ...] = ()
    """Days without rows by contract, of every year or of one. E.g. `[12-25, 2017-07-04]`."""

    @model_validator(mode="after")
    def _counts_something(self) -> "Expects":
        if not self.by_span and not self.values:
            raise ValueError(
                "say how many rows: rows_per_day, rows_per_week or rows_per_month; or which values"
            )
        return self

    @property
    def by_span(self) -> dict[str, int]:
        """`day`, `week`, `month` to the rows that it holds at least; what is said only."""
        said = {"day": self.rows_per_day, "week": self.rows_per_week, "month": self.rows_per_month}
        return {span: rows for span, rows in said.items() if rows is not None}

    def is_closed(self, day: dt.date) -> bool:
        """Whether the contract promises nothing for this day."""
        return day.isoformat() in self.closed_on or f"{day:%m-%d}" in self.closed_on


class LevelChange(SpecModel):
    """A change of the usual amounts that is right, so that it is not taken for another unit."""

    from_: Annotated[dt.date, Field(alias="from")]
    """First day of the new amounts: no day before it is asked what is usual. E.g. `2024-03-05`."""
    to: dt.date | None = None
    """Last day, of a change that passed: these days say nothing of others. Absent: it stayed.
    E.g. `2024-03-05`."""
    why: Annotated[str, Field(min_length=1)]
    """Why it is right. E.g. `ten old coins are a new one`."""

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> "LevelChange":
        if self.to is not None and self.to < self.from_:
            raise ValueError(f"it ends on {self.to}, before it begins on {self.from_}")
        return self


class Source(SpecModel):
    """A source is one measurement system: where raw data comes from, and its contract.

    Each content is loaded once, under whatever name it comes. A file whose content changed replaces
    what it held before; a file that leaves `landing/` keeps its data in the warehouse. An empty or
    unreadable file replaces nothing.

    Where rows of two files share a key, that of the file whose name sorts last holds (`last_file`
    in staging; endings do not count): `orders_corrected.csv` corrects `orders.csv`, whichever was
    loaded first, and still does when a lost warehouse is built anew. A run tells of a new file
    whose rows an older one of a later name has. Numbers in names need leading zeros.

    A line whose required column is empty or that does not fit its type goes to `audit.rejects`, and
    the days that it may belong to are unmeasurable until a better file comes; a file without a
    required column is refused as a whole. Data of earlier loads stays.
    """

    source: Id
    """The id; equals the file's stem. E.g. `ad_google`."""
    title: Text
    """Name by language. E.g. `{en: Google Ads export}`."""
    owner: Id
    """Who answers for the data and is told when it is missing: an id of owners.yml.
    E.g. `marketing`."""
    kind: Literal["files", "database", "api_export"]
    """What the system is: a `database` is read itself, of the two others their files.
    E.g. `api_export`."""
    path: str | None = None
    """Glob of its files, relative to the project; with neither path nor database it is declared and
    not connected. E.g. `landing/google_ads/*.csv`."""
    database: Database | None = None
    """The database and what is read of it, of `kind: database`; what was read before is replaced,
    unless nothing can be read now. E.g. `{file: landing/shop.sqlite, table: orders}`."""
    format: Literal["csv", "json", "parquet"] = "csv"
    """How the files are written; `json` is one object a line. E.g. `json`."""
    options: SourceOptions = SourceOptions()
    """Details of the format. E.g. `{delimiter: ";", encoding: latin-1}`."""
    columns: Annotated[dict[str, Column], Field(min_length=1)]
    """The columns by name; others are kept too, as they come.
    E.g. `{clicks: {type: integer, required: true}}`."""
    key: tuple[str, ...] = ()
    """Columns that tell one row from another. E.g. `[day, campaign_id]`."""
    event_time: str | None = None
    """The column with the business date or timestamp. E.g. `day`."""
    dated_ahead: Days = 0
    """How far after the day of its load a row may be dated: bookings, plans. One dated later can
    be of any day and goes to the rejects. E.g. `400 days`."""
    covers: Literal["day", "week", "month"] = "day"
    """What a row is of: its own day, the seven days that begin with it, or its calendar month. The
    source is known as far as that reaches, and `arrives` and `expects` are about whole ones. A row
    counts whole in the period of its own day: a week across the end of a month in the month that
    it begins in. What would cut one (a window of 10 days, a balance that is 0 on the days between)
    is refused. E.g. `week`."""
    time_zone: str | None = None
    """Zone that its timestamps are in, or are converted to where they carry an offset; absent: UTC.
    Needed where `event_time` is a timestamp and the project is elsewhere. E.g. `Europe/Berlin`."""
    arrives: Arrival | None = None
    """When new data is promised; absent: nothing is; without `expects` too a period that reaches
    beyond its newest day is provisional and compared with nothing. In words: `daily` is `{every:
    day, within: 1 day}`, `weekly` 7 days, `monthly` 31 days, each with the hour where it has one.
    E.g. `daily by 06:00`."""
    restates: Days | None = None
    """How far back the system revises what it delivered: a period is provisional for so long after
    its end, only the last file's rows of a key are counted and judged (without a `key`, its rows of
    a day), and a final value that changes all the same says so in `kpi_restatements`.
    E.g. `3 days`."""
    keeps: Days | None = None
    """How long the system keeps a row before it is gone; absent: for good. E.g. `90 days`."""
    expects: Expects | None = None
    """Rows that every day, week or month holds at least; absent: a hole in the middle is not
    seen. E.g. `{rows_per_day: 1, closed_on: [12-25]}`."""
    system_of_record: tuple[SystemOfRecord, ...] = ()
    """Totals that another system has of the same rows: where they lie further apart than the
    tolerance, no KPI over this source has a value for that period (`RECON_MISMATCH`). E.g. `[{name:
    ledger, measure: {sum: sales_value}, totals: [{period: 2017-03, total: 379997.84}]}]`."""
    level_changes: tuple[LevelChange, ...] = ()
    """Changes of its usual amounts by about 10, 100, 1,000 or 1,000,000 times that are right; one
    that is not named is taken for another unit (cents, micros) and takes its days
    (`DOMAIN_VIOLATION`). E.g. `[{from: 2024-03-05, why: ten old coins are a new one}]`."""
    synthetic: bool = False
    """Whether it is generated, not measured. E.g. `true`."""
    description: str | None = None
    """What the system is, in words. E.g. `the till of every shop, one line a product`."""

    @property
    def is_connected(self) -> bool:
        """Whether the spec says where the rows are."""
        return self.path is not None or self.database is not None

    @model_validator(mode="after")
    def _rows_cover_what_is_counted(self) -> "Source":
        if self.covers == "day":
            return self
        if self.event_time is None:
            raise ValueError(
                f"rows that cover a {self.covers} need an event_time: the day that it begins with"
            )
        spans = list(SPANS)
        if self.expects is not None and self.expects.values:
            raise ValueError(
                f"a row covers a {self.covers}, so values cannot be expected of every day; leave "
                "them out"
            )
        for span in self.expects.by_span if self.expects is not None else ():
            if spans.index(span) < spans.index(self.covers):
                raise ValueError(
                    f"a row covers a {self.covers}, so rows of every {span} cannot be expected; "
                    f"say rows_per_{self.covers}"
                )
        return self
