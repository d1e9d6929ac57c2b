"""The files of a publication: staged beside the live one, swapped in, kept, cleaned up.

The rename of the DuckDB file is the moment of publication: before it nothing has changed, after it
readers that open the file see the new one, and those that have it open keep the old one. The
Parquet folder follows by two renames (a folder cannot replace a folder in one); a kill between
them leaves it one publication behind, or put back by the next start, never half written. Readers
keep the files they have open; every Parquet file carries `run_id`.
"""

import datetime as dt
import json
import logging
import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import duckdb

from orchestration.paths import ProjectPaths
from orchestration.publish.errors import PublishError

log = logging.getLogger(__name__)

STAGING = ".staging-"  # a publication being built
REPLACED = ".replaced-"  # a Parquet folder that was just moved aside
INCOMING = ".incoming-"  # a copy of the live file on its way into the archive


@dataclass(frozen=True)
class Publication:
    """One publication: which run made it, when (naive UTC), rows per table, and its file."""

    run_id: str
    computed_at: dt.datetime
    counts: dict[str, int]
    file: Path


def read_publication(file: Path) -> Publication:
    """Which publication a file holds.

    Raises:
        PublishError: it is not a publication.
    """
    try:
        with duckdb.connect(str(file), read_only=True) as con:
            row = con.execute("SELECT run_id, computed_at, counts FROM publication").fetchone()
    except duckdb.Error as error:
        raise PublishError(f"{file} cannot be read as a publication: {error}") from error
    if row is None:
        raise PublishError(f"{file} is not a publication: its table 'publication' is empty.")
    return Publication(row[0], row[1], json.loads(row[2]), file)


def publications(paths: ProjectPaths) -> tuple[Publication, ...]:
    """The kept earlier publications, newest first."""
    files = paths.previous.glob("*.duckdb") if paths.previous.is_dir() else ()
    kept = [read_publication(file) for file in files if not file.name.startswith(".")]
    return tuple(sorted(kept, key=lambda one: (one.computed_at, one.run_id), reverse=True))


def staging_file(paths: ProjectPaths, run_id: str) -> Path:
    """Where the run builds its publication."""
    return paths.published / f"{STAGING}{_safe(run_id)}.duckdb"


def staging_parquet(paths: ProjectPaths, run_id: str) -> Path:
    """Where the run builds its Parquet folder."""
    return paths.published / f"{STAGING}{_safe(run_id)}.parquet"


def clean_leftovers(paths: ProjectPaths) -> None:
    """Remove what killed runs left. The live file, Parquet folder and archive are never touched.

    A Parquet folder that was moved aside and not yet replaced is put back.
    """
    for folder in (paths.published, paths.previous):
        for path in list(folder.glob(".*")) if folder.is_dir() else ():
            if path.name.startswith(REPLACED) and not paths.parquet.exists():
                path.rename(paths.parquet)
            elif path.name.startswith((STAGING, REPLACED, INCOMING)):
                _remove(path)


def archive_live(paths: ProjectPaths, run_id: str) -> Publication | None:
    """Copy the live file among the earlier publications. None where nothing was published yet.

    A copy, not a hard link: a BI tool that opens the live file for writing would change both. A
    live file that cannot be read is set aside as `damaged-...`; the next publication replaces it.

    Raises:
        OSError: no space left.
    """
    if not paths.published_file.exists():
        return None
    paths.previous.mkdir(parents=True, exist_ok=True)
    incoming = _incoming(paths, run_id)
    shutil.copyfile(paths.published_file, incoming)
    try:
        live = read_publication(incoming)
    except PublishError as error:
        aside = paths.previous / f"damaged-{_safe(run_id)}"
        os.replace(incoming, aside)
        log.warning("The live file was damaged and is set aside as %s: %s", aside, error)
        return None
    _sync(incoming)
    kept = paths.previous / f"{live.computed_at:%Y%m%dT%H%M%S}-{_safe(live.run_id)}.duckdb"
    os.replace(incoming, kept)
    return Publication(live.run_id, live.computed_at, live.counts, kept)


def swap_file(paths: ProjectPaths, staged: Path) -> None:
    """Put the staged DuckDB file in the place of the live one, durably and in one rename."""
    _sync(staged)
    # A write-ahead log beside the live file can only be a foreign writer's; it must not be replayed
    # onto the new file.
    paths.published_file.with_name(paths.published_file.name + ".wal").unlink(missing_ok=True)
    os.replace(staged, paths.published_file)
    _sync(paths.published)


def swap_parquet(paths: ProjectPaths, staged: Path | None, run_id: str) -> None:
    """Put the staged folder in the place of the live one; None removes the live one.

    Without new Parquet files the old ones go: they would contradict the DuckDB file.
    """
    replaced = paths.published / f"{REPLACED}{_safe(run_id)}.parquet"
    if staged is not None:
        for file in staged.iterdir():
            _sync(file)
    if paths.parquet.exists():
        paths.parquet.rename(replaced)
    if staged is not None:
        staged.rename(paths.parquet)
    _sync(paths.published)
    _remove(replaced)


def prune(paths: ProjectPaths, keep: int) -> None:
    """Keep the `keep` newest of the earlier publications (file names begin with their time)."""
    files = [file for file in paths.previous.glob("*.duckdb") if not file.name.startswith(".")]
    for file in sorted(files, reverse=True)[keep:]:
        file.unlink()


def discard(paths: ProjectPaths, run_id: str) -> None:
    """Remove what this run staged."""
    staged = staging_file(paths, run_id)
    _remove(staged)
    _remove(staged.with_name(staged.name + ".wal"))
    _remove(staging_parquet(paths, run_id))
    _remove(_incoming(paths, run_id))


def _incoming(paths: ProjectPaths, run_id: str) -> Path:
    return paths.previous / f"{INCOMING}{_safe(run_id)}.duckdb"


def _safe(run_id: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.-]", "_", run_id)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    elif path.exists():  # where nothing may be written, unlink refuses what is not there, too
        path.unlink(missing_ok=True)
