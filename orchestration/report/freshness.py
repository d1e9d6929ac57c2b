"""How far data reaches: each source against its promise, each KPI against the clock."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from orchestration.report.reading import ReportError, fetch, words

if TYPE_CHECKING:
    from rich.console import Console

_STATUS = {
    "fresh": "fresh",
    "no_promise": "promises nothing",
    "undated": "rows have no day",
    "missing": "missing",
}


@dataclass(frozen=True)
class SourceFreshness:
    """A source; days are business days."""

    source: str
    title: str
    owner: str
    data_through: str | None
    promised: str | None
    days_late: int
    status: str
    kpis: tuple[str, ...]


@dataclass(frozen=True)
class KpiFreshness:
    """The newest day that a KPI's newest due period rests on, and how far the clock is from it."""

    kpi: str
    title: str
    period: str
    data_status: str
    data_through: str | None
    days_behind: int | None
    sources: tuple[str, ...]


@dataclass(frozen=True)
class Freshness:
    """Of a publication: sources, the latest one first, and KPIs, the one furthest behind first."""

    as_of: str
    sources: tuple[SourceFreshness, ...]
    kpis: tuple[KpiFreshness, ...]

    def as_dict(self) -> dict[str, Any]:
        """For `--json`."""
        return asdict(self)


def freshness(published_file: Path, *, language: str = "en") -> Freshness:
    """Read it from a publication.

    Args:
        published_file: the DuckDB file.
        language: of the titles.

    Raises:
        ReportError: it cannot be read, or an earlier version made it.
    """
    try:
        with duckdb.connect(str(published_file), read_only=True) as con:
            (as_of,) = con.execute("SELECT as_of::VARCHAR FROM publication").fetchall()[0]
            sources, kpis = fetch(con, _SOURCES), fetch(con, _KPIS)
    except duckdb.CatalogException:
        raise ReportError(
            "the live publication does not say how far its sources reach; run "
            "'kpi run --full-refresh' to publish anew."
        ) from None
    except duckdb.Error as error:
        raise ReportError(f"{published_file} cannot be read: {error}.") from error
    return Freshness(
        as_of,
        tuple(
            SourceFreshness(
                title=words(one.pop("titles"), language), kpis=_listed(one.pop("kpis")), **one
            )
            for one in sources
        ),
        tuple(
            KpiFreshness(
                title=words(one.pop("titles"), language), sources=_listed(one.pop("sources")), **one
            )
            for one in kpis
        ),
    )


def _listed(names: str) -> tuple[str, ...]:
    return tuple(name for name in names.split(",") if name)


_SOURCES = """
SELECT source, titles, owner, data_through::VARCHAR AS data_through,
    promised::VARCHAR AS promised, days_late, status, kpis
FROM kpi_sources
ORDER BY status = 'missing' DESC, days_late DESC, data_through, source
"""
_KPIS = """
SELECT c.kpi, c.titles, l.period, l.data_status, l.data_through::VARCHAR AS data_through,
    (SELECT as_of FROM publication) - l.data_through AS days_behind, c.sources
FROM kpi_catalog AS c
JOIN kpi_latest AS l ON l.kpi = c.kpi AND l.cadence = split_part(c.cadence, ',', 1)
WHERE c.is_current
QUALIFY row_number() OVER (PARTITION BY c.kpi ORDER BY l.which) = 1
ORDER BY l.data_through NULLS FIRST, c.position
"""


def render_freshness(found: Freshness, console: "Console") -> None:
    """Two tables: what came of each source, and how far each KPI is behind the clock."""
    from rich.table import Table

    console.print(f"\nData by business day, as of {found.as_of}\n", highlight=False)
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in ("Source", "Newest day", "Promised", "Status", "Owner", "KPIs"):
        table.add_column(name, justify="right" if name == "KPIs" else "left")
    for one in found.sources:
        late = f"{one.days_late} day{'' if one.days_late == 1 else 's'} late"
        is_bad = one.status in ("late", "missing")
        table.add_row(
            f"{one.title} ({one.source})", one.data_through or "—", one.promised or "—",
            _STATUS.get(one.status, late), one.owner, str(len(one.kpis)),
            style="red" if is_bad else "",
        )  # fmt: skip
    console.print(table, highlight=False)
    console.print()
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in ("KPI", "Period", "Status", "Data to", "Days behind", "Rests on"):
        table.add_column(name, justify="right" if name == "Days behind" else "left")
    for kpi in found.kpis:
        behind = "—" if kpi.days_behind is None else str(kpi.days_behind)
        table.add_row(
            kpi.title, kpi.period, kpi.data_status, kpi.data_through or "—", behind,
            ", ".join(kpi.sources),
        )  # fmt: skip
    console.print(table, highlight=False)
