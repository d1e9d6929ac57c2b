"""What the models take for something else than was written: `true` for 1, 2024 for a day.

Pydantic converts what can be converted, and a list may say one thing twice. Both are nearly always
a slip of the pen, and neither would be seen in the result.
"""

import datetime as dt
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from kpi_specs.language.phrases import shown
from kpi_specs.language.yaml_lines import YamlPath

_FIRST_YEAR = 1900  # before it are only days of other calendars, such as 1402-01-01

Told = tuple[YamlPath, str, str]  # path, rule, message


def misread(value: Any, raw: Any, path: YamlPath = ()) -> Iterator[Told]:
    """What is wrong although the models take it.

    Args:
        value: The model, or a part of it.
        raw: What the YAML has there.
        path: Where that is, from the spec on.
    """
    if isinstance(value, BaseModel) and isinstance(raw, dict):
        for name, field in type(value).model_fields.items():
            key = field.alias or name
            if key in raw:
                yield from misread(getattr(value, name), raw[key], (*path, key))
    elif isinstance(value, dict) and isinstance(raw, dict):
        for key, one in value.items():
            if key in raw:
                yield from misread(one, raw[key], (*path, key))
    elif isinstance(value, tuple) and isinstance(raw, list):
        for index, (one, written) in enumerate(zip(value, raw, strict=False)):
            yield from misread(one, written, (*path, index))
            if isinstance(written, str | dt.date) and written in raw[:index]:
                name = ".".join(str(step) for step in path)
                message = f"{shown(written)} stands twice in '{name}'; write it once."
                yield (*path, index), "duplicate-entry", message
    else:
        said = _converted(value, raw)
        if said is not None:
            name = ".".join(str(step) for step in path)
            yield path, "bad-value", f"'{name}': {said}. Found: {shown(raw)}."


def _converted(value: Any, raw: Any) -> str | None:
    """What to write instead of a value that pydantic converted to another kind."""
    if isinstance(value, str) and isinstance(raw, list | dict):
        return "write a text"
    if isinstance(raw, bool) and not isinstance(value, bool):
        return "write a number" if isinstance(value, int | float) else "write a text, in quotes"
    if isinstance(value, bool) and not isinstance(raw, bool | str):
        return "write true or false"
    if isinstance(value, dt.date) and isinstance(raw, int | float):
        return "write a day as year-month-day"
    if isinstance(value, dt.date) and value.year < _FIRST_YEAR:
        return "days are written in the gregorian calendar, also where a KPI has another one"
    if isinstance(value, int | float) and isinstance(raw, str) and "_" in raw:
        return f"write a number, without marks between the digits: {raw.replace('_', '')}"
    return None
