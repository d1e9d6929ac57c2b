"""The `kpi` command without a process of its own, on copies of the shop."""

from pathlib import Path

from orchestration.cli.main import main
from tests.copies import PROJECTS, copy_project


def shop_with(root: Path, **examples: str) -> Path:
    """A copy of the shop's specs whose KPIs have these texts at their end."""
    copy_project(PROJECTS / "shop", root)
    for kpi, text in examples.items():
        (path,) = (root / "kpi_specs/kpis").rglob(f"{kpi}.yml")
        path.write_text(path.read_text(encoding="utf-8") + text + "\n", encoding="utf-8")
    return root


def run(capsys, project: Path, *arguments: str) -> tuple[int, str, str]:
    """Exit code, standard output (no blanks at line ends) and standard error of one command."""
    capsys.readouterr()
    code = main([*arguments, "--project", str(project)])
    said = capsys.readouterr()
    return code, "\n".join(line.rstrip() for line in said.out.splitlines()), said.err
