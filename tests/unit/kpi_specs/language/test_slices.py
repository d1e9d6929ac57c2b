"""Slices are written one way; the compiler's SQL is held to the same by its cases."""

import pytest

from kpi_specs.language.slices import slice_name, slice_value


@pytest.mark.parametrize(
    ("dimensions", "values", "name", "value"),
    [
        ((), (), "total", "total"),
        (("channel",), ("a | b",), "channel", "a | b"),
        (("channel", "campaign"), ("a | b", "c"), "channel+campaign", r"a \| b | c"),
        (("channel", "campaign"), ("a", "b | c"), "channel+campaign", r"a | b \| c"),
    ],
)
def test_a_slice_has_one_name_and_no_two_values_look_alike(dimensions, values, name, value):
    assert (slice_name(dimensions), slice_value(values)) == (name, value)
