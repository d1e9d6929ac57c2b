"""`kpi explain KPI --known-on DATE`: what readers were shown at the end of a day."""

import datetime as dt
from typing import TYPE_CHECKING, Any

from orchestration.cli.terminal import UserError, open_published, rows_of, stop_unless_kpi
from orchestration.paths import ProjectPaths

if TYPE_CHECKING:
    from orchestration.report.wording import ShownUnit

_SAME = "kpi = ? and period = ? and slice_value = ? and slice {} 'total'"


def known_on(
    paths: ProjectPaths, kpi: str, period: str, slice_value: str, day: dt.date
) -> dict[str, Any]:
    """What the publication of a day showed of one KPI and period.

    Returns:
        `day`; `row` (of kpi_values_known_on); `publication` (of kpi_publications: the one that
        readers had at the end of the day); `definition` (of kpi_catalog, the one of then); `now`
        (of kpi_values, None where the row is not published any more); `restatements` (of
        kpi_restatements, those until now).

    Raises:
        UserError: no such KPI, nothing was published by then, or not this period.
    """
    with open_published(paths) as con:
        names = [name for (name,) in con.execute("select distinct kpi from kpi_catalog").fetchall()]
        stop_unless_kpi(kpi, names)
        publication = _publication_of(con, day)
        same = _SAME.format("=" if slice_value == "total" else "<>")
        key = [kpi, period, slice_value]
        found = rows_of(con, f"from kpi_values_known_on(?) where {same}", [day, *key])
        if not found:
            raise UserError(_what_was_there(con, kpi, slice_value, period, day))
        row = found[0]
        (definition,) = rows_of(
            con,
            "from kpi_catalog where kpi = ? and spec_fingerprint = ? "
            "order by is_current desc, spec_version desc limit 1",
            [kpi, row["spec_fingerprint"]],
        )
        now = rows_of(con, f"from kpi_values where {same}", key)
        changes = rows_of(con, f"from kpi_restatements where {same} order by restated_at", key)
    return {
        "day": day, "row": row, "publication": publication, "definition": definition,
        "now": now[0] if now else None, "restatements": changes,
    }  # fmt: skip


def _publication_of(con: Any, day: dt.date) -> dict[str, Any]:
    import duckdb

    try:
        all_of_them = rows_of(con, "from kpi_publications order by shown_from")
    except duckdb.CatalogException:
        raise UserError(
            "the live publication keeps no history of values; run 'kpi run --full-refresh' to "
            "publish anew. History begins then."
        ) from None
    by_then = [one for one in all_of_them if one["shown_on"] <= day]
    if not by_then:
        first = f"it begins on {all_of_them[0]['shown_on']}" if all_of_them else "it is empty"
        raise UserError(
            f"nothing is known of {day}: the history of values goes back no further; {first}."
        )
    return by_then[-1]


def _what_was_there(con: Any, kpi: str, slice_value: str, period: str, day: dt.date) -> str:
    ranges = con.execute(
        "select cadence, min(period), max(period) from kpi_values_known_on(?) "
        "where kpi = ? and slice_value = ? group by 1 order by 1",
        [day, kpi, slice_value],
    ).fetchall()
    there = "; ".join(f"{cadence} {first} to {last}" for cadence, first, last in ranges)
    whose = f"'{kpi}'" if slice_value == "total" else f"'{kpi}' of '{slice_value}'"
    return f"on {day} no period '{period}' of {whose} was published. Published: {there or 'none'}."


def print_known(found: dict[str, Any], *, sql: bool) -> None:
    """For people; times are UTC."""
    from rich.console import Console

    from orchestration.cli.explained import words
    from orchestration.report.wording import shown_unit, value_text

    console = Console(highlight=False)
    definition, row, now = found["definition"], found["row"], found["now"]
    unit = shown_unit(definition)
    console.print(f"[bold]{words(definition['titles'])}[/bold] ({definition['kpi']})")
    console.print(
        f"[bold]{row['period']}[/bold] ({row['cadence']}), {row['slice_value']}, "
        f"as known on {found['day']}"
    )
    publication = found["publication"]
    how = "published" if publication["event"] == "run" else "put back by a rollback"
    lines = [
        ("value", value_text(row["value"], *unit)),
        ("status", " ".join(part for part in (row["data_status"], row["reason_codes"]) if part)),
        ("shown", f"since {row['shown_from']:%Y-%m-%d %H:%M} UTC (run {row['run_id']})"),
        (
            "readers",
            f"had run {publication['run_id']}, {how} {publication['shown_from']:%Y-%m-%d %H:%M} "
            f"UTC, clock {publication['as_of']}",
        ),
        ("version", f"{row['spec_version']} ({row['spec_fingerprint']})"),
        (
            "now",
            "not published any more"
            if now is None
            else f"{value_text(now['value'], *unit)}, {now['data_status']}"
            + (
                "" if now["spec_fingerprint"] == row["spec_fingerprint"] else ", another definition"
            ),
        ),
    ]
    for label, text in [*lines, *change_lines(found["restatements"], unit)]:
        console.print(f"  {label:<10}{text}", markup=False, soft_wrap=True)
    if sql:
        console.print()
        console.print(definition["sql"], markup=False, soft_wrap=True)


def change_lines(restatements: list[dict[str, Any]], unit: "ShownUnit") -> list[tuple[str, str]]:
    """One line per row of kpi_restatements, under one label."""
    from orchestration.report.wording import value_text

    return [
        (
            "" if number else "history",
            f"{one['restated_at']:%Y-%m-%d} {one['change'].replace('_', ' ')}: "
            f"{value_text(one['old_value'], *unit)} -> {value_text(one['new_value'], *unit)} "
            f"({one['why'].rstrip('.')})",
        )
        for number, one in enumerate(restatements)
    ]
