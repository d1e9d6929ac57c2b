"""Slices are written one way; the compiler's SQL is held to the same by its cases."""

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kpi_specs.compiler.slices_sql import plain_slice_columns
from kpi_specs.language.slices import slice_name, slice_value

VALUES = st.lists(st.text(alphabet="a |\\", max_size=5), min_size=2, max_size=3)


@pytest.mark.parametrize(
    ("dimensions", "values", "name", "value"),
    [
        ((), (), "total", "total"),
        (("channel",), ("a | b",), "channel", "a | b"),
        (("channel", "campaign"), ("a | b", "c"), "channel+campaign", r"a \| b | c"),
        (("channel", "campaign"), ("a", "b | c"), "channel+campaign", r"a | b \| c"),
        (("channel", "campaign"), ("a\\", "|b"), "channel+campaign", r"a\ | \|b"),
        (("channel", "campaign"), ("a \\|", "b"), "channel+campaign", r"a \\| | b"),
    ],
)
def test_a_slice_has_one_name_and_no_two_values_look_alike(dimensions, values, name, value):
    assert (slice_name(dimensions), slice_value(values)) == (name, value)


def read_back(text):
    """By a reader who knows only that bars inside values follow a backslash."""
    values, value = [], ""
    for n, letter in enumerate(text):
        if letter == "|" and text[n - 1] == " ":
            values.append(value[:-1])
            value = ""
        elif letter == "|":
            value = f"{value[:-1]}|"
        else:
            value += letter
    return [values[0], *(one[1:] for one in (*values[1:], value))]


@given(VALUES)
def test_the_values_can_be_read_back_so_no_two_slices_have_one_text(values):
    assert read_back(slice_value(values)) == values


def test_sql_writes_the_same_text():
    con = duckdb.connect()

    @settings(deadline=None)
    @given(VALUES.filter(lambda values: len(values) == 3))
    def holds(values):
        dimensions = ("a", "b", "c")
        written = con.execute(
            f"select {', '.join(plain_slice_columns(dimensions, dimensions))} "
            "from (select ? as by_a, ? as by_b, ? as by_c)",
            values,
        ).fetchall()
        assert written == [("a+b+c", slice_value(values), *values)]

    holds()
