import datetime as dt
import io
import json

import duckdb
import pytest
from rich.console import Console

from orchestration.report import ReportError, render, scorecard
from orchestration.report.wording import change_text, difference_text, target_text, value_text


def text_of(card, **options):
    out = io.StringIO()
    render(card, Console(file=out, _environ={}, **options))
    return out.getvalue()


@pytest.mark.parametrize(
    ("value", "unit", "decimals", "text"),
    [
        (None, "number", 2, "—"),
        (0.0, "number", 2, "0.00"),
        (-0.001, "number", 2, "0.00"),
        (1234567.891, "number", 0, "1,234,568"),
        (1234.5, "currency", 2, "1,234.50 USD"),
        (0.0221, "percent", 2, "2.21 %"),
        (0.00018, "percent", 3, "0.018 %"),
        (-0.25, "percent", 1, "-25.0 %"),
        (21.46, "duration", 1, "21.5 days"),
        (3.414, "ratio", 2, "3.41"),
    ],
)
def test_a_value_is_shown_in_its_unit(value, unit, decimals, text):
    assert value_text(value, unit, decimals, "USD") == text


@pytest.mark.parametrize(
    ("value", "unit", "decimals", "scale", "text"),
    [
        (1234567.891, "currency", 2, 10**6, "1.23 million USD"),
        (1234567.891, "number", 0, 10**3, "1,235 thousand"),
        (-2.5e9, "currency", 1, 10**9, "-2.5 billion USD"),
        (499.0, "number", 0, 10**3, "0 thousand"),
        (None, "number", 0, 10**3, "—"),
    ],
)
def test_a_value_is_shown_in_its_scale(value, unit, decimals, scale, text):
    assert value_text(value, unit, decimals, "USD", scale) == text
    assert target_text(None, 1e6, 2.5e6, "currency", 1, "USD", 10**6) == "1.0 to 2.5 million USD"


def test_the_card_shows_thousands_and_its_json_the_value_itself(published):
    unit = {"unit": "currency", "currency": "USD", "decimals": 0, "scale": 1000}
    published.kpi("revenue", 1234567.891, target=1.5e6, catalogue=unit)
    card = scorecard(published.file)
    assert "1,235 thousand USD" in text_of(card, width=140)
    assert "1,500 thousand USD" in text_of(card, width=140)
    (row,) = card.as_dict()["rows"]
    assert (row["value"], row["target"], row["scale"]) == (1234567.891, 1.5e6, 1000)


def test_a_publication_of_before_scales_has_a_card_all_the_same(published):
    published.kpi("revenue", 1234.0)
    with duckdb.connect(str(published.file)) as con:
        con.execute("ALTER TABLE kpi_catalog DROP COLUMN scale")
    (row,) = scorecard(published.file).rows
    assert row.shown_value == "1,234.00"


def test_targets_and_changes_are_shown_in_the_unit_too():
    assert target_text(None, 0.01, 0.03, "percent", 1, None) == "1.0 to 3.0 %"
    assert target_text(None, None, None, "percent", 1, None) == ""
    assert change_text(110.0, 100.0, 0.1, "currency") == "+10.0 %"
    assert change_text(0.031, 0.02, 0.55, "percent") == "+1.10 pp"
    assert change_text(5.0, 0.0, None, "number") == ""
    assert change_text(None, 5.0, None, "number") == ""


@pytest.mark.parametrize(
    ("change", "unit", "decimals", "scale", "text"),
    [
        (0.0, "currency", 2, None, "0.00 USD"),
        (-0.125, "currency", 2, 1, "-0.12 USD"),
        (0.004, "currency", 2, None, "0.00 USD"),
        (12340.0, "currency", 2, 10**6, "+0.012 million USD"),
        (0.00012, "percent", 2, None, "+0.012 pp"),
        (3.0, "number", 0, None, "+3"),
    ],
)
def test_a_difference_of_money_has_no_smaller_coin_than_the_values(
    change, unit, decimals, scale, text
):
    assert difference_text(change, unit, decimals, "USD", scale) == text


