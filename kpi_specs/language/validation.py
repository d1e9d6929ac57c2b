"""From a YAML document to a model; pydantic's errors become problems with file and line."""

import datetime as dt
import re
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from kpi_specs.language.base import ID_PATTERN
from kpi_specs.language.problems import Problem, did_you_mean, nearest
from kpi_specs.language.source import COLUMN_TYPES, DAY_PATTERN, TYPE_PATTERN
from kpi_specs.language.yaml_lines import Document

_PATTERNS = {
    ID_PATTERN: "an id has lower-case letters, digits and '_', and begins with a letter",
    TYPE_PATTERN: f"a type is {', '.join(COLUMN_TYPES)} or decimal(12,2)",
    DAY_PATTERN: "write a day as 12-25 for every year, or as 2017-12-25",
}
_KINDS = {
    "tuple_type": "write a list",
    "list_type": "write a list",
    "dict_type": "write keys and values",
    "model_type": "write keys and values",
    "model_attributes_type": "write keys and values",
    "string_type": "write a text",
}

Model = TypeVar("Model", bound=BaseModel)


def validate(
    model: type[Model], document: Document, *, at: tuple[str | int, ...] = ()
) -> tuple[Model | None, list[Problem]]:
    """Build `model` from the part of the document at `at`.

    Returns the model (None where it is invalid) and the problems found.
    """
    data = document.data
    for step in at:
        data = data[step]
    if not isinstance(data, dict):
        found = "nothing" if data is None else f"a {type(data).__name__}"
        return None, [
            Problem(
                document.file,
                document.line(*at),
                "bad-yaml",
                f"expected keys and values, found {found}.",
            )
        ]
    try:
        return model.model_validate(data), []
    except ValidationError as error:
        problems = [
            _problem(model, document, at, dict(one)) for one in error.errors(include_url=False)
        ]
        return None, problems


def _problem(
    model: type[BaseModel], document: Document, at: tuple[str | int, ...], error: dict[str, Any]
) -> Problem:
    loc: tuple[str | int, ...] = tuple(error["loc"])
    line = document.line(*at, *loc)
    name = ".".join(str(part) for part in loc)
    kind = error["type"]
    if kind == "extra_forbidden":
        allowed = _fields_at(model, loc[:-1])
        message = f"'{loc[-1]}' is not a field here.{did_you_mean(str(loc[-1]), allowed)}"
        return Problem(document.file, line, "unknown-field", message)
    if kind == "missing":
        return Problem(document.file, line, "missing-field", f"the field '{name}' is missing.")
    said = _said(error)
    where = f"'{name}': " if name else ""
    found = error["input"]
    if isinstance(found, dt.date):
        found = found.isoformat()
    shown = f" Found: {found!r}." if not isinstance(found, dict | list | BaseModel) else ""
    if kind == "literal_error" and isinstance(found, str):
        shown += nearest(found, re.findall(r"'([^']*)'", error["ctx"]["expected"]))
    elif kind == "string_pattern_mismatch" and error["ctx"]["pattern"] == TYPE_PATTERN:
        shown += nearest(found.partition("(")[0], [*COLUMN_TYPES, "decimal"])
    return Problem(document.file, line, "bad-value", f"{where}{said.rstrip('.')}.{shown}")


def _said(error: dict[str, Any]) -> str:
    """What is allowed, in the words of a spec where pydantic uses those of Python."""
    kind, context = error["type"], error.get("ctx", {})
    if kind == "string_pattern_mismatch" and context["pattern"] in _PATTERNS:
        return _PATTERNS[context["pattern"]]
    if kind == "too_short":
        return "write at least one"
    if kind in _KINDS:
        return _KINDS[kind]
    said: str = error["msg"].removeprefix("Value error, ")
    return said[:1].lower() + said[1:]


def _fields_at(model: type[BaseModel], loc: tuple[str | int, ...]) -> list[str]:
    """Names of the fields of the model nested at `loc`; aliases where there are."""
    current: Any = model
    for step in loc:
        if not isinstance(step, str):
            continue
        field = _by_alias(current, step)
        if field is None:
            continue
        current = _nested_model(field.annotation) or current
    return [field.alias or name for name, field in current.model_fields.items()]


def _by_alias(model: Any, name: str) -> Any:
    for key, field in model.model_fields.items():
        if name in (key, field.alias):
            return field
    return None


def _nested_model(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for argument in getattr(annotation, "__args__", ()):
        found = _nested_model(argument)
        if found is not None:
            return found
    return None
