"""The evidence itself: no NULLs, days in the right zone, slices that are kept, one transaction."""

import datetime as dt
from typing import Any

import duckdb
import pytest
from small_warehouse import AS_OF, Warehouse, dataset, days, kpi, project, source

from expectations import judging
from expectations.business_dates import raw_business_date
from expectations.dues import closed_after, due_after
from expectations.spec_kpis import spread_failures
from expectations.suites import derive_suites
from kpi_specs.language.kpi import Kpi
from kpi_specs.language.project import Project
from kpi_specs.language.source import Source

CHANNELS = {"total": "total", "web": "channel", "shop": "channel"}


def _every_kind() -> Project:
    """A sum, a ratio over two datasets, a growth, one without source, one not computed."""
    ratio = {
        "ratio": {
            "numerator": {"sum": "amount", "dataset": "sales"},
            "denominator": {"sum": "amount", "dataset": "ads"},
        }
    }
    return project(
        sources=[source(), source("ads"), source("crm", path=None)],
        datasets=[
            dataset(),
            dataset("ads", sources=["ads"]),
            dataset("leads", sources=["crm"]),
        ],
        kpis=[
            kpi("revenue", cadence=["daily", "weekly", "monthly", "yearly"]),
            kpi("roas", ratio),
            kpi("growth", {"growth": {"of": "revenue", "versus": "previous_period"}}),
            kpi("leads", {"dataset": "leads", "simple": {"count": "rows"}}),
            kpi("failed"),
        ],
    )


def _judged() -> Warehouse:
    shop = Warehouse(_every_kind())
    for name in ("till", "ads"):
        shop.load(name)
        shop.fill_source(name)
    shop.fill_source("crm", on=[])
    for name in ("sales", "ads"):
        shop.fill_dataset(name)
    for name in ("revenue", "roas", "growth"):
        shop.fill_kpi(name)
    shop.judge(failed="boom")
    return shop


def test_no_column_of_the_evidence_is_ever_null() -> None:
    shop = _judged()
    columns = [row[0] for row in shop.con.execute("describe audit.evidence").fetchall()]
    nulls = ", ".join(f"count(*) - count({column}) as {column}" for column in columns)
    counts = shop.con.execute(f"select {nulls} from audit.evidence").fetchone()
    assert dict(zip(columns, counts or (), strict=True)) == dict.fromkeys(columns, 0)


def test_tables_that_an_earlier_version_wrote_are_replaced_by_the_views() -> None:
    shop = Warehouse(project()).fill()
    shop.con.execute("create table audit.evidence as select 1 as row_id")
    shop.con.execute("create table audit.checks as select 1 as row_id")
    for _ in range(2):
        shop.judge()
        for view in ("evidence", "checks"):
            found = shop.con.execute(
                f"select count(distinct period) from audit.{view} where kpi = 'revenue'"
            ).fetchone()
            assert found == (11,)


def test_every_row_of_the_evidence_has_one_verdict() -> None:
    shop = _judged()
    keys = "kpi, cadence, period, slice, slice_value"
    unmatched = shop.con.execute(
        f"(select {keys} from audit.evidence except all select {keys} from audit.verdicts) "
        "union all "
        f"(select {keys} from audit.verdicts except all select {keys} from audit.evidence)"
    ).fetchall()
    assert unmatched == []
    counted = shop.con.execute(
        "select kpi, count(*) from audit.verdicts group by kpi order by kpi"
    ).fetchall()
    # revenue: 11 days, weeks 9 and 10, one month, one year
    assert counted == [("failed", 11), ("growth", 11), ("leads", 11), ("revenue", 15), ("roas", 11)]


def test_a_verdict_without_a_value_names_its_reason_and_one_with_a_value_does_not() -> None:
    wrong = (
        _judged()
        .con.execute(
            "select * from audit.verdicts where "
            "(data_status in ('final', 'provisional')) <> (reason_codes = '' and reason = '')"
        )
        .fetchall()
    )
    assert wrong == []


