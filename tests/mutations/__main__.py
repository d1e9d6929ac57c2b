"""Spoils the market in every way of the catalogue and writes docs/measurability_matrix.md."""

import tempfile
from pathlib import Path

from tests.mutations.catalogue import mutations
from tests.mutations.markets import Markets
from tests.mutations.matrix import DOCUMENT, document, row
from tests.mutations.running import incidents, published, run
from tests.mutations.spoiling import spoil


def main() -> None:
    """One line of progress per mutation; minutes on two cores."""
    with tempfile.TemporaryDirectory() as folder:
        markets = Markets(Path(folder))
        clean, rows = published(markets.that_ran()), []
        for mutation in mutations():
            root = markets.fresh()
            spoil(root, mutation)
            run(root)
            rows.append((mutation, row(mutation, clean, published(root), incidents(root))))
            print(mutation.name, flush=True)
    DOCUMENT.write_text(document(rows), encoding="utf-8")


if __name__ == "__main__":
    main()
