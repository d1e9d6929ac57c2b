"""From raw tables to KPI tables: dbt, run in this process, and the calendar it joins to.

Belongs here: preparing and running the dbt project, its outcome per model. Does not belong here:
SQL of models (dbt_project), what to run and when (orchestration.pipeline, Dagster), judging.
dbt is imported inside functions only: it costs about a second.
"""

from orchestration.transform.errors import TransformError
from orchestration.transform.manifest import prepare
from orchestration.transform.models import ModelResult, run_models

__all__ = ["ModelResult", "TransformError", "prepare", "run_models"]
