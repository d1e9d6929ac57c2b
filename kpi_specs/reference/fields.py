"""What a model says about itself: each field with type, default, description and example."""

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel
from pydantic.fields import FieldInfo

_EXAMPLE = re.compile(r"\s*E\.g\.\s+`([^`]+)`\.?\s*$")
_WORDS: dict[Any, str] = {
    str: "text",
    int: "whole number",
    float: "number",
    bool: "`true`, `false`",
    dt.date: "date",
    NoneType: "null",
    Any: "any value",
}


@dataclass(frozen=True)
class Described:
    """One field as it is shown.

    Attributes:
        name: As it is written in YAML.
        kind: Its type in words.
        models: The models that its value, or an item of it, may be.
        example: YAML; None where nobody gave one.
    """

    name: str
    kind: str
    required: bool
    default: Any
    description: str
    example: str | None
    models: tuple[type[BaseModel], ...]


def described(model: type[BaseModel]) -> tuple[Described, ...]:
    """The fields of a model in the order in which they are declared."""
    hints = get_type_hints(model, include_extras=True)
    return tuple(_describe(name, field, hints[name]) for name, field in model.model_fields.items())


def models_below(model: type[BaseModel]) -> dict[type[BaseModel], tuple[str, ...]]:
    """Every model that `model` is made of, itself first, in the order of first use.

    Returns each with the places where it is written: `metric.ratio.numerator`.
    """
    places: dict[type[BaseModel], list[str]] = {}
    _walk(model, "", places)
    return {found: tuple(dict.fromkeys(where)) for found, where in places.items()}


def _walk(model: type[BaseModel], at: str, places: dict[type[BaseModel], list[str]]) -> None:
    seen = model in places
    places.setdefault(model, []).append(at)
    if seen:
        return
    for field in described(model):
        for below in field.models:
            _walk(below, f"{at}.{field.name}" if at else field.name, places)


def split_description(text: str) -> tuple[str, str | None]:
    """A field's docstring (`How often. E.g. daily.`, that word in backquotes) as two."""
    joined = " ".join(text.split())
    match = _EXAMPLE.search(joined)
    if match is None:
        return joined, None
    return joined[: match.start()], match.group(1)


def title_of(model: type[BaseModel]) -> str:
    """`MinSample` as `min sample`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", model.__name__).lower()


def _describe(name: str, field: FieldInfo, annotation: Any) -> Described:
    description, example = split_description(field.description or "")
    return Described(
        name=field.alias or name,
        kind=_words(annotation),
        required=field.is_required(),
        default=field.get_default(call_default_factory=True, validated_data={}),
        description=description,
        example=example,
        models=tuple(_models_in(field.annotation)),
    )


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models_in(argument)


def _words(annotation: Any) -> str:
    """The type in words; a model's as a link to its section."""
    if get_origin(annotation) is Annotated:
        inner, *extras = get_args(annotation)
        titles = [e.title for e in extras if isinstance(e, FieldInfo) and e.title]
        bounds = _bounds(extras)
        return titles[0] if titles else f"{_words(inner)}{f', {bounds}' if bounds else ''}"
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return ", ".join(f"`{value}`" for value in arguments)
    if origin in (Union, UnionType):
        return " or ".join(_words(a) for a in arguments if a is not NoneType)
    if origin is tuple and arguments[-1:] == (Ellipsis,):
        return f"list of {_words(arguments[0])}"
    if origin is tuple:
        return f"[{', '.join(_words(a) for a in arguments)}]"
    if origin is dict:
        return f"name: {_words(arguments[1])}"
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        title = title_of(annotation)
        return f"[{title}](#{title.replace(' ', '-')})"
    return _WORDS[annotation]


def _bounds(extras: list[Any]) -> str:
    """`at least 1`, `above 0, at most 1`."""
    words = {"ge": "at least", "gt": "above", "le": "at most", "lt": "below"}
    found = [
        f"{said} {getattr(constraint, key)}"
        for extra in extras
        for constraint in (extra.metadata if isinstance(extra, FieldInfo) else [])
        for key, said in words.items()
        if getattr(constraint, key, None) is not None
    ]
    return ", ".join(found)
