"""Whatever is divided, however: the parts add up to it exactly and are never below zero.

The parts are computed without a publication around them, in every calendar.
"""

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


RETAIL = {
    "pattern": "4-5-4",
    "label": "start_year",
    "year_ends": {"weekday": "saturday", "month": 1, "which": "nearest_month_end"},
}


def project_with(target, calendar):
    settings = ProjectSettings(
        name="shop", title={"en": "Shop"}, time_zone="UTC", currency="USD", languages=("en",),
        history_from=dt.date(2016, 1, 1), default_owner="sales", retail=RETAIL,
    )  # fmt: skip
    cadence = list(dict.fromkeys([target["into"], target["cadence"]]))
    kpi = make_kpi("revenue", calendar=calendar, cadence=cadence, targets=[target])
    return Project(Path(), settings, kpis={"revenue": kpi})


def divided(split, whole, last_year=(), **fields):
    """The parts of a target that begins in 2017, in order; of a year in months unless said."""
    row = parts_of(split, whole, last_year, **fields)
    return [value for _, value in row]


def parts_of(split, whole, last_year=(), *, calendar="gregorian", **fields):
    boring = {"from": "2017-01-01", "to": "2017-12-31", "set_by": "sales", "why": "plan"}
    boring |= {"cadence": "yearly", "into": "monthly"}
    target = {**boring, "split": split, "value": whole, **fields}
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
    write_target_specs(con, project_with(target, calendar), dt.date(2017, 6, 15))
    con.execute(parts_sql())
    return con.execute("SELECT period, target FROM publish_parts ORDER BY period_start").fetchall()


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


def test_a_solar_hijri_year_is_divided_into_its_own_months():
    """1396 begins on 21 March 2017: six months of 31 days, five of 30, Esfand of 29."""
    parts = parts_of("by_days", 365, calendar="jalali")
    assert parts == [
        (f"1396-{month:02}", days) for month, days in enumerate([31] * 6 + [30] * 5 + [29], start=1)
    ]


def test_a_retail_year_is_divided_into_its_weeks():
    """2017 is one of the retail years with 53 of them."""
    parts = parts_of("equal", 530, calendar="retail", into="weekly")
    assert parts == [(f"RY2017-W{week:02}", 10) for week in range(1, 54)]


def test_a_quarter_is_divided_into_its_months():
    """The first of three takes the cent that is left over."""
    assert divided("equal", 100, cadence="quarterly") == [33.34, 33.33, 33.33] * 4


def test_the_parts_of_a_small_whole_are_finer_than_cents():
    """A whole has ten thousand steps at least: 1 is divided in ten-thousandths."""
    assert divided("equal", 1, cadence="quarterly") == [0.3334, 0.3333, 0.3333] * 4


def test_the_parts_of_a_target_below_zero_add_up_too():
    assert divided("equal", -100, cadence="quarterly") == [-33.34, -33.33, -33.33] * 4
