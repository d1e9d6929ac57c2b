"""The commands in the order in which `kpi --help` lists them."""

from orchestration.cli import compile as compile_command
from orchestration.cli import explain, run, status, validate

REGISTER = (
    run.register,
    status.register,
    explain.register,
    validate.register,
    compile_command.register,
)
