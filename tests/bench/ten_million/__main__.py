"""`python -m tests.bench.ten_million`: measures, prints, and ends with 1 when a bound is broken."""

import argparse
import datetime as dt
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from tests.bench.bounds import Bound, told
from tests.copies import REPOSITORY

if TYPE_CHECKING:
    from tests.bench.ten_million.compute import Seconds

BY_HAND = 1.5  # the compiler against hand-written SQL
HUNDRED = 2.0  # a hundred KPIs against twenty
PEAK = 4 * 1024**3  # bytes
INCREMENT = 0.1  # one day more against all of two years
# A month is computed anew from its first day on: a day in its middle, and its last one.
DAYS = (dt.date(2024, 12, 15), dt.date(2024, 12, 31))


def main() -> int:
    """Measure; 0 when every bound holds, else 1."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.ten_million", description=__doc__)
    parser.add_argument("--turns", type=int, default=3, help="turns of each (median)")
    parser.add_argument("--lines", type=int, default=10_000_000, help="order lines")
    parser.add_argument("--child", choices=["generate", "compute"], help=argparse.SUPPRESS)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        _child(options.child, options.file, options.lines)
        return 0
    with tempfile.TemporaryDirectory(prefix="kpi-bench-") as folder:
        file = Path(folder) / "shop.duckdb"
        print(
            f"Machine: {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before the start; "
            f"{options.lines:,} order lines",
            flush=True,
        )
        _in_child("generate", file, options.lines)
        peak = _in_child("compute", file, options.lines)
        bounds = [
            Bound("peak memory", f"{peak >> 20:,} MB", f"{PEAK >> 20:,} MB", peak < PEAK),
            *_turns(file, options.turns),
            *_increments(file),
        ]  # fmt: skip
    return told(bounds)


def _child(what: str, file: Path, lines: int) -> None:
    from orchestration.transform.calendar import write_calendar
    from tests.bench.ten_million import compute, data, specs

    with compute.connect(file) as con:
        if what == "generate":
            data.write_marts(con, data.Size(lines))
            write_calendar(con, specs.project(), data.LAST)
        else:
            compute.by_compiler(con, specs.project())


def _in_child(what: str, file: Path, lines: int) -> int:
    """Run in a process of its own; returns its largest resident memory in bytes."""
    command = [sys.executable, "-m", "tests.bench.ten_million", "--child", what]
    process = subprocess.Popen(
        [*command, "--file", str(file), "--lines", str(lines)], cwd=REPOSITORY
    )
    _, state, usage = os.wait4(process.pid, 0)  # this child's own usage, unlike getrusage
    process.returncode = os.waitstatus_to_exitcode(state)
    if process.returncode != 0:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    return usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def _turns(file: Path, turns: int) -> list[Bound]:
    """Twenty KPIs, by hand, a hundred KPIs, in turns; the first turn warms up and compares."""
    from tests.bench.ten_million import compute, specs

    twenty, hundred = specs.project(), specs.project(more=80)
    ours: list[Seconds] = []
    theirs: list[Seconds] = []
    many: list[Seconds] = []
    with compute.connect(file) as con:
        compute.by_compiler(con, twenty)
        compute.by_hand(con)
        differences = compute.differences(con)
        for difference in differences:
            print(f"  {difference}")
        for _ in range(turns):
            ours.append(compute.timed(lambda: compute.by_compiler(con, twenty)))
            theirs.append(compute.timed(lambda: compute.by_hand(con)))
            many.append(compute.timed(lambda: compute.by_compiler(con, hundred)))
    print(f"\n{f'Median of {turns} turns':<40}{'seconds':>8}   from ... to      CPU seconds")
    _row("20 KPIs of ten types, compiled", ours)
    _row("the same by hand", theirs)
    _row("100 KPIs on the same parts, compiled", many)
    return [
        Bound("hand-written SQL gives the same", _yes(not differences), "yes", not differences),
        _ratio("compiled / by hand", ours, theirs, BY_HAND),
        _ratio("100 KPIs / 20 KPIs", many, ours, HUNDRED),
    ]


def _increments(file: Path) -> list[Bound]:
    from tests.bench.ten_million import compute

    print(f"\n{'One more day':<30}{'seconds':>10}{'CPU':>8}   rebuild of the orders' parts, CPU")
    bounds = []
    with compute.connect(file) as con:
        for day in DAYS:
            increment, rebuild, rows = compute.one_more_day(con, day)
            print(
                f"  {f'{day}':<28}{increment.wall:10.2f}{increment.cpu:8.2f}"
                f"   {rebuild.wall:.2f}, {rebuild.cpu:.2f}",
                flush=True,
            )
            share = increment.wall / rebuild.wall
            bounds += [
                Bound(f"increment of {day} / rebuild", f"{share:.1%}", f"{INCREMENT:.0%}",
                      share < INCREMENT),
                Bound(f"increment of {day} equals it", _yes(not rows), "yes", not rows),
            ]  # fmt: skip
    return bounds


def _ratio(
    what: str, some: "Sequence[Seconds]", others: "Sequence[Seconds]", allowed: float
) -> Bound:
    ratio = median(one.wall for one in some) / median(one.wall for one in others)
    return Bound(what, f"{ratio:.2f}", f"{allowed:.2f}", ratio <= allowed)


def _row(title: str, taken: "Sequence[Seconds]") -> None:
    walls = sorted(one.wall for one in taken)
    print(
        f"  {title:<38}{median(walls):8.2f}   ({walls[0]:.2f} ... {walls[-1]:.2f})"
        f"   {median(one.cpu for one in taken):8.2f}",
        flush=True,
    )


def _yes(holds: bool) -> str:
    return "yes" if holds else "no"


if __name__ == "__main__":
    sys.exit(main())
