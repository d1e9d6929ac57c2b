"""One version of the specs: a folder, or a git revision of the project."""

import io
import subprocess
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

from kpi_specs.compiler import Compiled, compile_project
from kpi_specs.language import Project, load_project

_NEEDED = ("kpi_specs", "dbt_project")  # the dbt models' declared columns are part of the rules


class SideError(Exception):
    """A version that cannot be read; the message says why and what to do."""


@dataclass(frozen=True)
class Side:
    """A checked project and what it compiles to, under the name that the user gave."""

    name: str
    project: Project
    compiled: Compiled


def read_side(root: Path, name: str) -> Side:
    """Read one version of the specs.

    Args:
        root: The project's folder; revisions are of the repository that it lies in.
        name: A folder (of a project, or its kpi_specs), else a git revision.

    Raises:
        SideError: neither of these, or the specs have errors.
    """
    folder = Path(name) if Path(name).is_absolute() else Path.cwd() / name
    if folder.is_dir():
        return _load(name, folder.parent if folder.name == "kpi_specs" else folder)
    with tempfile.TemporaryDirectory(prefix="kpi-diff-") as unpacked:
        _unpack(root, name, Path(unpacked))
        return _load(name, Path(unpacked))


def _load(name: str, root: Path) -> Side:
    loaded = load_project(root)
    if loaded.project is None:
        problems = "\n".join(str(problem) for problem in loaded.errors)
        raise SideError(f"the specs of {name} have errors, so they cannot be compared:\n{problems}")
    return Side(name, loaded.project, compile_project(loaded.project))


def _unpack(root: Path, revision: str, target: Path) -> None:
    """Write the project's specs and dbt models of a revision into `target`."""
    if _git(root, "rev-parse", "--is-inside-work-tree") is None:
        raise SideError(
            f"'{revision}' is no folder, and {root} is not in a git repository, so it is no "
            "revision either."
        )
    if _git(root, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}") is None:
        raise SideError(
            f"'{revision}' is neither a folder nor a git revision; try HEAD, HEAD~1, a tag, or '.' "
            "for the files as they are."
        )
    there = (_git(root, "ls-tree", "--name-only", revision, "--", *_NEEDED) or b"").decode().split()
    if "kpi_specs" not in there:
        raise SideError(f"the revision {revision} has no kpi_specs in this project's folder.")
    archive = _git(root, "archive", "--format=tar", revision, "--", *there)
    with tarfile.open(fileobj=io.BytesIO(archive or b"")) as packed:
        packed.extractall(target, filter="data")


def _git(root: Path, *arguments: str) -> bytes | None:
    """Output of a git command in `root`; None where it fails.

    Raises:
        SideError: there is no git.
    """
    try:
        done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, check=False)
    except FileNotFoundError:
        raise SideError("git is not installed; name two folders instead of a revision.") from None
    return done.stdout if done.returncode == 0 else None