def test_total_slices_keep_all_checks_and_the_others_those_that_fail() -> None:
    shop = Warehouse(project(kpis=[kpi(grain=[[], ["channel"]])])).fill()
    shop.fill_kpi(rows={"2017-03-05/web": {"value": 0.0, "row_count": 0}}, slices=CHANNELS)
    shop.judge()
    found = shop.con.execute(
        "select slice_value, check_name, reason_code, evidence, expected, observed, verdict "
        "from audit.checks where period = '2017-03-05' and slice = 'channel'"
    ).fetchall()
    assert found == [
        ("web", "something_is_measured", "NO_ROWS", "nothing_measured", "yes",
         "0 rows, value 0.0", "fail"),
    ]  # fmt: skip
    names = shop.con.execute(
        "select check_name from audit.checks "
        "where period = '2017-03-05' and slice = 'total' and verdict = 'pass'"
    ).fetchall()
    suite = derive_suites(shop.project)["revenue"]
    assert sorted(name for (name,) in names) == sorted(check.name for check in suite.checks)


def test_a_kpi_that_cannot_be_computed_today_keeps_its_slices() -> None:
    shop = Warehouse(project(kpis=[kpi(grain=[[], ["channel"]])])).fill()
    shop.fill_kpi(slices=CHANNELS)
    shop.judge()
    shop.con.execute("delete from audit.loads")
    shop.judge()
    for value in CHANNELS:
        assert shop.verdicts(slice_value=value)["2017-03-05"].short == (
            "unmeasurable",
            "SOURCE_MISSING",
        )


def test_slices_that_the_spec_no_longer_has_are_forgotten() -> None:
    shop = Warehouse(project(kpis=[kpi(grain=[[], ["channel"]])])).fill()
    shop.fill_kpi(slices=CHANNELS)
    shop.judge()
    shop.con.execute("delete from audit.loads")
    shop.project = project()
    shop.judge()
    assert shop.verdicts(slice_value="web") == {}
    assert len(shop.verdicts()) == 11


def test_a_table_left_from_an_earlier_run_is_not_judged_when_its_computation_failed() -> None:
    shop = Warehouse(project()).fill()
    shop.fill_kpi(first=dt.date(2017, 3, 9))
    shop.judge(revenue="boom")
    verdicts = shop.verdicts()
    assert len(verdicts) == 11
    assert {row.short for row in verdicts.values()} == {("error", "COMPUTE_ERROR")}


def test_periods_start_with_the_first_computed_one() -> None:
    shop = Warehouse(project()).fill()
    shop.fill_kpi(first=dt.date(2017, 3, 9))
    shop.judge()
    assert sorted(shop.verdicts()) == ["2017-03-09", "2017-03-10", "2017-03-11"]


def test_a_ratio_needs_the_days_of_both_its_sources() -> None:
    shop = Warehouse(_every_kind()).fill()
    shop.fill_source("ads", on=[d for d in days() if d.day != 5])
    shop.judge(failed="boom")
    row = shop.verdicts("roas")["2017-03-05"]
    assert (row.short, row["party"], row["root"]) == (
        ("unmeasurable", "PERIOD_INCOMPLETE"),
        "ads_owner",
        "source:ads",
    )
    assert shop.verdicts("revenue")["2017-03-05"].short == ("final", "")


