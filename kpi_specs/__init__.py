"""WHAT is measured. YAML lives beside two packages: `language` reads it, `compiler` turns it into SQL.

Nothing here opens a warehouse, runs dbt or knows that Dagster and Great Expectations exist.
"""
