"""Every field of a spec explains itself, with an example that its own model accepts."""

from typing import get_type_hints

import pytest
from pydantic import TypeAdapter

from kpi_specs.language.yaml_lines import read_yaml
from kpi_specs.reference import described, models_below
from kpi_specs.reference.files import KINDS

MODELS = list(dict.fromkeys(model for kind in KINDS for model in models_below(kind.model)))
FIELDS = [(model, field) for model in MODELS for field in described(model)]
FIELD_IDS = [f"{model.__name__}.{field.name}" for model, field in FIELDS]


# An alias (`from`) means nothing to a field that is validated on its own.
@pytest.mark.filterwarnings("ignore::pydantic.warnings.UnsupportedFieldAttributeWarning")
@pytest.mark.parametrize(("model", "field"), FIELDS, ids=FIELD_IDS)
def test_every_field_says_what_it_means_with_an_example_that_is_valid(model, field):
    where = f"{field.name} of {model.__name__} ({model.__module__})"
    assert field.description, f'write a """docstring""" under {where}'
    assert field.description.endswith("."), f"end the description of {where} with a full stop"
    assert field.example, f"end the docstring under {where} with an example: 'E.g. `7 days`.'"
    hints = {
        info.alias or name: get_type_hints(model, include_extras=True)[name]
        for name, info in model.model_fields.items()
    }
    TypeAdapter(hints[field.name]).validate_python(read_yaml(field.example))
