"""Opening the warehouse: where it cannot be, every command says why and what to do in one way."""

import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

_LOCKED = "Could not set lock on file"
_OTHER_VERSION = "Trying to read a database file with version number"
_REFUSED = ("Permission denied", "Read-only file system", "No space left on device")
_HOLDER = re.compile(r"lock is held in (.+?) \(PID (\d+)\)")
_AWAY = (
    "move it away: the next 'kpi run' builds it again from the files in landing/, and tells of "
    "open incidents anew."
)


class WarehouseUnusableError(RuntimeError):
    """The warehouse cannot be opened. The message says where, why, and what to do."""


class WarehouseLockedError(WarehouseUnusableError):
    """Another program has it open."""


def connect(warehouse: Path, *, read_only: bool = False) -> "duckdb.DuckDBPyConnection":
    """Open the warehouse.

    Raises:
        WarehouseLockedError: another program has it.
        WarehouseUnusableError: it is no DuckDB file that can be read here.
    """
    import duckdb

    try:
        return duckdb.connect(str(warehouse), read_only=read_only)
    except duckdb.Error as error:
        kind = WarehouseLockedError if _LOCKED in str(error) else WarehouseUnusableError
        raise kind(why_unusable(warehouse, error)) from error


def why_unusable(warehouse: Path, error: Exception) -> str:
    """What DuckDB's error means for the file, in one line."""
    import duckdb

    said = " ".join(str(error).split()).removeprefix("IO Error: ").rstrip(".!")
    if _LOCKED in said:
        holder = _HOLDER.search(said)
        who = f" (process {holder[2]}, {Path(holder[1]).name})" if holder else ""
        return (
            f"{warehouse} is open in another program{who}, and only one may have it: close it "
            "there, or wait for that run to end, and try again. Read published/kpis.duckdb instead."
        )
    if _OTHER_VERSION in said:
        return (
            f"{warehouse} was written by another version of DuckDB than this one "
            f"({duckdb.__version__}). Run with that version, or {_AWAY}"
        )
    if any(refusal in said for refusal in _REFUSED):
        return f"{warehouse} cannot be opened ({said}). Mend that and try again."
    return f"{warehouse} cannot be read ({said}). M{_AWAY[1:]}"
