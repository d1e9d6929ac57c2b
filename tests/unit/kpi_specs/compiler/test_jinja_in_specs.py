"""What dbt renders of a compiled project is what was compiled: no text of a spec is run."""

import datetime as dt
from pathlib import Path

import duckdb
import jinja2
import pytest
import yaml

from kpi_specs.compiler import compile_project
from kpi_specs.language.project import Project
from kpi_specs.sql import plain, quoted
from orchestration.plain_sql import generated_order
from orchestration.transform.calendar import write_calendar
from tests.compiled import dataset, kpi, settings

NASTY = [
    "{{ 40 + 2 }}", "{% raw %}", "{# gone #}", "{{{ x }}}", "{%- if true -%}",
    "it's {{ 'quoted' }}", "two\nlines",
    "dos\r\nlines", "{", "a{", "{\n{ 1 }}", "\\", "}} %} #}", "سلام {{ 1 }}",
]  # fmt: skip
STANDS_FOR = {
    "ref": lambda name: name,
    "source": lambda schema, name: f"{schema}.{name}",
    "config": lambda **_: "",
}


def rendered(text):
    return jinja2.Environment(undefined=jinja2.StrictUndefined).from_string(text).render(STANDS_FOR)


@pytest.mark.parametrize("text", NASTY)
def test_a_text_literal_is_the_text_after_jinja_and_duckdb_have_read_it(text):
    indented = "select\n    " + quoted(text)
    assert "\n" not in quoted(text)
    assert duckdb.sql(rendered(indented)).fetchall() == [(text,)]


@pytest.mark.parametrize("text", NASTY)
def test_words_are_the_same_words_after_jinja_has_read_them(text):
    lines = text.replace("\r\n", "\n")  # Jinja writes line ends its own way
    assert rendered(plain(lines)) == plain(lines)
    assert plain(lines).replace("{ ", "{") == lines.replace("{ ", "{"), "only blanks come in"


@pytest.mark.parametrize("value", [text for text in NASTY if text != "dos\r\nlines"])
def test_a_slice_of_any_name_can_be_an_input_and_words_be_of_any_kind(value):
    """5 in the slice and 9 in all: a derived share of 5 / 9."""
    share = {
        "formula": "part / whole",
        "inputs": {
            "part": {"kpi": "total", "where": {"channel": value}},
            "whole": {"kpi": "total"},
        },
    }
    kpis = [
        kpi("total", {"dataset": "o", "simple": {"sum": "a"}}, grain=[[], ["channel"]]),
        kpi("share", {"derived": share}, title={"en": f"Share of {value}"}),
    ]
    one = dataset("o", dimensions=["channel"]).model_copy(update={"row": f"one row of {value}"})
    project = Project(
        Path(), settings(dt.date(2024, 1, 1)), datasets={"o": one}, kpis={k.kpi: k for k in kpis}
    )
    compiled = compile_project(project)

    con = duckdb.connect()
    write_calendar(con, project, dt.date(2024, 1, 31))
    con.execute("create table o (id integer, day date, channel varchar, a integer)")
    con.execute("insert into o values (1, '2024-01-05', ?, 5), (2, '2024-01-06', 'x', 4)", [value])
    for name in generated_order(compiled, project.kpis):
        con.execute(f"create table {name} as {rendered(compiled.files[f'{name}.sql'])}")
    assert con.execute("select value from kpi_share").fetchall() == [(pytest.approx(5 / 9),)]

    described = yaml.safe_load(compiled.files["kpis.yml"])["models"]
    assert len(described) == 3
    for model in described:
        assert rendered(model["description"]) == model["description"]
