"""WHAT is measured: YAML, and two packages. `language` reads it, `compiler` turns it into SQL.

Nothing here opens a warehouse, runs dbt or knows that Dagster and Great Expectations exist.
"""
