"""The publication, and the alerts that follow it."""

from dagster import AssetExecutionContext, AssetsDefinition, MaterializeResult, asset

from orchestration.assets.keys import ALERTS, PUBLISHED, VERDICTS
from orchestration.assets.metadata import alert_metadata, publication_metadata
from orchestration.session import Session


def published_assets() -> list[AssetsDefinition]:
    """The published tables and the alerts."""

    @asset(
        key=PUBLISHED,
        deps=[VERDICTS],
        group_name="published",
        kinds={"duckdb", "parquet"},
        required_resource_keys={"session"},
        description="The only tables that others read: put in place whole, or not at all.",
    )
    def publish(context: AssetExecutionContext) -> MaterializeResult[None]:
        session: Session = context.resources.session
        return MaterializeResult(metadata=publication_metadata(session.publish()))

    @asset(
        key=ALERTS,
        deps=[PUBLISHED],
        group_name="published",
        required_resource_keys={"session"},
        description="Incidents opened, reminded and resolved, and their messages delivered.",
    )
    def alert(context: AssetExecutionContext) -> MaterializeResult[None]:
        session: Session = context.resources.session
        session.alert()
        return MaterializeResult(metadata=alert_metadata(session))

    return [publish, alert]
