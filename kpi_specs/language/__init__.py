"""What a spec may say, how it is read from YAML, and the rules it must pass.

Belongs here: models of the YAML files, the loader that keeps file and line, one unit per rule.
Does not belong here: SQL generation (`kpi_specs.compiler`), anything that opens a warehouse.
"""

from kpi_specs.language.last_valid import load_with_last_valid
from kpi_specs.language.loader import Loaded, load_project
from kpi_specs.language.problems import Problem
from kpi_specs.language.project import Project, SpecText

__all__ = ["Loaded", "Problem", "Project", "SpecText", "load_project", "load_with_last_valid"]