@pytest.mark.parametrize(
    ("zones", "moment", "day"),
    [
        # 02:30 UTC is the evening before in New York
        (("UTC", "America/New_York"), "2017-03-02 02:30", "2017-03-01"),
        # the night of the change to summer time: 04:30 UTC on 13 March is half past midnight
        (("UTC", "America/New_York"), "2017-03-13 04:30", "2017-03-13"),
        (("UTC", "America/New_York"), "2017-03-12 04:30", "2017-03-11"),
        (("America/New_York", "UTC"), "2017-03-01 22:00", "2017-03-02"),
        (("UTC", "UTC"), "2017-03-01 23:59", "2017-03-01"),
        ((None, "Asia/Tehran"), "2017-03-01 23:59", "2017-03-01"),
    ],
)
def test_a_timestamp_belongs_to_the_day_in_the_projects_zone(
    zones: tuple[str | None, str], moment: str, day: str
) -> None:
    till = source(columns={"at": {"type": "timestamp"}}, event_time="at", time_zone=zones[0])
    sql = raw_business_date(till, zones[1])
    found = duckdb.sql(f"select {sql} from (select timestamp '{moment}' as at)").fetchone()
    assert found == (dt.date.fromisoformat(day),)


def test_source_days_count_rows_up_to_the_clock() -> None:
    shop = Warehouse(project()).fill()
    shop.fill_source(on=[*days("2017-03-10", "2017-03-12"), AS_OF, AS_OF])
    shop.judge()
    found = shop.con.execute("select * from audit.source_days order by all").fetchall()
    assert found == [("till", dt.date(2017, 3, 10), 1), ("till", dt.date(2017, 3, 11), 3)]


