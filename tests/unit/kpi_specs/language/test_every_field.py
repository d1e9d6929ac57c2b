"""Whatever stands in a field of a spec: it is told in the words of specs, at its own line."""

import inspect
import re
from functools import cache
from typing import Annotated

import pytest
from pydantic import BaseModel, WrapValidator

from kpi_specs.language.base import SpecModel
from kpi_specs.language.problems import Problem
from kpi_specs.language.validation import validate
from kpi_specs.language.yaml_lines import Document, read_document
from kpi_specs.reference import described, models_below
from kpi_specs.reference.fields import Described
from kpi_specs.reference.files import KINDS

MODELS = list(dict.fromkeys(model for kind in KINDS for model in models_below(kind.model)))
FIELDS = [(model, field) for model in MODELS for field in described(model)]

# What a model needs beside its required fields and the field that is looked at.
BESIDE = {
    ("Metric", "dataset"): "simple: {sum: amount}",
    ("Metric", "*"): "dataset: orders",
    ("Measure", "where"): "sum: amount",
    ("Measure", "dataset"): "sum: amount",
    ("MeasureInput", "where"): "sum: amount",
    ("MeasureInput", "dataset"): "sum: amount",
    ("MeasureInput", "shift"): "sum: amount",
    ("Simple", "where"): "sum: amount",
    ("Simple", "dataset"): "sum: amount",
    ("Cumulative", "of"): "to_date: month",
    ("Repeat", "window"): "times: 2",
    ("Expects", "closed_on"): "rows_per_day: 1",
    ("Source", "covers"): "event_time: day",
    ("Database", "file"): "table: orders",
    ("Database", "env"): "table: orders",
    ("Database", "*"): "file: landing/shop.sqlite",
    ("MartAmount", "dataset"): "count: rows",
    ("SystemOfRecord", "source"): "column: net",
    ("SystemOfRecord", "column"): "source: ledger",
    ("SystemOfRecord", "totals"): "",
    ("SystemOfRecord", "*"): "totals: [{period: 2017-03, total: 3}]",
}

WRONG = [
    "null", "[]", "[1, {a: b}]", "[[[]]]", "{}", "{a: b}", "{1: 2}", "{A b: {kpi: [x]}}", "true",
    "12", "-3", "1.5", "95", ".nan", "2024", "2024-01-01", "2026-13-01", "01.02.2026", "nonsense!",
    '""', '"2%"', '"1,000"', "1_000", "6 hours", "2 months", "[a, a]", "{kpi: x, sum: y}",
    "{percentile: 3}", '"{{ x }}"', "2024-01-01 10:00", "[null]", "{a: null}", "'1'",
]  # fmt: skip

CLASSES = {
    name
    for model in MODELS
    for name, found in inspect.getmembers(inspect.getmodule(model), inspect.isclass)
    if issubclass(found, BaseModel)
}
INTERNAL = re.compile(
    r"pydantic|sqlglot|duckdb|nput should|a valid|unable to|instance of|value.?error|\bctx\b|"
    r"https?:|\bNone\b|\bTrue\b|\bFalse\b|\bdict\b|\btuple\b|\bstr\b|\bint\b|\bbool\b|literal|"
    r"<class|Error\b|xtra inputs|\[a-z|\\d|datetime|mapping|sequence|scalar|token|"
    rf"\b({'|'.join(sorted(CLASSES))})\b"
)


@cache
def required(model: type[BaseModel]) -> dict[str, str]:
    return {f.name: example_of(f) for f in described(model) if f.required}


def example_of(field: Described) -> str:
    return field.example or field.kind.split("`")[1]  # the first of the words that are allowed


def a_spec(
    model: type[BaseModel], name: str, written: str, *, as_: str | None = None
) -> tuple[str, int]:
    """The required fields with their own examples, then the field `name`; and its line."""
    lines = [f"{key}: {value}" for key, value in required(model).items() if key != name]
    known = model.__name__
    lines += filter(None, [BESIDE.get((known, name), BESIDE.get((known, "*")))])
    return "\n".join([*lines, f"{as_ or name}: {written}", ""]), len(lines) + 1


def problems_of(tmp_path, model: type[BaseModel], text: str) -> list[Problem]:
    path = tmp_path / "spec.yml"
    path.write_text(text, encoding="utf-8")
    document = read_document(path, tmp_path)
    if isinstance(document, Problem):
        return [document]
    assert isinstance(document, Document)
    return validate(model, document)[1]


@pytest.mark.parametrize(
    ("model", "field"), FIELDS, ids=[f"{model.__name__}.{field.name}" for model, field in FIELDS]
)
def test_what_is_wrong_in_a_field_is_told_at_its_line_and_in_the_words_of_specs(
    model, field, tmp_path
):
    example = example_of(field)
    text, _ = a_spec(model, field.name, example)
    assert problems_of(tmp_path, model, text) == [], "the field's own example is valid"
    refused = 0
    for written in WRONG:
        text, line = a_spec(model, field.name, written)
        for problem in problems_of(tmp_path, model, text):
            refused += 1
            message = str(problem)
            if "http" in example:
                message = message.replace(example, "")
            assert not INTERNAL.search(message), f"{written}: {message}"
            whole = not problem.message.startswith("'")  # of fields that do not go together
            assert problem.line == line or (whole and problem.line == 1), f"{written}: {message}"
            assert message.endswith((".", "?")), message
            assert not message.endswith(("..", "?.")), message
    assert refused > 3, "a field that takes anything is not looked at"


@pytest.mark.parametrize(
    ("model", "field"), FIELDS, ids=[f"{model.__name__}.{field.name}" for model, field in FIELDS]
)
def test_a_misspelt_field_is_told_with_the_right_one(model, field, tmp_path):
    if len(field.name) < 4:
        return  # of `by` or `of` nothing is left to recognise
    misspelt = field.name[:-2] + field.name[-1] + field.name[-2]
    if misspelt == field.name:
        misspelt = field.name + "s"
    text, line = a_spec(model, field.name, example_of(field), as_=misspelt)
    told = [p for p in problems_of(tmp_path, model, text) if p.rule == "unknown-field"]
    assert [p.line for p in told] == [line]
    assert told[0].message == f"'{misspelt}' is not a field here. Did you mean '{field.name}'?"


class _One(SpecModel):
    x: int


class _Other(SpecModel):
    y: int


_Unnamed = WrapValidator(lambda value, handler: handler(value))


class _Either(SpecModel):
    one: Annotated[_One, _Unnamed] | Annotated[_Other, _Unnamed]


def test_an_error_is_told_whatever_pydantic_calls_the_form_that_it_tried(tmp_path):
    assert problems_of(tmp_path, _Either, "one: {y: 1}\n") == []
    assert problems_of(tmp_path, _Either, "one: {y: z}\n") != []


def test_the_words_looked_for_are_found():
    assert INTERNAL.search("Input should be a valid string".lower())
    assert INTERNAL.search("'metric.derived.inputs.a.KpiInput.shift': wrong")
    assert INTERNAL.search("missing for <class 'sqlglot.expressions.core.EQ'>")
