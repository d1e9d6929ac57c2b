"""Names of assets by formula.

["raw", source]             raw rows as received
["staging", "stg_..."]      dbt models, under their schema
["marts", "fct_..."]
["parts", "kpi_parts_..."]  components that KPIs share
["kpi", kpi]                one table per KPI
["audit", "verdicts"]       what may be believed
["published", "kpi_tables"] what others read
["audit", "alerts"]         who was told
"""

from dagster import AssetKey

from orchestration.model_graph import Model

VERDICTS = AssetKey(["audit", "verdicts"])
PUBLISHED = AssetKey(["published", "kpi_tables"])
ALERTS = AssetKey(["audit", "alerts"])
MEASURABLE = "measurable"  # the check on every KPI
FRESH = "fresh"  # the check on every source


def raw_key(source: str) -> AssetKey:
    """A source's raw table."""
    return AssetKey(["raw", source])


def kpi_key(kpi: str) -> AssetKey:
    """A KPI's table."""
    return AssetKey(["kpi", kpi])


def model_key(model: Model) -> AssetKey:
    """A hand-written model under its folder, shared parts under `parts`."""
    return AssetKey(["parts" if model.is_parts else model.folder, model.name])
