"""A landing folder and a warehouse in memory; boring fields of a source are filled in."""

import datetime as dt
from pathlib import Path
from typing import Any

import duckdb

from kpi_specs.language.source import Source
from orchestration.ingest import IngestReport, ingest_source

LOADED_AT = dt.datetime(2017, 3, 11, 6, tzinfo=dt.UTC)


def source(columns: dict[str, Any], **more: Any) -> Source:
    """A CSV source `ads` over `landing/ads*`; a column may be given by its type alone."""
    full = {
        name: {"type": column} if isinstance(column, str) else column
        for name, column in columns.items()
    }
    fields: dict[str, Any] = {
        "source": "ads",
        "title": {"en": "Ads"},
        "owner": "marketing",
        "kind": "files",
        "path": "landing/ads*",
        "columns": full,
    }
    return Source.model_validate(fields | more)


class Place:
    """One project folder, one warehouse."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "landing").mkdir()
        self.con = duckdb.connect()
        self.runs = 0

    def write(self, name: str, content: bytes | str) -> Path:
        path = self.root / "landing" / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def write_parquet(self, name: str, query: str) -> None:
        duckdb.sql(f"COPY ({query}) TO '{self.root}/landing/{name}' (FORMAT parquet)")

    def ingest(self, contract: Source) -> IngestReport:
        self.runs += 1
        return ingest_source(
            self.con, contract, root=self.root, run_id=f"r{self.runs}", loaded_at=LOADED_AT
        )

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return self.con.execute(query).fetchall()

    def rejects(self) -> list[tuple[Any, ...]]:
        return self.rows(
            "SELECT line, column_name, value, reason FROM audit.rejects ORDER BY line, column_name"
        )

    def log(self) -> list[tuple[Any, ...]]:
        return self.rows("SELECT file, status, rows_loaded, rows_rejected FROM audit.loads")

    def message(self) -> str:
        """The message of the only load."""
        ((message,),) = self.rows("SELECT message FROM audit.loads")
        return str(message)
