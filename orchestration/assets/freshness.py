"""One check per source: whether its data reaches as far as it promised, by business day.

Dagster's own freshness policies measure when an asset was materialized; a file of last month that
is loaded today would be fresh.
"""

from collections.abc import Iterator

from dagster import (
    AssetCheckExecutionContext,
    AssetCheckResult,
    AssetChecksDefinition,
    AssetCheckSpec,
    multi_asset_check,
)

from kpi_specs.language.project import Project
from orchestration.assets.keys import FRESH, VERDICTS, raw_key
from orchestration.assets.metadata import fresh_result
from orchestration.session import Session


def freshness_checks(project: Project) -> AssetChecksDefinition:
    """The checks of all sources, after the verdicts: by then the judge has counted the days."""
    specs = [
        AssetCheckSpec(
            FRESH,
            asset=raw_key(source),
            additional_deps=[VERDICTS],
            blocking=False,
            description="Its data reaches the newest day that it promised by now.",
        )
        for source in project.sources
    ]

    @multi_asset_check(
        name="freshness", specs=specs, can_subset=True, required_resource_keys={"session"}
    )
    def freshness(context: AssetCheckExecutionContext) -> Iterator[AssetCheckResult]:
        session: Session = context.op_execution_context.resources.session
        facts = session.source_facts()
        for check in sorted(context.selected_asset_check_keys, key=lambda one: one.asset_key):
            yield fresh_result(check, facts[check.asset_key.path[-1]])

    return freshness
