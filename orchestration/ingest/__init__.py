"""From files to the raw schema: each content once, typed by contract, rejects kept beside.

Belongs here: finding the files of a source, reading them with DuckDB, typing, the load log and the
rejects. Does not belong here: renaming, deduplication, business dates (staging and marts in dbt),
judging whether the data suffices (expectations), Dagster.
"""

from orchestration.ingest.audit import ensure_schemas
from orchestration.ingest.source import IngestReport, ingest_source

__all__ = ["IngestReport", "ensure_schemas", "ingest_source"]
