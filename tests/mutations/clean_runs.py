"""How often clean data is taken for bad: `python -m tests.mutations.clean_runs [--runs 200]`."""

import argparse
import datetime as dt
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.mutations.expected import Key, Seen
from tests.mutations.natural import all_has_arrived, make_natural_market, make_season
from tests.mutations.running import incidents, published, run

RUNS = 200
FIGURE = Path(__file__).with_name("clean_runs.txt")  # of the last 200
WAITING = ("NOT_DUE", "WARM_UP")


@dataclass(frozen=True)
class Outcome:
    """What a run made of one clean market.

    Attributes:
        measured: Rows (KPI, period and slice) with a value.
        withheld: Rows without one though nothing is wrong, awaited or closed by contract.
        alerts: Owner, root and reason of each alert.
    """

    measured: int
    withheld: tuple[Key, ...]
    alerts: tuple[tuple[str, str, str], ...]


def outcome(root: Path, seed: int) -> Outcome:
    """Run the market of this seed as it lies there."""
    market = make_natural_market(root, seed)
    run(root, as_of=market.as_of)
    rows = published(root)
    return Outcome(
        sum(row.value is not None for row in rows.values()),
        tuple(
            key
            for key, row in sorted(rows.items())
            if row.value is None
            and row.reason_codes not in WAITING
            and not set(_days(row)) <= set(market.closed)
        ),
        tuple(sorted(incidents(root))),
    )


def changed_later(root: Path, seed: int) -> list[Key]:
    """Rows of an `outcome` that were final, and have another value once all orders are there."""
    before = published(root)
    all_has_arrived(root, seed)
    run(root, as_of=make_season(seed).as_of)
    after = published(root)
    return [
        key
        for key, row in before.items()
        if row.data_status == "final" and row.value != after[key].value
    ]


def _days(row: Seen) -> list[dt.date]:
    first, last = row.days
    return [first + dt.timedelta(days=n) for n in range((last - first).days + 1)]


def _numbered(seed: int) -> Outcome:
    with tempfile.TemporaryDirectory() as folder:
        return outcome(Path(folder) / "market", seed)


def outcomes(runs: int) -> Iterator[Outcome]:
    """One after the other, as they come; two at a time."""
    with ProcessPoolExecutor(2) as pool:
        yield from pool.map(_numbered, range(runs))


def figure(found: Sequence[Outcome]) -> str:
    """What they come to, in a sentence."""
    withheld = sum(len(one.withheld) for one in found)
    rows = withheld + sum(one.measured for one in found)
    alerts = Counter(reason for one in found for *_, reason in one.alerts)
    listed = ", ".join(f"{reason} {times}" for reason, times in alerts.most_common())
    return (
        f"{len(found)} markets, {rows:,} rows: {withheld} withheld wrongly "
        f"({withheld / rows:.3%}); {sum(bool(one.alerts) for one in found)} markets with an alert"
        f"{f' ({listed})' if listed else ''}."
    )


def main() -> None:
    """One line per market, and the share in the end; a quarter of an hour on two cores."""
    reads = argparse.ArgumentParser(description=__doc__)
    reads.add_argument("--runs", type=int, default=RUNS)
    runs = reads.parse_args().runs
    found = []
    for seed, one in enumerate(outcomes(runs)):
        found.append(one)
        print(f"{seed}: {one}", flush=True)
    print(figure(found))
    if runs == RUNS:  # for docs/measurability_matrix.md
        FIGURE.write_text(figure(found) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
