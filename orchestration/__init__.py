"""WHEN and in what order: Dagster's definitions, and the plain steps that they run.

Only `definitions`, `assets`, `jobs`, `schedules` and `resources` import dagster. The steps
(`ingest`, `transform`, `publish`, `alerts`, `report`) are plain functions over a DuckDB connection.
"""
