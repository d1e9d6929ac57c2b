"""From specs to a typed plan, from the plan to dbt models.

Belongs here: the plan (what is shared, what rests on what), SQL built by one small function
per CTE, fingerprints. Does not belong here: reading YAML, running dbt, a warehouse.
"""

from kpi_specs.compiler.compile import Compiled, compile_project
from kpi_specs.compiler.files import Drift, drift, write
from kpi_specs.compiler.plan import SharedNameError

__all__ = ["Compiled", "Drift", "SharedNameError", "compile_project", "drift", "write"]
