"""Files that lie there and cannot be read: what their source's owner is told of them.

What a file that cannot be read lacks is told by the days that are missing. Where none is (a second
file of a day, a delivery that was to replace an earlier one), values stand as they were without
it, and this alert is all that tells of it.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Any

import duckdb

from expectations.missing import kpis_on
from kpi_specs.language.project import Project
from orchestration.alerts.opening import OpenIncident, keep_incident, open_incident
from orchestration.alerts.words import owner_name, root_title, title_of

FILE_UNREADABLE = "FILE_UNREADABLE"
_SHOWN_FILES = 3
_NO_PERIODS = "[]"

# Of each file the newest attempt, unless a later one took its place. A file without a row is told
# where it had some before; else it may be of a day without any.
_SQL = """
SELECT tried.source, tried.file, arg_max(tried.message, tried.loaded_at)
FROM audit.loads AS tried
WHERE tried.status = 'failed' AND tried.file <> '' OR tried.status = 'empty' AND EXISTS (
    FROM audit.loads AS stands
    WHERE stands.source = tried.source AND stands.file = tried.file AND stands.status = 'loaded'
)
GROUP BY ALL
ORDER BY ALL
"""


@dataclass(frozen=True)
class UnreadFiles:
    """Those of one source. `files` are names and what is wrong with each, and never empty."""

    source: str
    owner: str
    files: tuple[tuple[str, str], ...]
    kpis: tuple[str, ...]  # that rest on the source

    @property
    def root(self) -> str:
        """As of a finding on the source."""
        return f"source:{self.source}"

    @property
    def fingerprint(self) -> str:
        """What makes it the same in the next run."""
        return "|".join(("warning", self.root, FILE_UNREADABLE, self.owner))

    @property
    def lines(self) -> tuple[str, ...]:
        """`landing/orders.csv: the header is not valid utf-8`; of many files the first."""
        shown = tuple(f"{name}: {message}" for name, message in self.files[:_SHOWN_FILES])
        left = len(self.files) - len(shown)
        return (*shown, f"and {left} more files") if left else shown


def unread_files(con: duckdb.DuckDBPyConnection, project: Project) -> dict[str, UnreadFiles]:
    """By source; only files that are still there.

    Args:
        con: connection to the warehouse; without a load log nothing is found.
        project: the specs.
    """
    there = con.execute(
        "SELECT 1 FROM duckdb_tables() WHERE database_name = current_database() "
        "AND schema_name = 'audit' AND table_name = 'loads'"
    ).fetchall()
    if not there:
        return {}
    found: dict[str, list[tuple[str, str]]] = {}
    for source, file, message in con.execute(_SQL).fetchall():
        spec = project.sources.get(source)
        if spec is not None and (spec.database or _lies_there(project, file)):
            found.setdefault(source, []).append((file, message))
    return {source: _of(project, source, files) for source, files in found.items()}


def told_with(files: dict[str, UnreadFiles], root: str) -> UnreadFiles | None:
    """Those of the source that a finding's root names, itself or by a column."""
    kind, _, name = root.partition(":")
    if kind == "column":
        name = name.partition(".")[0]
    return files.get(name) if kind in ("source", "column") else None


def follow_files(
    con: duckdb.DuckDBPyConnection,
    project: Project,
    unread: UnreadFiles,
    known: OpenIncident | None,
    run_id: str,
    now: dt.datetime,
) -> None:
    """Tell of files that cannot be read, once each; in the caller's transaction.

    Args:
        con: in a transaction.
        project: the specs.
        unread: the files of one source.
        known: the incident that is open on them, if there is one.
        run_id: the run.
        now: when, naive UTC.
    """

    def content_of(event: str, incident_id: str, opened_at: dt.datetime) -> dict[str, Any]:
        return _payload(
            project, unread, event=event, incident_id=incident_id, opened_at=opened_at, now=now
        )

    if known is None:
        open_incident(
            con, project, fingerprint=unread.fingerprint, root=unread.root,
            reason_code=FILE_UNREADABLE, owner=unread.owner, severity="warning", kpis=unread.kpis,
            periods=_NO_PERIODS, content_of=content_of, run_id=run_id, now=now,
        )  # fmt: skip
        return
    ((told,),) = con.execute(
        "SELECT message FROM audit.incidents WHERE incident_id = ?", [known.incident_id]
    ).fetchall()
    event = "extended" if _has_another(unread, told) else "opened"
    keep_incident(
        con, project, known, kpis=unread.kpis, periods=_NO_PERIODS,
        content=content_of(event, known.incident_id, known.opened_at), run_id=run_id, now=now,
    )  # fmt: skip


def _payload(
    project: Project,
    unread: UnreadFiles,
    *,
    event: str,
    incident_id: str,
    opened_at: dt.datetime,
    now: dt.datetime,
) -> dict[str, Any]:
    """The message as JSON-ready values; `text` is for people."""
    cause, name = root_title(project, unread.root), owner_name(project, unread.owner)
    titles = [title_of(project, kpi) for kpi in unread.kpis]
    count = len(unread.files)
    what = "a file" if count == 1 else f"{count} files"
    action = "deliver it anew, take it away, or correct the source's contract; then run again"
    why, *further = unread.lines
    text = "\n".join(
        [
            f"WARNING: {what} of {cause} cannot be read; values stand without it "
            f"({FILE_UNREADABLE})",
            f"Why: {why}",
            *(f"     {line}" for line in further),
            f"Cause: {cause}",
            f"KPIs over it: {', '.join(titles) or 'none'}",
            f"Next: {name} ({unread.owner}): {action}.",
            f"Incident: {incident_id}",
        ]
    )
    return {
        "event": event,
        "incident": incident_id,
        "project": project.settings.name,
        "severity": "warning",
        "owner": unread.owner,
        "owner_name": name,
        "root": unread.root,
        "reason_code": FILE_UNREADABLE,
        "reason": why,
        "files": [{"file": name, "message": message} for name, message in unread.files],
        "opened_at": opened_at.isoformat(),
        "sent_for": now.isoformat(),
        "action": action,
        "kpis": [
            {"kpi": kpi, "title": title} for kpi, title in zip(unread.kpis, titles, strict=True)
        ],
        "text": text,
    }


def _has_another(unread: UnreadFiles, message: str) -> bool:
    """Whether one of its files is not in what was told, of those that a message names."""
    return any(f"{name}: " not in message for name, _ in unread.files[:_SHOWN_FILES])


def _of(project: Project, source: str, files: list[tuple[str, str]]) -> UnreadFiles:
    owner = project.sources[source].owner
    if owner not in project.owners:
        owner = project.settings.default_owner
    datasets = [key for key, one in project.datasets.items() if source in one.sources]
    on_it = kpis_on(project, datasets=datasets)
    return UnreadFiles(
        source, owner, tuple(files), tuple(kpi for kpi in project.kpis if kpi in on_it)
    )


def _lies_there(project: Project, file: str) -> bool:
    path = project.root / file
    return path.exists() or path.is_symlink()
