"""The metric types: one module each, from the words of a spec to what is computed for them.

To add one: a module with a model derived from `MetricType`, a field for it in
`kpi_specs.language.metric.Metric`, cases in `tests/cases/metrics/`, a section in
`docs/metrics.md`. A type says which columns it reads, which KPIs it rests on, and its operands:
the parts whose quotient is the value. Only a type that is computed from other KPIs' values writes
its own model.
"""
