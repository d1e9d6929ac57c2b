"""What the machine does to many models is one cause; what a model does is its own."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from small_warehouse import Warehouse, kpi, project

HOLDS = "import duckdb, sys; con = duckdb.connect(sys.argv[1]); print(flush=True); input()"


def _roots(messages: dict[str, str]) -> dict[str, str]:
    shop = Warehouse(project(kpis=[kpi(name) for name in messages])).fill()
    shop.judge(**messages)
    return {name: shop.verdicts(name)["2017-03-05"]["root"] for name in messages}


def _of_memory(tmp_path: Path) -> str:
    del tmp_path
    with duckdb.connect() as con:
        con.execute(
            "set memory_limit = '5MB'; set max_temp_directory_size = '0KB'; set threads = 1"
        )
        with pytest.raises(duckdb.OutOfMemoryException) as found:
            con.execute("create table t as select repeat('x', 999) as x from range(1000000)")
    return str(found.value)


def _of_a_lock(tmp_path: Path) -> str:
    file = str(tmp_path / "warehouse.duckdb")
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDS, file], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"\n"
    try:
        with pytest.raises(duckdb.IOException) as found:
            duckdb.connect(file)
    finally:
        holder.communicate(b"\n", timeout=30)
    return str(found.value)


def _of_a_full_disk(tmp_path: Path) -> str:
    return f'IO Error: Could not write file "{tmp_path}/w.wal": {os.strerror(errno.ENOSPC)}'


def _of_a_run_cut_short(tmp_path: Path) -> str:
    del tmp_path
    from orchestration.build import CUT_SHORT

    return f"was not built: {CUT_SHORT}"


def _of_stale_tables(tmp_path: Path) -> str:
    del tmp_path
    from orchestration.build import STALE

    return f"was not built: {STALE}"


@pytest.mark.parametrize(
    ("says", "root"),
    [
        (_of_memory, "platform:memory"),
        (_of_a_lock, "platform:warehouse"),
        (_of_a_full_disk, "platform:disk"),
        (_of_a_run_cut_short, "platform:unfinished_run"),
        (_of_stale_tables, "platform:unfinished_run"),
    ],
)
def test_the_machine_is_one_cause_whichever_models_it_fails(says, root, tmp_path):
    words = says(tmp_path)
    assert _roots({"revenue": f"fct_sales: {words}", "orders": f"kpi_orders: {words}"}) == {
        "revenue": root, "orders": root,
    }  # fmt: skip


def test_models_that_fail_for_reasons_of_their_own_are_causes_of_their_own():
    assert _roots(
        {
            "revenue": "fct_sales: Binder Error: no column amout",
            "orders": "kpi_orders: Conversion Error: not a number",
            "returns": "fct_sales: Binder Error: no column amout",
        }
    ) == {"revenue": "model:fct_sales", "orders": "model:kpi_orders", "returns": "model:fct_sales"}
