"""Spoils the market in every way of the catalogue and writes docs/measurability_matrix.md."""

import tempfile
from pathlib import Path

from tests.mutations.catalogue import mutations
from tests.mutations.matrix import DOCUMENT, document, row
from tests.mutations.running import incidents, published, run
from tests.mutations.spoiling import spoil
from tests.mutations.world import make_market


def main() -> None:
    """One line of progress per mutation; minutes on two cores."""
    with tempfile.TemporaryDirectory() as folder:
        root = make_market(Path(folder) / "clean")
        run(root)
        clean, rows = published(root), []
        for mutation in mutations():
            root = make_market(Path(folder) / mutation.name)
            spoil(root, mutation)
            run(root)
            rows.append((mutation, row(mutation, clean, published(root), incidents(root))))
            print(mutation.name, flush=True)
    DOCUMENT.write_text(document(rows), encoding="utf-8")


if __name__ == "__main__":
    main()
