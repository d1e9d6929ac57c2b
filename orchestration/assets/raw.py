"""One asset per source: its raw table, every file loaded once."""

from collections.abc import Iterator

from dagster import (
    AssetExecutionContext,
    AssetsDefinition,
    AssetSpec,
    MaterializeResult,
    multi_asset,
)

from kpi_specs.language.project import Project
from orchestration.assets.keys import raw_key
from orchestration.assets.metadata import raw_metadata
from orchestration.session import Session


def raw_assets(project: Project) -> AssetsDefinition:
    """The assets of all sources and the operation that loads the selected ones."""
    specs = [
        AssetSpec(
            raw_key(source.source),
            group_name="raw",
            description=source.description or next(iter(source.title.values())),
            kinds={"duckdb", source.format if source.database is None else "database"},
            owners=[f"team:{source.owner}"],
            metadata={
                "path": source.path
                or (source.database.words if source.database else "declared, not connected")
            },
        )
        for source in project.sources.values()
    ]

    @multi_asset(
        name="load_sources", specs=specs, can_subset=True, required_resource_keys={"session"}
    )
    def load_sources(context: AssetExecutionContext) -> Iterator[MaterializeResult[None]]:
        session: Session = context.resources.session
        wanted = [s for s in project.sources if raw_key(s) in context.selected_asset_keys]
        for report in session.ingest(wanted):
            yield MaterializeResult(
                asset_key=raw_key(report.source),
                metadata=raw_metadata(report),
            )

    return load_sources
