"""From a YAML document to a model; every mistake becomes a problem with file and line."""

from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from kpi_specs.language.misread import Told, misread
from kpi_specs.language.phrases import either, example, said, shown
from kpi_specs.language.places import (
    Choice,
    Place,
    fields,
    forms_of,
    is_model,
    options,
    place,
)
from kpi_specs.language.problems import Problem, did_you_mean, nearest
from kpi_specs.language.yaml_lines import Document, YamlPath, data_at

Model = TypeVar("Model", bound=BaseModel)
Found = tuple[dict[str, Any], Place]  # an error of pydantic and its place


def validate(
    model: type[Model], document: Document, *, at: YamlPath = ()
) -> tuple[Model | None, list[Problem]]:
    """Build `model` from the part of the document at `at`.

    Returns the model (None where it is invalid) and the problems found.
    """
    data = data_at(document.data, at)
    if not isinstance(data, dict):
        first = next(iter(fields(model)))
        message = f"expected keys and values, such as '{first}: …'; found {shown(data)}."
        return None, [Problem(document.file, document.line(*at), "bad-yaml", message)]
    found: Model | None
    try:
        found = model.model_validate(data)
    except ValidationError as error:
        errors: list[dict[str, Any]] = [dict(one) for one in error.errors(include_url=False)]
        placed = _meant([(one, place(model, data, one["loc"])) for one in errors], data)
        found, told = None, [_told(one, where, data) for one, where in placed]
    else:
        told = list(misread(found, data))
    problems = [
        Problem(document.file, document.line(*at, *path), rule, message)
        for path, rule, message in told
    ]
    return (None if problems else found), problems


# -- which of several forms was meant ----------------------------------------------------------


def _meant(errors: list[Found], data: Any) -> list[Found]:
    """Pydantic tries every form that a value may have; what counts is the one that was meant."""
    kept: list[Found] = []
    for error, where in errors:
        if all(choice.tried is _form(choice, data) for choice in where.choices):
            kept.append((error, where))
    # Where no form fits more than another, one of them speaks for all. A form that pydantic calls
    # by a name that is not known here is none that was meant, but must not be passed over either.
    seen: set[YamlPath] = set()
    result = []
    for error, where in kept or errors:
        unclear = next((c for c in where.choices if _is_unclear(c, data)), None)
        if unclear is not None:
            if unclear.path in seen:
                continue
            seen.add(unclear.path)
        result.append((error, where))
    return result


def _form(choice: Choice, data: Any) -> Any:
    """The form that a value has most likely: of keys, the one with most of them."""
    value = data_at(data, choice.path)
    models = [form for form in choice.forms if is_model(forms_of(form)[0])]
    plain = [form for form in choice.forms if form not in models]
    if isinstance(value, dict) and models:
        return max(models, key=lambda form: _likeness(forms_of(form)[0], value))
    return (plain or models)[0]


def _likeness(model: type[BaseModel], value: dict[Any, Any]) -> float:
    names = fields(model)
    exact = sum(key in names for key in value)
    return exact + sum(0.5 for key in value if key not in names and nearest(str(key), names))


def _is_unclear(choice: Choice, data: Any) -> bool:
    """Whether nothing says which form is meant."""
    value = data_at(data, choice.path)
    if not isinstance(value, dict):
        return all(is_model(forms_of(form)[0]) for form in choice.forms)
    models = [forms_of(form)[0] for form in choice.forms if is_model(forms_of(form)[0])]
    return len(models) > 1 and all(_likeness(one, value) == 0 for one in models)


def _forms_in_words(choice: Choice) -> str:
    """`average, median or keys (percentile)`."""
    words: list[str] = []
    for form in choice.forms:
        (inner, *_) = forms_of(form)
        if is_model(inner):
            words.append(f"keys ({', '.join(fields(inner))})")
        else:
            words += options(form) or ["an id"]
    return either(words)


# -- what is said ------------------------------------------------------------------------------


