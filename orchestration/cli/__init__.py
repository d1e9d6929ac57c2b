"""The `kpi` command: one module per command, each with `register` and `execute`.

Belongs here: arguments, messages on the terminal, exit codes. Does not belong here: any decision
about specs, values or verdicts. Heavy imports happen inside `execute`: `kpi --help` is quick.

Exit codes: 0 done (unmeasurable KPIs included), 1 invalid specs or usage, 2 the machinery failed,
3 with --strict when a due KPI is unmeasurable.
"""
