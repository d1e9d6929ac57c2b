"""Faults of the machinery while data is good: each breaks one thing around a run and mends it."""

import contextlib
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from unittest import mock

from orchestration.steps import Steps
from tests.mutations import dying
from tests.mutations.catalogue import WHOLE, Incident
from tests.mutations.expected import Withheld


@dataclass(frozen=True)
class Fault:
    """One thing that breaks.

    Attributes:
        name: The fault.
        says: What is broken, in words.
        broken: Breaks it for a run in this folder; yields the run's steps.
        withheld: Which rows lose their value.
        incidents: Which alerts there must be.
        stops: What the run's error says; empty where the run goes on.
        is_out: Whether by then the new publication is in place.
        ran: Whether the market has run before.
    """

    name: str
    says: str
    broken: Callable[[Path], contextlib.AbstractContextManager[Steps]]
    withheld: tuple[Withheld, ...] = ()
    incidents: frozenset[Incident] = frozenset()
    stops: str = ""
    is_out: bool = False
    ran: bool = False


def _everything(source: str, reason: str, *only: str) -> Withheld:
    return Withheld(source, *WHOLE, reason, "platform", only=only)


def _in_file(name: str, old: str, new: str) -> Any:
    @contextmanager
    def broken(root: Path) -> Iterator[Steps]:
        file = root / name
        text = file.read_text(encoding="utf-8")
        assert old in text
        file.write_text(text.replace(old, new), encoding="utf-8")
        yield Steps()
        file.write_text(text, encoding="utf-8")

    return broken


@contextmanager
def _table_lost(root: Path) -> Iterator[Steps]:
    del root
    steps = Steps()

    def judge(con: Any, *arguments: Any, **options: Any) -> Any:
        con.execute("drop view if exists kpi.kpi_orders")
        return steps.judge(con, *arguments, **options)

    yield replace(steps, judge=judge)


@contextmanager
def _check_raises(root: Path) -> Iterator[Steps]:
    del root
    import great_expectations as gx

    def raises(*_: Any, **__: Any) -> None:
        raise OSError("the disk is gone")

    with mock.patch.object(gx.expectations.ExpectColumnValuesToBeInSet, "_validate", raises):
        yield Steps()


@contextmanager
def _suite_missing(root: Path) -> Iterator[Steps]:
    del root
    from expectations import judging

    derive = judging.derive_suites

    def without_orders(project: Any) -> Any:
        return {kpi: suite for kpi, suite in derive(project).items() if kpi != "orders"}

    with mock.patch.object(judging, "derive_suites", without_orders):
        yield Steps()


@contextmanager
def _disk_full(root: Path) -> Iterator[Steps]:
    """No file grows beyond 64 kB while it is published."""
    del root
    steps = Steps()

    def publish(*arguments: Any, **options: Any) -> Any:
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (65536, hard))
        try:
            return steps.publish(*arguments, **options)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    yield replace(steps, publish=publish)


_HOLD = """
import duckdb, sys
con = duckdb.connect(sys.argv[1])
print("held", flush=True)
input()
"""


@contextmanager
def _warehouse_locked(root: Path) -> Iterator[Steps]:
    """Another process has it open for writing."""
    holder = subprocess.Popen(
        [
            sys.executable, "-c", _HOLD, str(root / "var/warehouse.duckdb"),
        ],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert holder.stdout is not None
    assert holder.stdout.readline().strip() == b"held"
    try:
        yield Steps()
    finally:
        holder.communicate(b"\n", timeout=30)


def _dies_in(step: str) -> Any:
    """The process ends in the middle of a run, as with kill -9."""

    @contextmanager
    def broken(root: Path) -> Iterator[Steps]:
        assert dying.run_until(root, step) == dying.DEAD

        def stop(*_: Any, **__: Any) -> None:
            raise RuntimeError(f"died in {step}")

        yield replace(Steps(), ensure_schemas=stop)

    return broken


FAULTS = (
    Fault(
        "mart_fails",
        "The model of the orders' mart fails.",
        _in_file("dbt_project/models/marts/fct_orders.sql", "units,", "error('gone') as units,"),
        (_everything("orders", "COMPUTE_ERROR"),),
        frozenset({("platform", "model:fct_orders", "COMPUTE_ERROR")}),
    ),
    Fault(
        "mart_breaks_its_test",
        "A data test of the ads' mart fails.",
        _in_file(
            "dbt_project/models/marts/marts.yml",
            "{name: clicks, data_type: bigint}",
            "{name: clicks, data_type: bigint, data_tests: [unique]}",
        ),
        (_everything("ads", "COMPUTE_ERROR"),),
        frozenset({("platform", "model:fct_ads", "COMPUTE_ERROR")}),
    ),
    Fault(
        "table_lost",
        "The table of one KPI is gone when it is to be judged.",
        _table_lost,
        (_everything("orders", "COMPUTE_ERROR", "orders"),),
        frozenset({("platform", "kpi:orders", "COMPUTE_ERROR")}),
    ),
    Fault(
        "check_raises",
        "A check raises an exception.",
        _check_raises,
        (_everything("orders", "CHECK_ERROR"), _everything("ads", "CHECK_ERROR")),
        frozenset({("platform", "check:table_is_computed", "CHECK_ERROR")}),
    ),
    Fault(
        "suite_missing",
        "One KPI has no suite.",
        _suite_missing,
        (_everything("orders", "CHECK_ERROR", "orders"),),
        frozenset({("platform", "check:suite_is_run", "CHECK_ERROR")}),
    ),
    Fault("disk_full", "The disk is full while it is published.", _disk_full, stops="too large"),
    Fault(
        "warehouse_locked",
        "Another process writes the warehouse.",
        _warehouse_locked,
        stops="is open in another program",
    ),
    *(
        Fault(
            f"dies_{when}", f"The run is killed {words}.", _dies_in(step), stops="died", is_out=out
        )
        for when, words, step, out in (
            ("ingesting", "while it loads what is new", "ingest_source", False),
            ("computing", "while it computes", "run_models", False),
            ("judging", "before it judges", "judge", False),
            ("publishing", "before it publishes", "publish", False),
            ("telling", "between its file and its outbox", "record_incidents", True),
            ("alerting", "after it published and before it alerts", "deliver", True),
        )
    ),
)
LOST = {
    "published_file_lost": "The published file is gone.",
    "published_file_damaged": "The published file holds garbage.",
    "warehouse_lost": "The warehouse is gone.",
    "manifest_lost": "What dbt prepared is gone.",
}


def lose(root: Path, name: str) -> None:
    """Do what `LOST` says."""
    file = root / "published/kpis.duckdb"
    if name == "published_file_lost":
        file.unlink()
    elif name == "published_file_damaged":
        file.write_bytes(os.urandom(4096))
    elif name == "warehouse_lost":
        for part in (root / "var").glob("warehouse.duckdb*"):
            part.unlink()
    else:
        shutil.rmtree(root / "var/dbt")
