"""The specification language written down from its models: a page for people, schemas for editors.

Belongs here: walking the models of `kpi_specs.language`, their descriptions and examples. Does not
belong here: the descriptions themselves, which stand under the fields they describe.
"""

from kpi_specs.reference.fields import Described, described, models_below
from kpi_specs.reference.files import outdated, reference_files, write

__all__ = ["Described", "described", "models_below", "outdated", "reference_files", "write"]
