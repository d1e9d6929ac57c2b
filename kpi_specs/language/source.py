"""One measurement system: where raw data comes from, its contract and who answers for it."""

import datetime as dt
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from kpi_specs.language.base import Days, Id, SpecModel, Text

ColumnType = Annotated[
    str, Field(pattern=r"^(text|integer|number|boolean|date|timestamp|decimal\(\d+,\s*\d+\))$")
]


Rows = Annotated[int, Field(ge=1)]
ClosedDay = Annotated[str, BeforeValidator(str), Field(pattern=r"^(\d{4}-)?\d{2}-\d{2}$")]


class Column(SpecModel):
    """One column of the contract."""

    type: ColumnType  # text | integer | number | boolean | date | timestamp | decimal(p,s)
    required: bool = False  # NULL or unreadable: the line goes to the rejects
    unique: bool = False
    allowed: tuple[str, ...] | None = None  # closed set of values
    min: float | None = None
    max: float | None = None
    description: str | None = None


class SourceOptions(SpecModel):
    """How the files are written."""

    delimiter: str = ","
    encoding: str = "utf-8"
    header: bool = True
    date_format: str | None = None  # strptime, e.g. %d/%m/%Y; ISO where absent
    timestamp_format: str | None = None
    compression: Literal["none", "gzip", "zstd"] | None = None  # by file ending where absent


class Arrives(SpecModel):
    """When new data is promised."""

    every: Literal["day", "week", "month"]
    within: Days  # the newest business date may lie this far behind the clock


class Expects(SpecModel):
    """What a complete day, week (from Monday) or month of this source holds, at least."""

    rows_per_day: Rows | None = None
    rows_per_week: Rows | None = None  # for sources with days without rows
    rows_per_month: Rows | None = None
    closed_on: tuple[ClosedDay, ...] = ()  # days without rows by contract: 12-25 or 2017-12-25

    @model_validator(mode="after")
    def _counts_something(self) -> "Expects":
        if not self.by_span:
            raise ValueError("say how many rows: rows_per_day, rows_per_week or rows_per_month")
        return self

    @property
    def by_span(self) -> dict[str, int]:
        """`day`, `week`, `month` to the rows that it holds at least; what is said only."""
        said = {"day": self.rows_per_day, "week": self.rows_per_week, "month": self.rows_per_month}
        return {span: rows for span, rows in said.items() if rows is not None}

    def is_closed(self, day: dt.date) -> bool:
        """Whether the contract promises nothing for this day."""
        return day.isoformat() in self.closed_on or f"{day:%m-%d}" in self.closed_on


class Source(SpecModel):
    """A source file of `kpi_specs/sources/`; its stem is the source's id."""

    source: Id
    title: Text
    owner: Id
    kind: Literal["files", "database", "api_export"]
    path: str | None = None  # glob relative to the project; absent: declared, not connected
    format: Literal["csv", "json", "parquet"] = "csv"
    options: SourceOptions = SourceOptions()
    columns: Annotated[dict[str, Column], Field(min_length=1)]
    key: tuple[str, ...] = ()
    event_time: str | None = None  # column with the business date or timestamp
    time_zone: str | None = None  # zone of a naive timestamp in event_time
    arrives: Arrives | None = None
    restates: Days | None = None  # the system revises that far back
    expects: Expects | None = None  # absent: days without rows are normal
    synthetic: bool = False  # generated, not measured
    description: str | None = None
