"""WHAT is measured: YAML, and the packages that read it and turn it into SQL.

`language` reads the specs, `compiler` turns them into models, `calendars` says in which period a
day lies. Nothing here opens a warehouse, runs dbt or knows that Dagster and Great Expectations
exist.
"""
