"""Whatever is divided, however: the parts add up to it exactly and are never below zero."""

import datetime as dt
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import duckdb
from hypothesis import given, settings
from hypothesis import strategies as st
from publish_world import make_kpi

from kpi_specs.language.project import Project, ProjectSettings
from orchestration.publish.target_periods import write_target_specs
from orchestration.publish.target_splits import parts_sql

WHOLES = st.decimals(0, 10**9, places=4).map(float)
MONTHS = [f"{month:02}" for month in range(1, 13)]
DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]  # of 2017


def project_with(target):
    settings = ProjectSettings(
        name="shop", title={"en": "Shop"}, time_zone="UTC", currency="USD", languages=("en",),
        history_from=dt.date(2016, 1, 1), default_owner="sales",
    )  # fmt: skip
    return Project(Path(), settings, kpis={"revenue": make_kpi("revenue", targets=[target])})


def divided(split, whole, last_year=()):
    """The twelve parts of a target for 2017, in order."""
    boring = {"from": "2017-01-01", "to": "2017-12-31", "set_by": "sales", "why": "plan"}
    target = {**boring, "cadence": "yearly", "into": "monthly", "split": split, "value": whole}
    con = duckdb.connect()
    con.execute(
        "CREATE TEMP TABLE publish_rows (kpi VARCHAR, cadence VARCHAR, period VARCHAR, "
        "slice VARCHAR, slice_value VARCHAR, is_measured BOOLEAN, is_early BOOLEAN, "
        "data_status VARCHAR, reason_codes VARCHAR, value DOUBLE)"
    )
    for month, value in zip(MONTHS, last_year, strict=False):
        con.execute(
            "INSERT INTO publish_rows VALUES ('revenue', 'monthly', ?, 'total', 'total', true, "
            "false, 'final', '', ?)",
            [f"2016-{month}", value],
        )
    write_target_specs(con, project_with(target), dt.date(2017, 6, 15))
    con.execute(parts_sql())
    rows = con.execute("SELECT target FROM publish_parts ORDER BY period_start").fetchall()
    return [value for (value,) in rows]


def largest_remainder(whole, weights):
    """The same in exact fractions: cents, or finer where the whole has fewer than five digits."""
    number = Decimal(repr(whole))
    decimals = 2
    while number and (number.scaleb(decimals) % 1 or number.scaleb(decimals) < 10**4):
        decimals += 1
    steps = int(number.scaleb(decimals))
    shares = [Fraction(steps) * weight / sum(weights) for weight in weights]
    parts = [share.numerator // share.denominator for share in shares]
    by_rest = sorted(range(len(parts)), key=lambda i: (parts[i] - shares[i], i))
    for index in by_rest[: steps - sum(parts)]:
        parts[index] += 1
    return [float(Decimal(part).scaleb(-decimals)) for part in parts]


def adds_up(parts, whole):
    return sum(Decimal(repr(part)) for part in parts) == Decimal(repr(whole))


@settings(max_examples=25, deadline=None)
@given(whole=WHOLES)
def test_equal_parts_and_parts_by_days_add_up_exactly(whole):
    for split, weights in (("equal", [1] * 12), ("by_days", DAYS)):
        parts = divided(split, whole)
        assert adds_up(parts, whole)
        assert min(parts) >= 0
        assert parts == largest_remainder(whole, weights)


@settings(max_examples=25, deadline=None)
@given(
    whole=WHOLES, last_year=st.lists(st.integers(0, 10**6), min_size=12, max_size=12).filter(any)
)
def test_parts_by_last_year_add_up_exactly_and_keep_its_proportions(whole, last_year):
    parts = divided("by_last_year", whole, last_year)
    assert adds_up(parts, whole)
    assert min(parts) >= 0
    for part, before in zip(parts, last_year, strict=True):
        step = 0.01 if whole >= 1000 else 0.001 * max(whole, 1e-4)
        assert abs(part - whole * before / sum(last_year)) <= step + whole * 1e-9
        assert before or not part  # nothing is expected where there was nothing
