"""The commands in the order in which `kpi --help` lists them."""

from orchestration.cli import (
    alerts,
    audit,
    demo,
    diff,
    docs,
    explain,
    feasibility,
    rollback,
    run,
    smart,
    status,
    ui,
    validate,
    why,
)
from orchestration.cli import compile as compile_command
from orchestration.cli import test as test_command

REGISTER = (
    run.register,
    status.register,
    explain.register,
    why.register,
    feasibility.register,
    smart.register,
    audit.register,
    alerts.register,
    validate.register,
    compile_command.register,
    test_command.register,
    diff.register,
    docs.register,
    rollback.register,
    demo.register,
    ui.register,
)
