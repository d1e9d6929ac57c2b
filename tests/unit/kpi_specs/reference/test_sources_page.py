"""docs/sources.md has a word on every field of a source's contract."""

import re

import pytest

from kpi_specs.language.source import Source
from kpi_specs.reference import described, models_below
from tests.copies import REPOSITORY

PAGE = (REPOSITORY / "docs/sources.md").read_text(encoding="utf-8")
MAPPING = PAGE[PAGE.index("## Names in the Open Data Contract Standard") :]
# The last word of each `columns.<name>.min`, and of `max` beside it.
NAMED = {name.split(".")[-1] for name in re.findall(r"`([a-z_.<>]+)`", MAPPING)}
FIELDS = [
    field.name for model in models_below(Source) for field in described(model) if not field.models
]


@pytest.mark.parametrize("field", dict.fromkeys(FIELDS))
def test_every_field_of_a_source_has_its_name_in_odcs_or_none(field):
    assert field in NAMED, (
        f"say in docs/sources.md what '{field}' is called in ODCS, or that it has no counterpart"
    )
