"""Writing the landing folder: built beside, moved into place when whole, reused when it fits."""

import hashlib
import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MANIFEST = "demo.json"

OnProgress = Callable[[str, int, int], None]  # what is being done, steps done, steps in all


class LandingNotOursError(RuntimeError):
    """The landing folder holds files that this generator did not write."""


@dataclass(frozen=True)
class DemoReport:
    """What `prepare` did.

    Attributes:
        landing: the folder with the raw files.
        created: False where an earlier call's files were reused.
        rows: rows written by source.
        files: number of raw files.
        faults: names of the planted faults.
    """

    landing: Path
    created: bool
    rows: dict[str, int]
    files: int
    faults: tuple[str, ...]


def prepare(
    root: Path,
    *,
    faults: Sequence[str] = (),
    seed: int = 2017,
    on_progress: OnProgress | None = None,
) -> DemoReport:
    """Write the demo's raw files into `root/landing/`, or reuse what an equal call wrote.

    Files that were taken away since are not written again: a missing file is a case to try.

    Args:
        root: the project's folder.
        faults: names of `orchestration.demo.faults.FAULTS` to plant.
        seed: of everything that is generated.
        on_progress: told before each step.

    Raises:
        DemoDataMissingError: the package with the sales is not installed.
        LandingNotOursError: the folder has files of others, which would be lost.
        ValueError: an unknown fault.
    """
    from orchestration.demo import faults as planting

    names = planting.check(faults)
    landing = root / "landing"
    asked = {"generator": _generator_version(), "seed": seed, "faults": list(names)}
    written = _manifest(landing)
    if written is not None and {key: written.get(key) for key in asked} == asked:
        return _report(landing, written, created=False)
    _refuse_foreign_files(landing, written)

    building, old = root / ".landing.building", root / ".landing.old"
    for left_by_a_killed_call in (building, old):
        shutil.rmtree(left_by_a_killed_call, ignore_errors=True)
    building.mkdir(parents=True)
    try:
        rows = _build(building, names, seed, on_progress or (lambda *_: None))
    except BaseException:
        shutil.rmtree(building, ignore_errors=True)  # what there is may fill the disk
        raise
    files = sorted(str(p.relative_to(building)) for p in building.rglob("*") if p.is_file())
    manifest = {**asked, "synthetic": "all but pos/", "rows": rows, "files": files}
    (building / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
    # Renames only: killed anywhere in between, there is no landing folder, never half of one.
    if landing.exists():
        landing.rename(old)
    building.rename(landing)
    shutil.rmtree(old, ignore_errors=True)
    return _report(landing, manifest, created=True)


def _build(building: Path, faults: Sequence[str], seed: int, tell: OnProgress) -> dict[str, int]:
    # numpy and DuckDB take a third of a second to import: only where something is written.
    import duckdb
    import numpy as np

    from orchestration.demo import ads, costs, crm, pos, refunds
    from orchestration.demo import faults as planting

    parts = (("ad platforms", ads), ("refunds", refunds), ("leads and deals", crm),
             ("product costs", costs))  # fmt: skip
    steps = len(parts) + 2 + len(faults)
    rows: dict[str, int] = {}
    with duckdb.connect() as con:
        con.execute("set enable_progress_bar = false")  # the caller shows its own
        tell("reading the sales", 0, steps)
        pos.load(con)
        tell("writing the till's files", 1, steps)
        rows |= pos.export(con, building)
        for number, (title, part) in enumerate(parts):
            tell(f"writing {title}", 2 + number, steps)
            rows |= part.export(con, building, np.random.default_rng([seed, number]))
        planting.plant(con, building, faults, lambda name, n: tell(name, 2 + len(parts) + n, steps))
    tell("done", steps, steps)
    return rows


def _generator_version() -> str:
    """A hash of this package's code, so that nobody has to remember to raise a number."""
    code = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        code.update(path.read_bytes())
    return code.hexdigest()[:16]


def _manifest(landing: Path) -> dict[str, Any] | None:
    path = landing / MANIFEST
    if not path.is_file():
        return None
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def _refuse_foreign_files(landing: Path, written: dict[str, Any] | None) -> None:
    ours = {MANIFEST, *(written or {}).get("files", [])}
    found = {str(p.relative_to(landing)) for p in landing.rglob("*") if p.is_file()}
    foreign = sorted(found - ours)
    if foreign:
        raise LandingNotOursError(
            f"{landing} holds {len(foreign)} file(s) that the demo did not write, "
            f"e.g. {foreign[0]}. Move them elsewhere, or use another project folder."
        )


def _report(landing: Path, manifest: dict[str, Any], *, created: bool) -> DemoReport:
    return DemoReport(
        landing=landing,
        created=created,
        rows=dict(manifest["rows"]),
        files=len(manifest["files"]),
        faults=tuple(manifest["faults"]),
    )