def test_the_headline_counts_kpis_at_their_newest_due_period(published):
    published.kpi("orders", 5.0)
    published.kpi("revenue", 7.0, "provisional")
    published.kpi("roas", status="unmeasurable")
    published.kpi("ctr", status="error")
    published.kpi("repeat", status="pending")  # due, but not enough history
    published.kpi("win_rate", 0.1, "provisional", which="open")
    card = scorecard(published.file)
    assert card.headline == (
        "2 of 6 KPIs measurable (1 provisional), 1 error, 1 not due yet, 1 pending, 1 unmeasurable"
    )
    assert [row.kpi for row in card.rows if row.is_failing] == ["roas", "ctr"]


GOOD = {"last_good_value": 3.41, "last_good_period": "2017-04"}


@pytest.mark.parametrize(
    ("months", "row", "said"),
    [
        ([1.0, 2.0, 3.0, 3.41, None], GOOD, "The ads are late. Last good value: 3.41 (2017-04)."),
        (
            [1.0, None, 3.41, None, None],
            {**GOOD, "last_good_period": "2017-03"},
            "The ads are late. Without a value since 2017-04 (2 periods), the last one 3.41 "
            "(2017-03).",
        ),
        (
            [None, None, None, None, None],
            {},
            "The ads are late. No value since 2017-01 (5 periods).",
        ),
        (  # what was shown until this run, of a period that it took the value from
            [None, None, None, None, None],
            GOOD,
            "The ads are late. Without a value since 2017-01 (5 periods), the last that was shown "
            "before 3.41 (2017-04).",
        ),
        ([], {}, "The ads are late. No earlier value."),
    ],
)
def test_it_is_told_since_when_a_kpi_has_no_value(published, months, row, said):
    published.kpi("roas", status="unmeasurable", period_start=dt.date(2017, 5, 1), **row)
    published.months("roas", [*months, *([None] if months else [])])  # and of the open month
    assert said in " ".join(text_of(scorecard(published.file), width=140).split())


def test_it_is_told_since_when_another_cadence_has_no_value(published):
    published.kpi("orders", 5.0, cadence="daily", catalogue={"cadence": "daily,monthly"})
    published.latest("orders", None, "unmeasurable", period_start=dt.date(2017, 5, 1))
    published.months("orders", [1.0, 1.0, None, None, None])
    assert (
        "— Orders, monthly 2017-05 SOURCE_STALE: The ads are late. Without a value since 2017-03 "
        "(3 periods). Owner: Sales team."
    ) in text_of(scorecard(published.file), width=140)


def test_a_kpi_without_a_value_in_one_of_its_cadences_is_not_counted_as_measurable(published):
    three = {"cadence": "monthly,weekly,daily"}
    published.kpi("orders", 5.0, catalogue=three)
    published.latest("orders", 1.0, "final", cadence="daily", period="2017-06-14")
    published.latest("orders", None, "unmeasurable", cadence="weekly", period="2017-W23")
    published.latest(
        "orders", 1.0, "provisional", cadence="weekly", period="2017-W24", which="open"
    )
    published.kpi("visits", 5.0, catalogue=three)
    published.latest("visits", 1.0, "final", cadence="weekly", period="2017-W23")
    # Its days are still to come, and so is the open week of both: nothing due, nothing lacking.
    published.latest("visits", None, "pending", cadence="daily", period="2017-06-15", which="open")
    published.kpi("roas", status="error", catalogue=three)
    published.latest("roas", None, "error", cadence="weekly", period="2017-W23")
    published.latest("roas", None, "pending", cadence="daily", period="2017-06-14")
    card = scorecard(published.file)
    assert card.headline == "1 of 3 KPIs measurable, 1 error, 1 not in every cadence"
    assert [[(one.cadence, one.period) for one in row.lacking] for row in card.rows] == [
        [("weekly", "2017-W23")],
        [],
        [("weekly", "2017-W23"), ("daily", "2017-06-14")],
    ]
    assert "\n— Orders, weekly 2017-W23 SOURCE_STALE: The ads are late. Owner: Sales team.\n" in (
        text_of(card)
    )


