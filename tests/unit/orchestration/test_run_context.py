import datetime as dt
from dataclasses import replace

import pytest

from kpi_specs.language import Problem
from orchestration.run_context import OrderError, check_days, check_selection, resolve_as_of

LATE_EVENING = dt.datetime(2024, 3, 1, 23, 30, tzinfo=dt.UTC)  # already 2 March in Berlin


@pytest.mark.parametrize(
    ("asked", "default", "expected"),
    [
        (dt.date(2024, 2, 1), dt.date(2024, 3, 1), dt.date(2024, 2, 1)),
        (None, dt.date(2024, 3, 1), dt.date(2024, 3, 1)),
        (None, None, dt.date(2024, 3, 2)),
    ],
)
def test_the_clock_is_what_was_asked_then_the_projects_then_today_there(
    shop, asked, default, expected
):
    settings = shop.project.settings.model_copy(update={"as_of": default})
    assert resolve_as_of(settings, asked, LATE_EVENING) == expected


def test_an_unknown_kpi_is_refused_with_the_nearest_name(shop):
    with pytest.raises(OrderError) as caught:
        check_selection(shop.project, ["revenu"])
    assert str(caught.value) == ("--select: no KPI is called 'revenu'. Did you mean 'revenue'?")
    with pytest.raises(OrderError, match=r"no KPI is called 'xyz'. `kpi status` lists them\."):
        check_selection(shop.project, ["xyz"])


def test_a_kpi_of_which_no_valid_spec_is_known_is_refused_with_what_is_wrong(shop):
    wrong = Problem("kpi_specs/kpis/sales/profit.yml", 1, "missing-field", "no title.")
    with pytest.raises(OrderError) as caught:
        check_selection(replace(shop.project, invalid={"profit": (wrong,)}), ["profit"])
    assert str(caught.value) == f"--select: the spec of 'profit' is invalid: {wrong}"


def test_a_kpi_selected_twice_counts_once(shop):
    assert check_selection(shop.project, ["revenue", "revenue"]) == ("revenue",)


@pytest.mark.parametrize(
    ("as_of", "from_", "to", "message"),
    [
        ("2023-12-31", None, None, "--as-of 2023-12-31 lies before the project's first day"),
        ("2024-03-01", "2024-02-02", "2024-02-01", "--from 2024-02-02 lies after --to 2024-02-01"),
        ("2024-03-01", "2024-03-02", None, "--from 2024-03-02 lies after the clock"),
    ],
)
def test_days_outside_the_calendar_are_refused(shop, as_of, from_, to, message):
    days = [dt.date.fromisoformat(day) if day else None for day in (as_of, from_, to)]
    with pytest.raises(OrderError, match=message):
        check_days(shop.project.settings, *days)
