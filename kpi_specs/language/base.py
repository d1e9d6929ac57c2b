"""What every spec model shares: frozen, unknown keys refused, durations and titles."""

import re
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

ID_PATTERN = r"^[a-z][a-z0-9_]*$"

# A title is what the reference calls the type.
Id = Annotated[str, Field(pattern=ID_PATTERN, title="id")]
Text = Annotated[dict[str, str], Field(min_length=1, title="words by language")]

_DURATION = re.compile(r"^(\d+)\s*days?$")


class SpecModel(BaseModel):
    """Base of all spec models: immutable, and a misspelt key is an error, not a silent default.

    The docstring under a field is its description wherever it is shown: in editors, in the
    reference, in the schema. It ends with an example: "E.g. `7 days`."
    """

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


def parse_days(value: Any) -> Any:
    """Read `7 days` or `1 day` as the integer 7 or 1; everything else is left to pydantic.

    Raises:
        ValueError: a text that is not `<n> day(s)`.
    """
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ValueError("write a duration as '7 days'")
    if isinstance(value, int):
        unit = "day" if value == 1 else "days"
        raise ValueError(f"write a duration with its unit: '{value} {unit}'")
    match = _DURATION.match(value.strip())
    if match is None:
        raise ValueError(f"'{value}' is not a duration; write it as '7 days'")
    return int(match.group(1))


_WrittenDays = Annotated[str, Field(pattern=r"^\d+ *days?$")]
Days = Annotated[
    int, BeforeValidator(parse_days, json_schema_input_type=_WrittenDays), Field(title="duration")
]


def as_tuple(value: Any) -> Any:
    """A list of one, where a field that takes several was given one text."""
    return (value,) if isinstance(value, str) else value