def test_the_audit_tables_stay_as_they_were_when_writing_fails(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shop = Warehouse(project()).fill()
    shop.judge()
    real = judging.publish_audit

    def without_checks(con: duckdb.DuckDBPyConnection, **more: str) -> None:
        con.execute("drop table checked")
        real(con, **more)

    monkeypatch.setattr(judging, "publish_audit", without_checks)
    shop.con.execute("delete from audit.loads")
    with pytest.raises(duckdb.CatalogException):
        shop.judge()
    assert shop.verdicts()["2017-03-05"].short == ("final", "")


def test_a_failure_spreads_to_all_that_is_computed_from_it_and_to_nothing_else() -> None:
    growth = {"growth": {"of": "revenue", "versus": "previous_period"}}
    specs = project(kpis=[kpi("growth", growth), kpi("revenue"), kpi("orders")])
    assert spread_failures(specs, {"revenue": "boom"}) == {
        "revenue": ("revenue", "boom"),
        "growth": ("revenue", "boom"),
    }
    assert spread_failures(specs, {"growth": "own"}) == {"growth": ("growth", "own")}


def test_the_summary_counts_kpis_by_their_newest_due_periods() -> None:
    shop = _judged()
    summary = shop.judge(failed="boom")
    # leads has no source, failed was not computed; the newest due day of all is the 10th.
    assert (summary.kpis_measurable, summary.kpis_total) == (3, 5)
    assert [(u.kpi, u.cadence, u.period, u.reason_codes) for u in summary.unmeasurable] == [
        ("failed", "daily", "2017-03-10", "COMPUTE_ERROR"),
        ("leads", "daily", "2017-03-10", "SOURCE_MISSING"),
    ]
    assert sum(summary.counts.values()) == 59
    assert summary.counts["error"] == 11


@pytest.mark.parametrize(
    ("cadence", "refunds", "expected"),
    [
        # Sales from the 1st on; nothing is known of refunds before their first.
        ("daily", {}, {"2017-03-04": "WARM_UP", "2017-03-05": ""}),
        # Refunds are sparse: the week in which they begin is theirs.
        ("weekly", {}, {"2017-W10": ""}),
        # Where their days are counted, the days before the first are not zeros.
        ("daily", {"expects": {"rows_per_day": 1}}, {"2017-03-07": "WARM_UP", "2017-03-08": ""}),
        ("weekly", {"expects": {"rows_per_day": 1}}, {"2017-W10": "WARM_UP"}),
    ],
)
def test_a_ratio_has_no_history_before_the_younger_of_its_datasets(
    cadence: str, refunds: dict[str, Any], expected: dict[str, str]
) -> None:
    ratio = {
        "ratio": {
            "numerator": {"sum": "amount", "dataset": "refunds"},
            "denominator": {"sum": "amount", "dataset": "sales"},
        }
    }
    first = "2017-03-08" if refunds else "2017-03-05" if cadence == "daily" else "2017-03-08"
    shop = Warehouse(
        project(
            sources=[source(), source("desk", **({"expects": None} | refunds))],
            datasets=[dataset(), dataset("refunds", sources=["desk"])],
            kpis=[kpi("refund_rate", ratio, cadence=[cadence])],
        ),
        dt.date(2017, 3, 14),
    )
    for name, on in (("till", days(last="2017-03-13")), ("desk", days(first, "2017-03-13"))):
        shop.load(name)
        shop.fill_source(name, on=on)
    shop.fill_dataset("sales", on=days(last="2017-03-13"))
    shop.fill_dataset("refunds", on=days(first, "2017-03-13"))
    shop.fill_kpi("refund_rate")
    shop.judge()
    found = shop.verdicts("refund_rate")
    assert {period: found[period]["reason_codes"] for period in expected} == expected


@pytest.mark.parametrize(
    ("expects", "expected"),
    [
        # A hole of nine days is a week without a row: its days are absent, those around it are not.
        ({"rows_per_week": 1}, {"2017-03-08": "", "2017-03-14": "PERIOD_INCOMPLETE"}),
        # The month has rows, so a monthly promise is kept.
        ({"rows_per_month": 1}, {"2017-03-08": "", "2017-03-14": ""}),
        # Every day has to have one.
        ({"rows_per_day": 1}, {"2017-03-08": "", "2017-03-14": "PERIOD_INCOMPLETE"}),
    ],
)
def test_a_sparse_source_is_counted_by_week_or_month(
    expects: dict[str, int], expected: dict[str, str]
) -> None:
    shop = Warehouse(
        project(
            sources=[source(expects=expects)], kpis=[kpi(availability={"zero_is_valid": True})]
        ),
        dt.date(2017, 3, 27),
    )
    # Mondays are the 6th, 13th and 20th: the week of the 13th is empty.
    on = [*days(last="2017-03-11"), *days("2017-03-21", "2017-03-26")]
    shop.load("till")
    shop.fill_source("till", on=on)
    shop.fill_dataset("sales", on=on)
    shop.fill_kpi("revenue")
    shop.judge()
    found = shop.verdicts("revenue")
    assert {period: found[period]["reason_codes"] for period in expected} == expected


@pytest.mark.parametrize(
    ("restates", "day", "expected"),
    [
        ("7 days", 5, "provisional"),  # the later file has the day again, whole
        ("7 days", 3, "unmeasurable"),  # it does not reach back that far
        (None, 5, "unmeasurable"),  # a second file of the same day may be of another till
    ],
)
def test_a_later_file_of_a_source_that_restates_mends_the_days_it_holds(
    restates: str | None, day: int, expected: str
) -> None:
    shop = Warehouse(project(sources=[source(restates=restates)])).fill()
    shop.reject(lines=1, day=dt.date(2017, 3, day))
    shop.load(file="b.csv", hours_later=1)
    shop.con.execute(
        "insert into raw.till by name select day, 'till-1-b.csv' as _load_id, 'b.csv' as _file, "
        "_loaded_at + interval 1 hour as _loaded_at from raw.till where day >= '2017-03-04'"
    )
    shop.judge()
    assert shop.verdicts()[f"2017-03-{day:02}"]["data_status"] == expected


@pytest.mark.parametrize(
    ("again", "expected"),
    [
        (("web", "shop"), "provisional"),  # the later file has all rows of the day
        (("web",), "unmeasurable"),  # one of them: the line may be of yet another
    ],
    ids=["restates the day", "corrects a row"],
)
def test_a_file_that_corrects_some_rows_of_a_day_does_not_mend_its_lines(
    again: tuple[str, ...], expected: str
) -> None:
    shop = Warehouse(project(sources=[source(restates="7 days", key=["day", "channel"])])).fill()
    shop.fill_source(columns="day date, amount bigint, channel varchar", on=[])
    shop.load(file="b.csv")
    for file, channels in (("a.csv", ("web", "shop")), ("b.csv", again)):
        shop.con.execute(
            "insert into raw.till by name select day, unnest($channels) as channel, "
            "$load as _load_id, $file as _file from marts.fct_sales",
            {"channels": list(channels), "file": file, "load": f"till-0-{file}"},
        )
    shop.reject(lines=1, day=dt.date(2017, 3, 5))
    shop.judge()
    assert shop.verdicts()["2017-03-05"]["data_status"] == expected


def test_what_a_later_file_restates_is_not_counted_twice() -> None:
    twice = source(restates="7 days", key=["day", "n"], expects={"rows_per_day": 2})
    shop = Warehouse(project(sources=[twice])).fill()
    shop.fill_source(columns="day date, amount bigint, n integer", on=[])
    shop.con.execute(
        "insert into raw.till by name select day, n, file as _file from marts.fct_sales, "
        "unnest([1, 2]) as of_day(n), unnest(['a.csv', 'b.csv']) as files(file) "
        "where day <> '2017-03-05' or n = 1"
    )
    shop.judge()
    verdicts = shop.verdicts()
    assert verdicts["2017-03-04"].short == ("final", "")
    assert verdicts["2017-03-05"].short == ("unmeasurable", "PERIOD_INCOMPLETE")


def test_rejects_of_before_they_kept_their_event_time_take_the_days_of_their_file() -> None:
    shop = Warehouse(project()).fill()
    shop.reject(lines=1)
    shop.con.execute("alter table audit.rejects drop column event_time")
    shop.judge()
    assert shop.verdicts()["2017-03-05"].short == ("unmeasurable", "PERIOD_INCOMPLETE")


@pytest.mark.parametrize(
    ("kpis", "sources", "due", "closed"),
    [
        ([kpi()], [source()], 1, 1),
        ([kpi(availability={"due": "0 days"})], [source(arrives=None)], 0, 1),
        ([kpi(availability={"due": "2 days", "mature": "9 days"})], [source()], 2, 9),
        ([kpi()], [source(arrives={"every": "day", "within": "14 days"})], 14, 14),
        # What its source may still revise is not final, whatever the KPI says.
        ([kpi(availability={"mature": "3 days"})], [source(restates="7 days")], 1, 7),
        ([kpi(availability={"mature": "9 days"})], [source(restates="7 days")], 1, 9),
        # Without a day of its own a source holds nothing back.
        (
            [kpi()],
            [source(arrives={"every": "month", "within": "40 days"}, event_time=None)],
            1,
            1,
        ),
        (
            [
                kpi("revenue", {"growth": {"of": "sold", "versus": "previous_period"}}),
                kpi("sold", availability={"due": "4 days", "mature": "21 days"}),
            ],
            [source(arrives={"every": "day", "within": "3 days"})],
            4,
            21,
        ),
    ],
)
def test_a_period_is_due_when_its_sources_have_promised_it_and_final_when_its_input_is(
    kpis: list[Kpi], sources: list[Source], due: int, closed: int
) -> None:
    specs = project(kpis=kpis, sources=sources)
    revenue = specs.kpis["revenue"]
    assert (due_after(specs, revenue), closed_after(specs, revenue)) == (due, closed)


def test_rows_without_a_date_may_belong_to_any_period() -> None:
    specs = project(
        datasets=[dataset(), dataset("refunds")],
        kpis=[kpi(), kpi("refunds", {"dataset": "refunds", "simple": {"sum": "amount"}})],
    )
    shop = Warehouse(specs).fill()
    shop.con.execute("insert into marts.fct_sales values (null), (null)")
    shop.judge()
    found = shop.verdicts()
    for period in ("2017-03-01", "2017-03-10"):
        assert found[period].short == ("unmeasurable", "PERIOD_INCOMPLETE")
        assert (found[period]["root"], found[period]["party"]) == ("dataset:sales", "till_owner")
        assert found[period]["reason"] == (
            "Rows of the dataset sales have no date (2 of them), so this period may lack them; its "
            "model has to date them or to leave them out."
        )
    assert found["2017-03-11"].short == ("pending", "NOT_DUE")
    assert shop.verdicts("refunds")["2017-03-10"].short == ("final", "")


def test_a_numerator_of_0_is_none_where_its_own_source_has_ended_without_a_promise() -> None:
    ratio = {
        "ratio": {
            "numerator": {"dataset": "refunds", "sum": "amount"},
            "denominator": {"dataset": "sales", "sum": "amount"},
        }
    }
    specs = project(
        sources=[source(), source("desk", arrives=None, expects=None)],
        datasets=[dataset(), dataset("refunds", sources=["desk"])],
        kpis=[kpi("refund_rate", ratio), kpi("upside_down", _turned(ratio))],
    )
    shop = Warehouse(specs).fill()
    shop.fill_source("desk", on=days(last="2017-03-05"))
    nothing = {"value": 0.0, "numerator": 0.0}
    cells = {f"2017-03-{day:02}": nothing for day in (4, 5, 6, 9)}
    shop.fill_kpi("refund_rate", cells)
    shop.fill_kpi("upside_down", cells)
    shop.judge()
    found = shop.verdicts("refund_rate")
    # Within the desk's days a 0 is one; what was measured after them may still grow.
    for day in (4, 5):
        assert found[f"2017-03-{day:02}"].short == ("final", "")
    for day in (7, 8):
        assert found[f"2017-03-{day:02}"].short == ("provisional", "")
    for day in (6, 9):
        assert found[f"2017-03-{day:02}"].short == ("unmeasurable", "NO_ROWS")
    assert found["2017-03-09"]["root"] == "source:desk"
    assert found["2017-03-09"]["party"] == "desk_owner"
    assert found["2017-03-09"]["reason"] == (
        "The numerator is 0 in this period for total, and nothing says that desk, whose newest day "
        "is 2017-03-05, holds all of it."
    )
    # Here the numerator is the till's, and the till keeps its promise; the rest may still grow.
    assert shop.verdicts("upside_down")["2017-03-09"].short == ("provisional", "")


@pytest.mark.parametrize("zero_is_valid", [False, True])
def test_a_0_of_which_a_part_has_no_rows_is_one_where_the_spec_says_so(zero_is_valid: bool) -> None:
    """A channel under another name: its orders are there, and nothing of what it cost."""
    ratio = {
        "ratio": {
            "numerator": {"dataset": "ads", "sum": "cost"},
            "denominator": {"dataset": "sales", "sum": "amount"},
        }
    }
    keys = ["day", "channel"]
    more = {"grain": [[], ["channel"]], "availability": {"zero_is_valid": zero_is_valid}}
    specs = project(
        sources=[source(), source("desk")],
        datasets=[dataset(key=keys), dataset("ads", sources=["desk"], key=keys)],
        kpis=[kpi("cost_share", ratio, **more)],
    )
    shop = Warehouse(specs)
    for name in specs.sources:
        shop.load(name)
        shop.fill_source(name)
    days_of_march = "unnest(range(date '2017-03-01', date '2017-03-11', interval 1 day))::date"
    every = f"from (select {days_of_march} as day) cross join (values ('web'), ('shop'))"
    named = "if(day = date '2017-03-05' and channel = 'web', 'tv', channel)"
    free = "if(day = date '2017-03-07' and channel = 'web', 0, 5)"
    shop.compute(
        fct_sales=f"select day, channel, 10 as amount {every} as c(channel)",
        fct_ads=f"select day, {named} as channel, {free} as cost {every} as c(channel)",
    )
    shop.judge()
    web = shop.verdicts("cost_share", "web")
    # Rows that cost nothing are rows.
    assert web["2017-03-07"].short == ("final", "")
    assert web["2017-03-04"].short == ("final", "")
    if zero_is_valid:
        assert web["2017-03-05"].short == ("final", "")
        return
    row = web["2017-03-05"]
    assert row.short == ("unmeasurable", "NO_ROWS")
    assert (row["party"], row["root"]) == ("desk_owner", "kpi:cost_share")
    assert row["reason"] == (
        "The value is 0 in this period for web since one of its datasets has no rows there, and "
        "the spec does not say that this is a zero."
    )
    assert shop.verdicts("cost_share")["2017-03-05"].short == ("final", "")


def _turned(metric: dict[str, Any]) -> dict[str, Any]:
    above, below = metric["ratio"]["numerator"], metric["ratio"]["denominator"]
    return {"ratio": {"numerator": below, "denominator": above}}


@pytest.mark.parametrize(("seen_until", "final_until"), [(5, 3), (6, 4), (10, 8)])
def test_what_waits_for_later_events_is_final_once_those_are_known(
    seen_until: int, final_until: int
) -> None:
    """Within three days: the day itself and the two after it. The clock stands on the 11th."""
    conversion = {
        "dataset": "sales",
        "conversion": {
            "entity": "customer",
            "base": {},
            "converted": {"dataset": "refunds"},
            "within": "3 days",
        },
    }
    specs = project(
        sources=[source(), source("desk", arrives=None, expects=None)],
        datasets=[dataset(), dataset("refunds", sources=["desk"])],
        kpis=[kpi("refunded", conversion)],
    )
    shop = Warehouse(specs).fill()
    seen = days(last=f"2017-03-{seen_until:02}")
    shop.fill_source("desk", on=seen)
    shop.fill_dataset("refunds", on=seen)
    shop.judge()
    found = {period: row["data_status"] for period, row in shop.verdicts("refunded").items()}
    assert found["2017-03-11"] == "pending"
    measured = [f"2017-03-{day:02}" for day in range(1, 11)]
    assert {day: found[day] for day in measured} == {
        day: "final" if day <= f"2017-03-{final_until:02}" else "provisional" for day in measured
    }


def test_a_sum_to_date_ends_with_the_source_that_promises_nothing() -> None:
    specs = project(
        sources=[source(arrives=None, expects=None)],
        kpis=[kpi(), kpi("to_date", {"cumulative": {"of": "revenue", "to_date": "month"}})],
    )
    shop = Warehouse(specs).fill()
    shop.fill_source(on=days(last="2017-03-05"))
    shop.fill_dataset(on=days(last="2017-03-05"))
    shop.judge()
    found = shop.verdicts("to_date")
    assert found["2017-03-05"].short == ("final", "")
    for period in ("2017-03-06", "2017-03-10"):
        assert found[period].short == ("unmeasurable", "NO_ROWS")
        assert found[period]["root"] == "source:till"


@pytest.mark.parametrize("days_taken", [{"window": "3 days"}, {"to_date": "month"}])
def test_yesterday_s_sum_is_not_shown_as_today_s(days_taken: dict[str, str]) -> None:
    """The clock stands on the 11th, of which nothing is promised yet."""
    running = {"cumulative": {"of": "revenue", **days_taken}}
    specs = project(kpis=[kpi(), kpi("running", running, cadence=["daily", "weekly"])])
    shop = Warehouse(specs).fill()
    shop.judge()
    found = shop.verdicts("running")
    assert found["2017-03-10"].short == ("final", "")
    assert found["2017-03-11"].short == ("pending", "NOT_DUE")
    assert found["2017-03-11"]["reason"] == (
        "The period is due on 2017-03-12; no day of it is expected yet."
    )
    # The week that began on the 6th has days of its own.
    assert found["2017-W10"].short == ("provisional", "")
