"""Spoils the market in every way of the catalogue and writes docs/measurability_matrix.md.

`python -m tests.mutations NAME...` tries only these, and leaves the other lines as they are.
"""

import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.mutations import matrix
from tests.mutations.catalogue import Mutation, mutations
from tests.mutations.machinery import FAULTS, LOST, Fault
from tests.mutations.markets import Markets
from tests.mutations.running import incidents, published, run
from tests.mutations.sinks import DOWN
from tests.mutations.spec_faults import SPEC_FAULTS
from tests.mutations.spoiling import spoil
from tests.mutations.trying import Rows, try_channel, try_clock_set_back, try_fault, try_loss


def main(names: list[str]) -> None:
    """One line of progress per mutation; minutes on two cores."""
    kept = {line.split(" | ")[0]: line for line in matrix.DOCUMENT.read_text("utf-8").splitlines()}
    found: dict[str, list[str]] = {"told": [], "hidden": [], "machinery": [], "specs": []}
    with tempfile.TemporaryDirectory() as folder:
        markets = Markets(Path(folder))
        clean = published(markets.that_ran())
        for table, name, says, line in tries(markets, clean):
            old = kept.get(f"| {says}")
            found[table].append(line() if not names or name in names or old is None else old)
            print(name, flush=True)
    matrix.DOCUMENT.write_text(matrix.document(**found), encoding="utf-8")


def tries(markets: Markets, clean: Rows) -> Iterator[tuple[str, str, str, Callable[[], str]]]:
    """Table, name, words and what makes the line, of all that can be tried."""
    for mutation in mutations():
        yield (
            "hidden" if mutation.undetectable else "told", mutation.name, mutation.says,
            lambda one=mutation: _mutated(markets, clean, one),
        )  # fmt: skip
    for fault in FAULTS:
        yield "machinery", fault.name, fault.says, lambda one=fault: _broken(markets, clean, one)
    for fault in SPEC_FAULTS:
        yield "specs", fault.name, fault.says, lambda one=fault: _broken(markets, clean, one)
    for name, says in LOST.items():
        yield (
            "machinery", name, says,
            lambda name=name: matrix.loss_row(name, clean, *try_loss(markets, name)),
        )  # fmt: skip
    for name, (says, _) in DOWN.items():
        yield "machinery", name, says, lambda name=name: _unheard(markets, name)
    yield "machinery", "clock_set_back", matrix.CLOCK, lambda: _set_back(markets, clean)


def _mutated(markets: Markets, clean: Rows, mutation: Mutation) -> str:
    root = markets.fresh()
    spoil(root, mutation)
    run(root)
    return matrix.row(mutation, clean, published(root), incidents(root))


def _broken(markets: Markets, clean: Rows, fault: Fault) -> str:
    return matrix.fault_row(fault, clean, try_fault(markets, fault))


def _unheard(markets: Markets, name: str) -> str:
    sink = DOWN[name][1]()
    try_channel(markets, sink)
    return matrix.channel_row(name, sink.got)


def _set_back(markets: Markets, clean: Rows) -> str:
    back, then, _ = try_clock_set_back(markets)
    return matrix.clock_row(clean, back, then)


if __name__ == "__main__":
    main(sys.argv[1:])
