"""Dagster's view of the pipeline: one asset per source, dbt model and KPI, verdicts, publication.

Belongs here: keys, dependencies, partitions, metadata, and the few operations that run the steps.
Does not belong here: what the steps do (`orchestration.session` and the packages behind it).

The operations are few because each costs Dagster time, and because an operation is skipped when one
of its inputs was not materialized: models, KPIs and verdicts share one, so that a KPI whose source
is missing stays unmaterialized while the others are judged and published.
"""
