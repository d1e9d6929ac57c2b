"""What every spec model shares: frozen, unknown keys refused, durations and titles."""

import re
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

ID_PATTERN = r"^[a-z][a-z0-9_]*$"

# A title is what the reference calls the type.
Id = Annotated[str, Field(pattern=ID_PATTERN, title="id")]
Text = Annotated[dict[str, str], Field(min_length=1, title="words by language")]

_DURATION = re.compile(r"^(\d+)\s*days?$")
_OTHER_UNIT = re.compile(r"^(\d+)\s*(hour|week|month|quarter|year)s?$")
_UNIT_DAYS = {"hour": 0, "week": 7, "month": 30, "quarter": 91, "year": 365}


class SpecModel(BaseModel):
    """Base of all spec models: immutable, and a misspelt key is an error, not a silent default.

    The docstring under a field is its description wherever it is shown: in editors, in the
    reference, in the schema. It ends with an example: "E.g. `7 days`."
    """

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


def parse_days(value: Any) -> Any:
    """Read `7 days` or `1 day` as the integer 7 or 1.

    Raises:
        ValueError: anything else; the message says what to write.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        raise ValueError(f"write a duration with its unit: '{_days(value)}'")
    if not isinstance(value, str):
        raise ValueError("write a duration as '7 days'")
    match = _DURATION.match(value.strip())
    if match is not None:
        return int(match.group(1))
    other = _OTHER_UNIT.match(value.strip().lower())
    if other is None:
        raise ValueError(f"'{value}' is not a duration; write it as '7 days'")
    days = _days(int(other.group(1)) * _UNIT_DAYS[other.group(2)] or 1)
    raise ValueError(f"'{value}' is not in days, and only whole days are possible; write '{days}'")


def _days(count: int) -> str:
    return f"{count} day{'' if count == 1 else 's'}"


_WrittenDays = Annotated[str, Field(pattern=r"^\d+ *days?$")]
Days = Annotated[
    int, BeforeValidator(parse_days, json_schema_input_type=_WrittenDays), Field(title="duration")
]


def as_tuple(value: Any) -> Any:
    """A list of one, where a field that takes several was given one text."""
    return (value,) if isinstance(value, str) else value
