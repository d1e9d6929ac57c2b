"""Where in a spec a pydantic error lies: its path in the YAML, the field, the keys that may stand.

Pydantic's own path has steps that no spec has: the name of a class where a value may be of several
kinds, the text `[key]` where a key is wrong.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeGuard, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from kpi_specs.language.yaml_lines import YamlPath, data_at


@dataclass(frozen=True)
class Choice:
    """One of several forms of a value, as pydantic tried it.

    Attributes:
        path: Where the value stands.
        forms: The types that it may have.
        tried: The one that the error is about.
    """

    path: YamlPath
    forms: tuple[Any, ...]
    tried: Any


@dataclass(frozen=True)
class Place:
    """Where an error lies.

    Attributes:
        path: The steps that the YAML has, from the spec on.
        kind: The declared type there; None: nothing is declared, as for an unknown key.
        field: The innermost field that the path leads into.
        is_field: Whether the path ends at the field, and not inside of its list or keys.
        owner: The innermost model that the path leads through.
        is_key: Whether the key is wrong, not its value.
        choices: The forms that were tried on the way.
    """

    path: YamlPath
    kind: Any
    field: FieldInfo | None
    is_field: bool
    owner: type[BaseModel]
    is_key: bool
    choices: tuple[Choice, ...]


def place(model: type[BaseModel], data: Any, loc: tuple[str | int, ...]) -> Place:
    """The place of an error with the path `loc` in the validation of `data` by `model`."""
    path: list[str | int] = []
    kind: Any = model
    field: FieldInfo | None = None
    owner: type[BaseModel] = model
    is_field = is_key = False
    choices: list[Choice] = []
    for step in loc:
        forms = forms_of(kind)
        if step == "[key]":
            is_key = True
            continue
        if len(forms) > 1:
            kind = _tried(forms, str(step))
            choices.append(Choice(tuple(path), forms, kind))
            continue
        inner = forms[0] if forms else None
        if is_model(inner):
            owner, field = inner, fields(inner).get(str(step))
            kind, is_field = (None if field is None else field.annotation), field is not None
        else:
            kind, is_field = _item(inner, step), False
        if isinstance(step, int) and not isinstance(data, list | Mapping):
            is_field = True  # one value where a list may stand
            continue
        path.append(step)
        data = data_at(data, (step,))
    return Place(tuple(path), kind, field, is_field, owner, is_key, tuple(choices))


def forms_of(kind: Any) -> tuple[Any, ...]:
    """The types that a value may have, `null` left out."""
    while get_origin(kind) is Annotated:
        kind = get_args(kind)[0]
    if get_origin(kind) in (Union, UnionType):
        return tuple(one for one in get_args(kind) if one is not NoneType)
    return (kind,)


def is_model(kind: Any) -> TypeGuard[type[BaseModel]]:
    """Whether a type is a spec model."""
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def fields(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """The fields of a model by the name that is written."""
    return {field.alias or name: field for name, field in model.model_fields.items()}


def options(kind: Any) -> list[str]:
    """The words that a type allows; empty where it is no closed list."""
    forms = [inner for form in forms_of(kind) for inner in forms_of(form)]
    return [str(one) for form in forms if get_origin(form) is Literal for one in get_args(form)]


def _tried(forms: tuple[Any, ...], tag: str) -> Any:
    """The form that pydantic calls `tag`: a class by its name, all else by words of its own."""
    for form in forms:
        (inner, *_) = forms_of(form)
        if is_model(inner) and (tag == inner.__name__ or tag.endswith(f" {inner.__name__}]")):
            return form
    plain = [form for form in forms if not is_model(forms_of(form)[0])]
    return plain[0] if plain else forms[0]


def _item(kind: Any, step: str | int) -> Any:
    """The type of an item of a list, or of a value by its key."""
    arguments = get_args(kind)
    if get_origin(kind) is dict:
        return arguments[1]
    if get_origin(kind) is tuple and arguments:
        if arguments[-1] is Ellipsis:
            return arguments[0]
        return arguments[step] if isinstance(step, int) and step < len(arguments) else None
    return None
