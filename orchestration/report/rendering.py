"""The scorecard in a terminal. Words carry the meaning; colour only repeats it."""

from rich.cells import cell_len
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from orchestration.report.card import Gap, Lacking, Scorecard, ScoreRow
from orchestration.report.wording import NO_VALUE

_COLUMNS = ("KPI", "Period", "Value", "Target", "Status", "vs prev.", "Owner")
_TARGET = _COLUMNS.index("Target")
_GAP = 2  # blanks between columns
_NARROWEST_TITLE = 24
_TOLD = 4  # KPIs whose restated values are counted below the card
WIDTH = 100  # of a pipe or file, where no terminal says how wide it is

_STATUS = {
    "exceeded": ("✓ exceeded", "green"),
    "on_target": ("✓ on target", "green"),
    "warning": ("! warning", "yellow"),
    "off_target": ("✗ off target", "red"),
    "too_early": ("too early", "dim"),
    "no_target": ("no target", "dim"),
}
_NOT_MEASURED = {"pending": "dim", "unmeasurable": "magenta", "error": "bold red"}


def render(card: Scorecard, console: Console) -> None:
    """Print the card. Without a terminal it is 100 columns wide and has no colour."""
    width = console.width if console.is_terminal else max(console.width, WIDTH)
    before = console.width
    console.width = width
    try:
        _render(card, console)
    finally:
        console.width = before


def _render(card: Scorecard, console: Console) -> None:
    console.print(
        f"\n[bold]{escape(card.project)}[/bold]  as of {card.as_of}  "
        f"[bold]{escape(card.headline)}[/bold]",
        highlight=False,
    )
    widths = _widths(card, console.width)
    console.print(_table(widths, header=True), highlight=False)
    for objective, rows in card.groups:
        console.print(Text(objective, style="bold cyan"), highlight=False)
        table = _table(widths, header=False)
        for row in rows:
            table.add_row(*_cells(row)[: len(widths)])
        console.print(table, highlight=False)
    missing = [
        text
        for row in card.rows
        for text in (
            *([_why(row)] if not row.is_measured else []),
            *([_warned(row)] if row.is_measured and row.reason_codes else []),
            *(_why_lacking(row, o) for o in row.lacking if o.reason_codes != row.reason_codes),
        )
    ]
    if missing:
        console.print()
    for text in missing:
        console.print(text, highlight=False)
    notes = _notes(card)
    if notes:
        console.print(f"[dim]{escape(notes)}[/dim]", highlight=False)


def _cells(row: ScoreRow) -> tuple[Text, ...]:
    """One text per column; whether a value may still change stands behind it."""
    value = row.shown_value + (" ~" if row.data_status == "provisional" else "")
    return (
        Text(f"  {row.title}"),
        Text(row.period),
        Text(value),
        Text(row.shown_target),
        _status(row),
        Text(row.shown_change),
        Text(row.owner, style="dim"),
    )


def _widths(card: Scorecard, width: int) -> list[int]:
    """Column widths that all groups share; the title takes the rest, or the owner gives way."""
    rows = [_cells(row) for row in card.rows]
    widths = (
        [
            max([cell_len(name), *(cell.cell_len for cell in column)])
            for name, column in zip(_COLUMNS, zip(*rows, strict=True), strict=True)
        ]
        if rows
        else [cell_len(name) for name in _COLUMNS]
    )
    for count in (len(_COLUMNS), len(_COLUMNS) - 1):
        left = width - sum(widths[1:count]) - _GAP * (count - 1)
        if left >= min(widths[0], _NARROWEST_TITLE):
            break
    # Where even that is too wide, the target wraps: a period, a value or a status never does.
    widths[_TARGET] -= max(0, _NARROWEST_TITLE - left)
    return [min(widths[0], max(left, _NARROWEST_TITLE)), *widths[1:count]]


def _table(widths: list[int], *, header: bool) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), show_header=header)
    for name, width in zip(_COLUMNS, widths, strict=False):
        right = name in ("Value", "Target", "vs prev.")
        table.add_column(name, width=width, justify="right" if right else "left")
    return table


def _status(row: ScoreRow) -> Text:
    if not row.is_measured:
        return Text(row.data_status, style=_NOT_MEASURED[row.data_status])
    if row.other_targets and row.target_status == "no_target":
        return Text(f"{row.other_targets[0].cadence} target", style="dim")  # told below the card
    words, style = _STATUS[row.target_status]
    return Text(words, style=style)


def _why(row: ScoreRow) -> Text:
    style = _NOT_MEASURED[row.data_status]
    return Text.assemble(
        (f"{NO_VALUE} {row.title} {row.period}", style),
        f" {row.reason_codes}: {row.reason} {_since(row)} Owner: {row.owner_name}.",
    )


def _since(row: ScoreRow) -> str:
    """How long it has had no value, and what the last one was."""
    last_good, gap = row.shown_last_good, row.gap
    if gap is None or gap.periods == 1:
        return f"Last good value: {last_good}." if last_good != NO_VALUE else "No earlier value."
    if last_good == NO_VALUE:
        return f"No value since {gap.since} ({gap.periods} periods)."
    if (row.last_good_period or "") >= gap.since:  # of an earlier publication; labels sort by time
        return (
            f"Without a value since {gap.since} ({gap.periods} periods), the last that was shown "
            f"before {last_good}."
        )
    return f"Without a value since {gap.since} ({gap.periods} periods), the last one {last_good}."


def _warned(row: ScoreRow) -> Text:
    return Text.assemble(
        (f"! {row.title} {row.period}", "yellow"), f" {row.reason_codes}: {row.reason}"
    )


def _why_lacking(row: ScoreRow, one: Lacking) -> Text:
    return Text.assemble(
        (f"{NO_VALUE} {row.title}, {one.cadence} {one.period}", _NOT_MEASURED[one.data_status]),
        f" {one.reason_codes}: {one.reason}{_gap(one.gap)} Owner: {row.owner_name}.",
    )


def _gap(gap: Gap | None) -> str:
    if gap is None or gap.periods == 1:
        return ""
    return f" Without a value since {gap.since} ({gap.periods} periods)."


def _restated(card: Scorecard) -> str:
    """How many final values are other ones now; `kpi explain` has each, with before and why."""
    titles = {row.kpi: row.title for row in card.rows}
    told = [f"{titles.get(kpi, kpi)} ({count})" for kpi, count in card.restated.items()]
    more = f" and {len(told) - _TOLD} more KPIs" if len(told) > _TOLD else ""
    return (
        f"Restated by this run, final values: {', '.join(told[:_TOLD])}{more}; "
        "'kpi explain KPI --period P' says what each was."
    )


def _notes(card: Scorecard) -> str:
    provisional = any(row.data_status == "provisional" for row in card.rows)
    lines = ["~ provisional: the period is open, or late data may still change it."] * provisional
    lines += [
        f"{row.title}: the target lacks {row.missing_resources}."
        for row in card.rows
        if row.missing_resources
    ]
    lines += [
        f"{row.title} has its target {other.cadence}, {row.shown_other(other)}, "
        f"{_STATUS.get(other.target_status, ('not judged', ''))[0]}."
        for row in card.rows
        for other in row.other_targets
    ]
    lines += [
        f"{row.title}: {card.contradictions[row.kpi]}."
        for row in card.rows
        if row.kpi in card.contradictions
    ]
    if card.restated:
        lines.append(_restated(card))
    return "\n".join(lines)
