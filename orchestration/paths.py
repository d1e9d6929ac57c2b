"""Where a project keeps its files: one typed object, built from the project's folder."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class ProjectPaths:
    """Folders and files of one project. Nothing is created by asking for a path."""

    root: Path

    @property
    def specs(self) -> Path:
        """YAML specs."""
        return self.root / "kpi_specs"

    @property
    def dbt_project(self) -> Path:
        """The dbt project."""
        return self.root / "dbt_project"

    @property
    def landing(self) -> Path:
        """Raw files as they arrive."""
        return self.root / "landing"

    @property
    def var(self) -> Path:
        """What the pipeline owns: warehouse, run history, logs, dbt's target."""
        return self.root / "var"

    @property
    def warehouse(self) -> Path:
        """The pipeline's DuckDB file; nobody else reads it."""
        return self.var / "warehouse.duckdb"

    @property
    def last_valid_specs(self) -> Path:
        """The KPI specs as the last good run found them."""
        return self.var / "last_valid_specs.json"

    @property
    def dagster_home(self) -> Path:
        """Dagster's run history."""
        return self.var / "dagster"

    @property
    def dbt_target(self) -> Path:
        """Dbt's manifest and compiled SQL."""
        return self.var / "dbt"

    @property
    def published(self) -> Path:
        """The only folder that others read."""
        return self.root / "published"

    @property
    def published_file(self) -> Path:
        """The live publication."""
        return self.published / "kpis.duckdb"

    @property
    def parquet(self) -> Path:
        """The live publication as Parquet."""
        return self.published / "parquet"

    @property
    def previous(self) -> Path:
        """Earlier publications, for rollback."""
        return self.published / "previous"