def test_a_target_of_another_cadence_is_told_where_the_main_one_has_none(published):
    currency = {"unit": "currency", "currency": "USD", "decimals": 0}
    two = {"cadence": "monthly,yearly", **currency}
    published.kpi("revenue", 40.0, catalogue=two)
    published.latest(
        "revenue", 480.0, "final", cadence="yearly", period="2016",
        target=450.0, target_status="exceeded",
    )  # fmt: skip
    published.kpi("costs", 40.0, catalogue=two)  # last year had none, this year has
    published.latest("costs", 480.0, "final", cadence="yearly", period="2016")
    published.latest(
        "costs", 200.0, "provisional", cadence="yearly", period="2017", which="open",
        target_low=400.0, target_high=500.0, target_status="too_early",
    )  # fmt: skip
    published.kpi("margin", 40.0, catalogue=two, target=30.0, target_status="exceeded")
    published.latest(
        "margin", 480.0, "final", cadence="yearly", period="2016", target=1.0,
        target_status="exceeded",
    )  # fmt: skip
    published.kpi("visits", 40.0, catalogue=two)
    lines = [line.rstrip() for line in text_of(scorecard(published.file)).splitlines()]
    shown = {line.split()[0]: line for line in lines if line.startswith("  ")}
    assert {kpi: "yearly target" in line for kpi, line in shown.items()} == {
        "Revenue": True, "Costs": True, "Margin": False, "Visits": False,
    }  # fmt: skip
    assert "no target" in shown["Visits"]
    assert lines[-2:] == [
        "Revenue has its target yearly, 2016: 480 USD against 450 USD, ✓ exceeded.",
        "Costs has its target yearly, 2017: 200 USD against 400 to 500 USD, too early.",
    ]


def test_the_closed_period_of_the_main_cadence_is_shown(published):
    published.kpi("orders", 5.0)
    published.latest("orders", 1.0, "provisional", which="open", period="2017-06")
    published.latest("orders", 2.0, "final", cadence="daily", period="2017-06-14")
    card = scorecard(published.file)
    assert [(row.cadence, row.period, row.value) for row in card.rows] == [
        ("monthly", "2017-05", 5.0)
    ]


def test_old_definitions_are_not_shown(published):
    published.kpi("orders", 5.0)
    published.kpi("gone", 5.0, catalogue={"is_current": False})
    assert [row.kpi for row in scorecard(published.file).rows] == ["orders"]


def test_kpis_stand_under_their_objectives_in_the_projects_order(published):
    published.objective("grow", "Grow", position=0)
    published.objective("keep", "Keep customers", parent="grow", position=1)
    published.kpi("repeat", 1.0, catalogue={"objective": "keep"})
    published.kpi("orders", 1.0, catalogue={"objective": "grow"})
    card = scorecard(published.file)
    assert [(title, [row.kpi for row in rows]) for title, rows in card.groups] == [
        ("Grow", ["orders"]),
        ("Grow › Keep customers", ["repeat"]),
    ]


def test_titles_are_in_the_language_asked_for_or_the_first_there_is(published):
    published.kpi("orders", 1.0)
    assert scorecard(published.file, language="fa").rows[0].title == "شاخص"
    assert scorecard(published.file, language="de").rows[0].title == "Orders"


def test_an_unmeasurable_kpi_shows_a_dash_and_its_reason_never_a_zero_or_green(published):
    published.kpi(
        "return_on_ad_spend", status="unmeasurable", target=3.0,
        last_good_value=3.41, last_good_period="2017-04",
    )  # fmt: skip
    text = text_of(
        scorecard(published.file), force_terminal=True, width=100, color_system="standard"
    )
    assert "\x1b[32m" not in text  # green
    plain = text_of(scorecard(published.file))
    assert plain == (
        "\nShop  as of 2017-06-15  0 of 1 KPIs measurable, 1 unmeasurable\n"
        "KPI                   Period   Value  Target  Status        vs prev.  Owner\n"
        "grow\n"
        "  Return on ad spend  2017-05      —    3.00  unmeasurable            sales\n"
        "\n"
        "— Return on ad spend 2017-05 SOURCE_STALE: The ads are late. Last good value: 3.41 "
        "(2017-04). Owner:\n"
        "Sales team.\n"
    )


