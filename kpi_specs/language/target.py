"""A dated target of a KPI: how much, for which periods and slice, who set it and why."""

import datetime as dt
from typing import Annotated, Literal

from pydantic import Field

from kpi_specs.language.base import Id, SpecModel
from kpi_specs.language.cadence import Cadence, Cadences

Kind = Literal["value", "band", "of_last_year", "kpi"]
Split = Literal["equal", "by_days", "by_last_year"]

_Number = Annotated[float, Field(allow_inf_nan=False)]
_Factor = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class Target(SpecModel):
    """A dated target; ends inclusive, open-ended where absent.

    It says one thing: `value`, `low` and `high`, `of_last_year` or `kpi`.
    """

    from_: Annotated[dt.date, Field(alias="from")]
    """First day. The target in force on a period's first day holds for the period.
    E.g. `2017-01-01`."""
    to: dt.date | None = None
    """Last day; absent: open end. E.g. `2017-12-31`."""
    cadence: Cadence | None = None
    """The periods that it is for; a sum with several cadences must say it. E.g. `monthly`."""
    where: dict[str, str] = Field(default_factory=dict)
    """The slice that it is for; absent: the total. E.g. `{channel: search}`."""
    value: _Number | None = None
    """The target as a number. E.g. `375000`."""
    low: _Number | None = None
    """Lower end of the band of `direction: in_range`, inclusive. E.g. `18000`."""
    high: _Number | None = None
    """Upper end of that band, inclusive. E.g. `22000`."""
    of_last_year: _Factor | None = None
    """The target as a factor on the value of the same period a year before. E.g. `1.10`."""
    kpi: Id | None = None
    """The target is the value of this KPI in the same period and slice.
    E.g. `break_even_return_on_ad_spend`."""
    warning: _Number | None = None
    """Still tolerable, inclusive. Beside `of_last_year` and `kpi` a factor on the same base.
    E.g. `360000`."""
    split: Split | None = None
    """How the target of each period is divided; `into` says into which periods. E.g. `by_days`."""
    into: Cadences = ()
    """The shorter periods that it is divided into, one or a list. E.g. `monthly`."""
    set_by: Id
    """Who set it: an owner of owners.yml. E.g. `finance`."""
    why: Annotated[str, Field(min_length=1)]
    """The reason for this number. E.g. `plan of 2017`."""

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """What the target says; one in a valid spec."""
        said: dict[Kind, bool] = {
            "value": self.value is not None,
            "band": self.low is not None or self.high is not None,
            "of_last_year": self.of_last_year is not None,
            "kpi": self.kpi is not None,
        }
        return tuple(kind for kind, is_said in said.items() if is_said)

    @property
    def kind(self) -> Kind:
        """The one thing that a valid target says."""
        (kind,) = self.kinds
        return kind