def _told(error: dict[str, Any], where: Place, data: Any) -> Told:
    """Path, rule and message of one error."""
    kind, path = error["type"], where.path
    name = ".".join(str(step) for step in path)
    unclear = next((c for c in where.choices if _is_unclear(c, data)), None)
    if unclear is not None or (where.choices and where.choices[-1].path == path):
        choice = unclear or where.choices[-1]
        name = ".".join(str(step) for step in choice.path)
        value = data_at(data, choice.path)
        if unclear is not None or (kind != "value_error" and not isinstance(value, dict)):
            near = nearest(value, options(choice.tried)) if isinstance(value, str) else ""
            message = f"'{name}': write {_forms_in_words(choice)}. Found: {shown(value)}.{near}"
            return choice.path, "bad-value", message
    if kind == "extra_forbidden":
        return path, "unknown-field", _unknown(where, data)
    if kind == "missing":
        return _missing(where, name, data)
    if where.is_key or kind == "invalid_key":
        text = f"the key {shown(path[-1])} {_key_rule(error)}"
        return path, "bad-value", f"{_in(path[:-1])}{text}."
    return path, "bad-value", f"{_in(path)}{said(error, where, data_at(data, path))}"


def _ties(choice: Choice, data: Any) -> bool:
    """Whether a value has only keys that all of its forms have."""
    forms = [forms_of(form)[0] for form in choice.forms]
    value = data_at(data, choice.path)
    return all(is_model(form) for form in forms) and all(
        key in fields(form) for key in value for form in forms
    )


def _in(path: YamlPath) -> str:
    return f"'{'.'.join(str(step) for step in path)}': " if path else ""


def _key_rule(error: dict[str, Any]) -> str:
    if error["type"] == "string_pattern_mismatch":
        return "is no id: lower-case letters, digits and '_', beginning with a letter"
    return "is no text; put it in quotes, or correct it"


def _unknown(where: Place, data: Any) -> str:
    """An unknown key, with the nearest that is known; one of another form with both forms."""
    name = str(where.path[-1])
    for choice in where.choices:
        others = [forms_of(f)[0] for f in choice.forms if f is not choice.tried]
        known = [one for one in others if is_model(one) and name in fields(one)]
        if known and choice.path == where.path[:-1]:
            beside = [str(key) for key in data_at(data, choice.path) if key in fields(where.owner)]
            return (
                f"'{name}' does not stand beside {', '.join(beside)}: write either "
                f"{', '.join(fields(where.owner))}, or {', '.join(fields(known[0]))}."
            )
    allowed = fields(where.owner)
    homes = [] if nearest(name, allowed) else [f for f in allowed if name in _keys_of(allowed[f])]
    if len(homes) == 1:
        return f"'{name}' is not a field here, but of '{homes[0]}'; indent it below that."
    return f"'{name}' is not a field here.{did_you_mean(name, allowed)}"


def _keys_of(field: FieldInfo) -> set[str]:
    """The keys that may stand below a field."""
    return {key for form in forms_of(field.annotation) if is_model(form) for key in fields(form)}


def _missing(where: Place, name: str, data: Any) -> Told:
    path = where.path
    undecided = next((c for c in where.choices if c.path == path[:-1] and _ties(c, data)), None)
    if undecided is not None:
        known = [list(fields(forms_of(form)[0])) for form in undecided.forms]
        shared = set(known[0]).intersection(*known[1:])
        either_of = ", or ".join(", ".join(k for k in one if k not in shared) for one in known)
        beside = ", ".join(str(key) for key in data_at(data, undecided.path))
        message = f"{_in(undecided.path)}beside {beside} write either {either_of}."
        return undecided.path, "missing-field", message
    if isinstance(path[-1], int):  # of a pair
        found = len(data_at(data, path[:-1]))
        message = f"{_in(path[:-1])}write {int(path[-1]) + 1} values. Found: {found}."
        return path[:-1], "bad-value", message
    words = options(where.kind)
    eg = f" ({either(words)})" if words else ""
    if not words and (one := example(where)):
        eg = f", e.g. '{path[-1]}: {one}'"
    return path, "missing-field", f"the field '{name}' is missing{eg}."
