"""Trap 14 through the real pipeline: what was believed before a source revised a month is kept."""

import datetime as dt
import shutil

import pytest

from orchestration.run_context import RunContext
from tests.shop import DAYS, JANUARY, make_shop, orders_csv, published
from tests.unit.orchestration.cli.in_process import run

pytestmark = pytest.mark.integration

SHOWN = "select kpi, cadence, period, slice, slice_value, value, data_status from {} order by all"


@pytest.fixture(scope="module")
def story(tmp_path_factory):
    """The shop runs on 2, 6, 7 and 8 March; January is delivered anew on the 6th.

    On the 7th everything is computed anew, before the 8th the warehouse is lost.
    """
    root = make_shop(tmp_path_factory.mktemp("story") / "shop")
    said = {}
    with pytest.MonkeyPatch.context() as patch:

        def at(day, *arguments):
            moment = dt.datetime(2024, 3, day, 6, tzinfo=dt.UTC)
            patch.setattr("orchestration.session._now", lambda: moment)
            patch.setattr(
                "orchestration.pipeline.RunContext",
                lambda **fields: RunContext(**{**fields, "started_at": moment}),
            )
            said[day] = main_output(root, *arguments)

        at(2)
        first = published(root, SHOWN.format("kpi_values"))
        january = [day for day in DAYS if day.month == 1]
        (root / JANUARY).write_text(orders_csv(january, web="21.00"), encoding="utf-8")
        at(6)
        at(7, "--full-refresh")
        shutil.rmtree(root / "var")
        at(8)
    return root, said, first


def main_output(root, *arguments):
    import contextlib
    import io

    from orchestration.cli.main import main

    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        code = main(["run", *arguments, "--project", str(root)])
    assert code == 0, out.getvalue()
    return out.getvalue()


def test_what_was_published_before_is_what_is_known_of_those_days(story):
    root, _, first = story
    for day in ("2024-03-02", "2024-03-05"):
        assert published(root, SHOWN.format(f"kpi_values_known_on('{day}')")) == first
    for day in ("2024-03-06", "2024-03-08", "2024-12-31"):
        now = published(root, SHOWN.format("kpi_values"))
        assert published(root, SHOWN.format(f"kpi_values_known_on('{day}')")) == now != first


def test_each_restated_value_is_kept_once_with_the_file_that_brought_it(story):
    root, _, _ = story
    rows = published(
        root,
        "select kpi, period, old_value, new_value, why from kpi_restatements "
        "where cadence = 'monthly' and slice = 'total' and change = 'restated' order by kpi",
    )
    orders = f"orders: {JANUARY}"
    assert rows == [
        ("average_order_value", "2024-01", 930 / 62, 961 / 62, orders),
        ("revenue", "2024-01", 930.0, 961.0, orders),
        (
            "revenue_growth",
            "2024-02",
            pytest.approx(870 / 930 - 1, rel=1e-12),
            pytest.approx(870 / 961 - 1, rel=1e-12),
            orders,
        ),
    ]
    # 31 days, 5 weeks and a month of revenue, its total and the web's; the shop's did not change.
    counted = published(
        root, "select kpi, count(*), max(revision) from kpi_restatements group by 1 order by 1"
    )
    assert counted == [("average_order_value", 1, 1), ("revenue", 74, 1), ("revenue_growth", 2, 1)]
    assert published(root, "select sum(revision) from kpi_values") == [(77,)]


def test_owners_see_one_line_below_the_card_of_that_run_only(story):
    _, said, _ = story
    line = (
        "Restated by this run, final values: Average order value (1), Revenue (37), Revenue growth "
        "(1); 'kpi explain KPI --period P' says what each was."
    )
    assert [day for day, text in said.items() if line in " ".join(text.split())] == [6]


def test_kpi_explain_says_what_was_known_and_what_became_of_it(story, capsys):
    root, _, _ = story
    code, out, _ = run(
        capsys, root, "explain", "revenue", "--period", "2024-01", "--known-on", "2024-03-05"
    )
    assert code == 0
    lines = [line.strip() for line in out.splitlines()]
    assert "2024-01 (monthly), total, as known on 2024-03-05" in lines
    assert "value     930.00 EUR" in lines
    assert "now       961.00 EUR, final" in lines
    history = f"history   2024-03-06 restated: 930.00 EUR -> 961.00 EUR (orders: {JANUARY})"
    assert history in lines
    _, out, _ = run(capsys, root, "explain", "revenue", "--period", "2024-01")
    assert history in [line.strip() for line in out.splitlines()]


def test_a_day_before_history_and_a_period_of_later_are_told_apart(story, capsys):
    root, _, _ = story
    asked = ("explain", "revenue", "--known-on")
    code, _, said = run(capsys, root, *asked, "2024-03-01", "--period", "2024-01")
    assert (code, said) == (
        1,
        "kpi: nothing is known of 2024-03-01: the history of values goes back no further; it "
        "begins on 2024-03-02.\n",
    )
    code, _, said = run(capsys, root, *asked, "2024-03-05", "--period", "2024-04")
    assert (code, said) == (
        1,
        "kpi: on 2024-03-05 no period '2024-04' of 'revenue' was published. Published: daily "
        "2024-01-01 to 2024-03-01; monthly 2024-01 to 2024-03; weekly 2024-W01 to 2024-W09.\n",
    )
