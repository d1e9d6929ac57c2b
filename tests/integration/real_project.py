"""Projects on third-party data: run once, read back, and compared with what pandas counts.

The data is not ours to ship: a test fills `landing/` from `SHARED_DATA`, and is skipped where that
is not there. The run is the one of `kpi run`, in this process: a second project then pays neither
for dbt's nor for Great Expectations' imports.
"""

import datetime as dt
import shutil
from collections.abc import Sequence
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest

from kpi_specs.language.loader import load_project
from orchestration import pipeline
from orchestration.paths import ProjectPaths
from tests.copies import PROJECTS, SHARED_DATA, copy_project
from tests.threads import duckdb_threads

MEASURED = ("final", "provisional")


def run_project(name: str, data: Path, root: Path, files: str = "*.csv") -> Path:
    """A copy of `tests/projects/<name>` in `root` with the files of `data`, after one run.

    Args:
        name: the project's folder.
        data: the folder of the raw files; the test is skipped where it is not there.
        root: where the copy goes.
        files: which of them go to `landing/`.
    """
    if not data.is_dir():
        pytest.skip(f"the data of the project {name} is not in {data}")
    copy_project(PROJECTS / name, root)
    (root / "landing").mkdir()
    for file in data.glob(files):
        shutil.copy(file, root / "landing")
    loaded = load_project(root)
    assert loaded.project is not None, [str(problem) for problem in loaded.errors]
    with duckdb_threads(None):
        result = pipeline.run(ProjectPaths(root), loaded.project)
    assert dict(result.compute_errors) == {}
    return root


def shared(folder: str) -> Path:
    """The folder of one third-party data set."""
    return SHARED_DATA / folder


def published_table(root: Path, table: str = "kpi_values") -> pd.DataFrame:
    """A whole table of the publication."""
    with duckdb.connect(str(root / "published" / "kpis.duckdb"), read_only=True) as con:
        return con.execute(f"select * from {table}").df()


def open_incidents(root: Path) -> list[tuple[str, ...]]:
    """What somebody is told of: severity, reason, root and owner of each open incident, sorted."""
    with duckdb.connect(str(root / "var" / "warehouse.duckdb"), read_only=True) as con:
        return con.execute(
            "select severity, reason_code, root, owner from audit.incidents "
            "where resolved_at is null order by all"
        ).fetchall()


def rows_of(
    values: pd.DataFrame, kpi: str, cadence: str = "monthly", sliced: str = "total"
) -> pd.DataFrame:
    """A KPI's rows of one cadence and slice, by period and slice_value, sorted."""
    found = values[
        (values["kpi"] == kpi) & (values["cadence"] == cadence) & (values["slice"] == sliced)
    ]
    assert len(found), f"no rows of {kpi}, {cadence}, by {sliced}"
    return found.set_index(["period", "slice_value"], verify_integrity=True).sort_index()


def total_of(values: pd.DataFrame, kpi: str, cadence: str = "monthly") -> pd.DataFrame:
    """A KPI's rows of one cadence without slices, by period."""
    return rows_of(values, kpi, cadence).droplevel("slice_value")


def assert_equals(
    values: pd.DataFrame,
    kpi: str,
    expected: pd.Series,
    *,
    cadence: str = "monthly",
    sliced: str = "total",
    column: str = "value",
) -> None:
    """Every published value equals the expected one, and each has its counterpart.

    Args:
        values: `kpi_values`.
        kpi: the KPI's id.
        expected: by period label, and by the dimension's value (for several dimensions: one level
            each) where sliced.
        cadence: as published.
        sliced: as published, `region` or `region+category`.
        column: of `kpi_values`; rows in which it is empty have no expected value.
    """
    if sliced == "total":
        expected = pd.concat({"total": expected}).swaplevel()
    elif "+" in sliced:
        keys = [(row[0], " | ".join(map(str, row[1:]))) for row in expected.index]
        expected = expected.set_axis(pd.MultiIndex.from_tuples(keys))
    found = rows_of(values, kpi, cadence, sliced)[column].dropna()
    assert len(found), f"{kpi} has no {column}, {cadence}, by {sliced}"
    assert sorted(found.index.symmetric_difference(expected.index)) == []
    expected = expected.reindex(found.index).astype(float)
    wrong = ~np.isclose(found, expected, rtol=1e-9, atol=0)
    assert not wrong.any(), pd.DataFrame({"published": found, "expected": expected})[wrong]


def assert_no_period_is_missing(values: pd.DataFrame) -> None:
    """Each slice of a KPI has each of its periods once."""
    rows = values.groupby(["kpi", "cadence", "slice", "slice_value"])["period"].agg(
        ["size", "nunique"]
    )
    periods = values.groupby(["kpi", "cadence"])["period"].nunique().rename("periods")
    rows = rows.join(periods, on=["kpi", "cadence"])
    assert (rows["size"] == rows["nunique"]).all(), rows[rows["size"] != rows["nunique"]]
    assert (rows["size"] == rows["periods"]).all(), rows[rows["size"] != rows["periods"]]


def assert_slices_add_up(values: pd.DataFrame, kpis: Sequence[str]) -> None:
    """Of additive KPIs, every slice adds up to the total, in every period and to the last decimal.

    Slices are compared as they are published, as doubles: what is left is rounding.
    """
    for kpi in kpis:
        rows = values[(values["kpi"] == kpi) & values["data_status"].isin(MEASURED)]
        sums = rows.groupby(["cadence", "period", "slice"])["value"].sum().unstack("slice")
        assert len(sums.columns) > 1, f"{kpi} has no slices"
        for sliced in sums.columns.drop("total"):
            wrong = ~np.isclose(sums[sliced], sums["total"], rtol=1e-12, atol=1e-9)
            assert not wrong.any(), (kpi, sums[wrong])


def statuses(
    values: pd.DataFrame, kpi: str, cadence: str = "monthly"
) -> dict[str, tuple[str, str]]:
    """Period -> (data_status, reason_codes) of a KPI's total."""
    rows = total_of(values, kpi, cadence)
    return {row.Index: (row.data_status, row.reason_codes) for row in rows.itertuples()}


def assert_rows_without_value_say_why(values: pd.DataFrame) -> None:
    """No row has a value and a reason but for a warning, none lacks both; a value is finite."""
    has_value = values["value"].notna()
    assert has_value.eq(values["data_status"].isin(MEASURED)).all()
    assert has_value.eq(values["reason_codes"].isin(["", "VOLUME_ANOMALY"])).all()
    assert values["reason"].fillna("").eq("").eq(values["reason_codes"] == "").all()
    assert np.isfinite(values.loc[has_value, "value"]).all()


def period_labels(dates: pd.Series, cadence: str) -> pd.Series:
    """The label of each date's period, by pandas alone."""
    patterns = {"daily": "%Y-%m-%d", "weekly": "%G-W%V", "monthly": "%Y-%m", "yearly": "%Y"}
    dates = pd.to_datetime(dates)
    if cadence == "quarterly":
        return (dates.dt.strftime("%Y-Q") + dates.dt.quarter.astype(str)).rename("period")
    return dates.dt.strftime(patterns[cadence]).rename("period")


def labels_between(first: dt.date, last: dt.date, cadence: str) -> list[str]:
    """Labels of the periods from the one of `first` to the one of `last`, in order."""
    days = pd.Series(pd.date_range(first, last))
    return list(dict.fromkeys(period_labels(days, cadence)))
