"""A worked example of a KPI: rows in, the value that they must give."""

import datetime as dt
from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema

from kpi_specs.language.base import SpecModel
from kpi_specs.language.problems import did_you_mean

Row = dict[str, Any]  # column -> value; a column left out is empty


class ExampleError(ValueError):
    """The example itself cannot be run; the message says what to change in it, the path where."""

    def __init__(self, message: str, path: tuple[str | int, ...] = ("example", "rows")) -> None:
        super().__init__(message)
        self.path = path


def dataset_of(name: str, read: Sequence[str]) -> str:
    """The dataset that rows are of: the one named, or the only one that is read.

    Raises:
        ExampleError: The KPI does not read it, or reads several and none is named.
    """
    if not name and len(read) != 1:
        raise ExampleError(
            f"the KPI reads several datasets ({', '.join(read)}); give the rows as one list per "
            "dataset."
        )
    if name and name not in read:
        raise ExampleError(
            f"the KPI does not read the dataset '{name}'."
            f"{did_you_mean(name, read, noun='It reads')}"
        )
    return name or read[0]


def _by_dataset(value: Any) -> Any:
    """A list of rows belongs to the one dataset that the KPI reads, here under an empty name."""
    if isinstance(value, list):
        return {"": value}
    if not isinstance(value, dict):
        raise ValueError("write the rows as a list, or as one list per dataset")
    return value


_ROWS = {"type": "array", "items": {"type": "object"}}
ExampleRows = Annotated[
    dict[str, tuple[Row, ...]],
    BeforeValidator(_by_dataset),
    WithJsonSchema({"anyOf": [_ROWS, {"type": "object", "additionalProperties": _ROWS}]}),
]


class Example(SpecModel):
    """A worked example: rows, and the value of the total that they must give (`kpi test`).

    Rows without a business date lie on one day, so in one period.
    """

    rows: ExampleRows
    """Rows of the dataset, or one list per dataset where the KPI reads several; columns that the
    metric does not read may be left out.
    E.g. `[{clicks: 3, impressions: 200}, {clicks: 1, impressions: 50}]`."""
    value: float | None
    """What the metric gives for them; null where it has no value. E.g. `0.016`."""
    period: Annotated[str, BeforeValidator(str)] | None = None
    """The label of the period compared; absent: that of the newest row, in the KPI's first cadence.
    E.g. `2017-12`."""
    as_of: dt.date | None = None
    """The clock; absent: the day after the period, so that it is closed. E.g. `2017-12-10`."""
