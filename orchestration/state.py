"""What a publication rested on, and so what has to be computed again.

A state is two things: one fingerprint of all that every KPI rests on (data loaded, clock, settings,
hand-written SQL, the engine itself), and one per KPI for its own spec. Equal to the last
publication's: nothing to do. Only some KPIs differ: only they are computed. Anything else: all.
"""

import datetime as dt
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from kpi_specs.language.inputs import with_inputs
from kpi_specs.language.project import Project
from orchestration.model_graph import KPI_FOLDER

if TYPE_CHECKING:
    import duckdb

ENGINE_PACKAGES = ("kpi_specs", "expectations", "orchestration")
# Another version may compute or judge otherwise.
LIBRARIES = (
    "duckdb", "dbt-core", "dbt-duckdb", "great-expectations", "pandas", "persiantools",
    "pydantic", "sqlglot",
)  # fmt: skip
DBT_OUTPUT = frozenset({"target", "logs"})


@dataclass(frozen=True)
class State:
    """Fingerprints: `base` of what all KPIs share, `kpis` of each KPI's spec."""

    base: str
    kpis: Mapping[str, str] = field(default_factory=dict)

    @property
    def fingerprint(self) -> str:
        """Both in one word, for the run log."""
        return _digest([self.base, json.dumps(dict(sorted(self.kpis.items())))])

    def of_kpi(self, kpi: str) -> str:
        """What a KPI's table is built from: its own spec besides what all rest on."""
        return _digest([self.base, self.kpis.get(kpi, "")])

    def of_shared(self, generated_sql: str) -> str:
        """What a shared table is built from; '' for hand-written SQL, which is in the base."""
        return _digest([self.base, generated_sql])

    def to_json(self) -> str:
        """Text that `from_json` reads."""
        return json.dumps({"base": self.base, "kpis": dict(sorted(self.kpis.items()))})

    @staticmethod
    def from_json(text: str) -> "State":
        """The state that `to_json` wrote."""
        found = json.loads(text)
        return State(found["base"], found["kpis"])


@dataclass(frozen=True)
class Plan:
    """What a run computes: these KPIs, and whether anything at all is to be done."""

    kpis: frozenset[str]
    everything: bool
    reason: str

    @property
    def nothing(self) -> bool:
        """The last publication still holds."""
        return not self.kpis and not self.everything


def decide(
    previous: State | None,
    current: State,
    *,
    unpublished: str | None,
    full_refresh: bool = False,
    select: Iterable[str] = (),
) -> Plan:
    """Decide what to compute.

    A selection adds to what changed, it never takes away: a publication whose KPIs rest on
    different data would be wrong without saying so.

    Args:
        previous: State of the last publication, None when there is none to trust.
        current: State now.
        unpublished: Why what readers have is not the last publication; None where it is.
        full_refresh: Compute everything in any case.
        select: KPIs to compute in any case.
    """
    all_kpis = frozenset(current.kpis)
    if full_refresh:
        return Plan(all_kpis, True, "full refresh asked for")
    if previous is None:
        return Plan(all_kpis, True, "no earlier complete publication")
    if unpublished is not None:
        return Plan(all_kpis, True, unpublished)
    if previous.base != current.base:
        return Plan(all_kpis, True, "new data, a new clock, or changed settings, SQL or engine")
    changed = {k for k in all_kpis if previous.kpis.get(k) != current.kpis[k]}
    gone = previous.kpis.keys() - all_kpis
    if changed or gone:
        # A KPI without a spec leaves the publication, which is a change although nothing computes.
        return Plan(frozenset(changed | set(select)), bool(gone), "changed specs")
    if select:
        return Plan(frozenset(select), False, "selected")
    return Plan(frozenset(), False, "nothing new")


def current_state(con: "duckdb.DuckDBPyConnection", project: Project, as_of: dt.date) -> State:
    """The state as it is now: loads in the warehouse, specs, SQL, engine.

    Args:
        con: Open warehouse with audit.loads.
        project: The specs.
        as_of: The run's clock.
    """
    parts = [
        as_of.isoformat(),
        project.settings.model_dump_json(exclude={"as_of"}),
        *_specs(project.objectives),
        *_specs(project.owners),
        *_specs(project.sources),
        hash_loads(con),
        hash_dbt_files(project.root / "dbt_project"),
        hash_engine(),
    ]
    return State(_digest(parts), _kpi_fingerprints(project))


def _kpi_fingerprints(project: Project) -> dict[str, str]:
    """One per KPI: its spec, its datasets', and those of the KPIs it rests on.

    Of a KPI that others need in another cadence, that is in its table too.
    """
    found: dict[str, str] = {}
    needed = with_inputs(project)

    def fingerprint(kpi_id: str) -> str:
        if kpi_id not in found:
            kpi = needed.kpis[kpi_id]
            parts = [kpi.model_dump_json(), *map(str, project.invalid.get(kpi_id, ()))]
            parts += [project.datasets[d].model_dump_json() for d in kpi.metric.datasets]
            parts += [fingerprint(one) for one in kpi.metric.uses]
            found[kpi_id] = _digest(parts)
        return found[kpi_id]

    return {kpi_id: fingerprint(kpi_id) for kpi_id in project.kpis}


def hash_loads(con: "duckdb.DuckDBPyConnection") -> str:
    """What was loaded, and in which order: a file tried again with the same outcome is nothing new.

    The order of the loads that stand counts, because staging lets the newest row of a key win.
    """
    rows = con.execute(
        """
        select distinct source, file, sha256, rows_loaded, rows_rejected, status, message,
               missing_columns
        from audit.loads
        order by all
        """
    ).fetchall()
    standing = con.execute(
        "select source, file, sha256 from audit.loads where status = 'loaded' order by rowid"
    ).fetchall()
    return _digest([json.dumps(row, default=str) for row in (*rows, *standing)])


def hash_dbt_files(dbt_project: Path) -> str:
    """Hand-written SQL and settings of the dbt project; generated models follow from the specs."""
    files = [
        file
        for file in sorted(dbt_project.rglob("*"))
        if file.is_file() and not _is_output(file.relative_to(dbt_project))
    ]
    return hash_files(files, dbt_project)


def _is_output(file: Path) -> bool:
    return file.parts[0] in DBT_OUTPUT or file.parts[:2] == ("models", KPI_FOLDER)


def hash_engine() -> str:
    """The engine's version, its code, because it may run from a checkout, and its libraries'."""
    root = Path(__file__).resolve().parent.parent
    files = [f for package in ENGINE_PACKAGES for f in sorted((root / package).rglob("*.py"))]
    return _digest([*map(version, ("kpi-elt", *LIBRARIES)), hash_files(files, root)])


def hash_files(files: Iterable[Path], root: Path) -> str:
    """Names and contents of files."""
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.relative_to(root).as_posix().encode() + b"\0")
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def _specs(specs: Mapping[str, object]) -> list[str]:
    return [spec.model_dump_json() for spec in specs.values()]  # type: ignore[attr-defined]


def _digest(parts: Iterable[str]) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def live_run(published: Path) -> str | None:
    """Id of the run whose publication readers have; None where the file cannot be read."""
    import duckdb

    try:
        with duckdb.connect(str(published), read_only=True) as con:
            row = con.execute("select run_id from publication").fetchone()
    except duckdb.Error:
        return None  # damaged: publishing sets it aside and says so
    return row[0] if row else None
