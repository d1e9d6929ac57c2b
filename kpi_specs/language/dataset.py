"""One fact table that KPIs are computed from, and the dimension tables joined to it."""

from typing import Annotated

from pydantic import Field

from kpi_specs.language.base import Id, SpecModel
from kpi_specs.language.reconcile import Reconcile
from kpi_specs.sql import local_day


class Join(SpecModel):
    """A many-to-one join: each row of the dataset has at most one row of the joined model."""

    model: Id
    """The dbt model that is joined. E.g. `dim_customer`."""
    on: Annotated[dict[str, str], Field(min_length=1)]
    """Column of the dataset's model to column of the joined one: the joined model's key.
    E.g. `{customer_id: customer_key}`."""
    dimensions: Annotated[tuple[str, ...], Field(min_length=1)]
    """Columns of the joined model that KPIs may be sliced by. E.g. `[region, segment]`."""
    orphans: Annotated[float, Field(ge=0, le=1)] = 0.0
    """The share of a period's rows that may be without a match; they are the slice `(none)`.
    E.g. `0.01`."""
    source: Id | None = None
    """Which source answers for the joined model; the dataset's first one if absent. One that is not
    among the dataset's `sources` serves the join alone: where it is late or wrong, only KPIs that
    are sliced by these dimensions have no value. E.g. `crm`."""


class Dataset(SpecModel):
    """A dataset is one fact table that KPIs are computed from; the file's stem is its id."""

    dataset: Id
    """The id; equals the file's stem. E.g. `ad_performance`."""
    model: Id
    """The dbt model in the schema `marts`. E.g. `fct_ad_performance`."""
    row: str
    """What one row is, in words. E.g. `one campaign on one day`."""
    key: Annotated[tuple[str, ...], Field(min_length=1)]
    """Columns that tell one row from another: no two rows share them.
    E.g. `[ad_date, campaign_id]`."""
    time: str
    """A DATE column, already in the business's time zone, or a TIMESTAMP beside `time_zone`; a row
    without one may belong to any period, so that none has a value. E.g. `ad_date`."""
    time_zone: str | None = None
    """Zone that a TIMESTAMP in `time` was written in: its rows belong to the day on which it was
    then in the project's zone. The timestamps of conversions and durations (`at`, `from`, `to`) are
    of the same zone; a date is a business day. E.g. `UTC`."""
    own_dimensions: Annotated[tuple[str, ...], Field(alias="dimensions")] = ()
    """Columns that KPIs may be sliced by. E.g. `[channel, campaign]`."""
    joins: tuple[Join, ...] = ()
    """Models that bring more dimensions, many-to-one.
    E.g. `[{model: dim_customer, on: {customer_id: customer_key}, dimensions: [region]}]`."""
    entities: tuple[str, ...] = ()
    """Columns that name whom or what a row is about. E.g. `[campaign_id]`."""
    sources: Annotated[tuple[str, ...], Field(min_length=1)]
    """The systems that feed it; where one is missing, its KPIs are unmeasurable.
    E.g. `[ad_google, ad_meta]`."""
    unit_column: str | None = None
    """Column with the currency or unit of a row. A period whose rows are in several, or of a KPI in
    `currency` in another than the project's, has no value (`MIXED_UNIT`) but in slices by that
    column; counts are of no unit, and a filter may demand one (`currency = 'EUR'`).
    E.g. `currency`."""
    reconcile: Reconcile = Reconcile()
    """How the mart is compared with its raw rows, and its KPIs withheld where they differ
    (`RECON_MISMATCH`); absent: by days, where its first source alone has an `event_time`.
    E.g. `{days: false}`."""
    incremental: bool = False
    """Whether only periods from the first day whose rows changed are computed anew; the values are
    the same as when all are. E.g. `true`."""
    description: str | None = None
    """What else is to be known about it. E.g. `By day of creation.`"""

    def day(self, project_zone: str, column: str | None = None) -> str:
        """SQL of a row's business day: the DATE itself, or the day of the moment where we are.

        Args:
            project_zone: The zone that business days are in.
            column: How the column `time` is written there; absent: as it is.
        """
        column = self.time if column is None else column
        return column if self.time_zone is None else local_day(column, self.time_zone, project_zone)

    @property
    def dimensions(self) -> tuple[str, ...]:
        """Names of all dimensions: the model's own columns, then the joined ones."""
        return (*self.own_dimensions, *(d for join in self.joins for d in join.dimensions))

    def joins_of(self, dimensions: tuple[str, ...]) -> tuple[Join, ...]:
        """The joins that these dimensions need, in the dataset's order."""
        return tuple(j for j in self.joins if set(j.dimensions) & set(dimensions))