STATUSES = {
    "exceeded": "✓ exceeded",
    "on_target": "✓ on target",
    "warning": "! warning",
    "off_target": "✗ off target",
    "too_early": "too early",
    "no_target": "no target",
}


@pytest.mark.parametrize("status", STATUSES)
def test_a_status_is_a_word_before_it_is_a_colour(published, status):
    published.kpi("orders", 1.0, target_status=status)
    assert STATUSES[status] in text_of(scorecard(published.file), no_color=True)


def test_nothing_but_text_goes_into_a_pipe_and_lines_are_not_longer_than_100(published):
    for number in range(30):
        name = f"a_rather_long_name_of_a_kpi_that_goes_on_{number}"
        change = {"target": 9e6, "previous_value": 1.0, "previous_change": 1.5}
        published.kpi(name, 1234567.0 * number, "provisional", **change)
    text = text_of(scorecard(published.file))
    assert "\x1b" not in text
    assert max(map(len, text.splitlines())) <= 100
    assert "35,802,443.00 ~" in text
    assert "~ provisional: the period is open" in text


def test_a_narrow_terminal_gives_up_the_owner_not_the_value(published):
    published.kpi("orders", 1234567.0, target=9e6, previous_value=1.0, previous_change=1.5)
    text = text_of(scorecard(published.file), force_terminal=True, no_color=True, width=72)
    assert "Owner" not in text
    assert "1,234,567.00" in text


def test_words_of_a_spec_are_not_read_as_markup(published):
    published.kpi("orders", status="error", reason="dbt said [/red] and [bold]")
    assert "[/red] and [bold]" in text_of(scorecard(published.file))


def test_a_missing_resource_stands_beside_the_kpi(published):
    published.kpi("orders", 1.0, catalogue={"missing_resources": "a second warehouse"})
    assert "Orders: the target lacks a second warehouse." in text_of(scorecard(published.file))


def test_a_contradiction_stands_below_the_card(published):
    published.kpi("orders", 1.0)
    finding = "on target, while revenue, which it leads to, was off target"
    published.finding("contradiction", "orders", finding)
    published.finding("review", "orders", "the review of its definition was due on 2017-01-01")
    text = text_of(scorecard(published.file))
    assert f"Orders: {finding}." in text
    assert "the review" not in text


def test_a_publication_of_before_audits_has_a_card_all_the_same(published):
    published.kpi("orders", 1.0)
    with duckdb.connect(str(published.file)) as con:
        con.execute("DROP TABLE kpi_findings")
    assert scorecard(published.file).contradictions == {}


def test_the_card_can_be_written_as_json(published):
    published.kpi("orders", 1 / 3, target=0.5, target_status="off_target")
    data = json.loads(json.dumps(scorecard(published.file).as_dict()))
    assert data["headline"] == "1 of 1 KPIs measurable"
    assert (data["rows"][0]["value"], data["rows"][0]["target_status"]) == (1 / 3, "off_target")


def test_the_file_is_closed_after_reading(published):
    published.kpi("orders", 1.0)
    scorecard(published.file)
    published.kpi("more", 1.0)  # opens it for writing


def test_a_missing_or_damaged_file_is_said_plainly(tmp_path):
    file = tmp_path / "kpis.duckdb"
    with pytest.raises(ReportError, match=r"no publication at .*kpis\.duckdb; run 'kpi run' first"):
        scorecard(file)
    file.write_bytes(b"not a database")
    with pytest.raises(ReportError, match="if it is damaged, run 'kpi rollback'"):
        scorecard(file)
