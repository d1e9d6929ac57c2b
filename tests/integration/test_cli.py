"""The `kpi` command as a user meets it, on the shop."""

import json

import duckdb
import pytest

from tests.copies import kpi
from tests.shop import make_shop, to_be_changed

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    root = make_shop(tmp_path_factory.mktemp("cli") / "shop")
    orders = root / "landing/orders_2024-01.csv"
    text = orders.read_text().replace("20,2024-01-11,anna,web", "20,2024-01-11,anna,total")
    assert "anna,total" in text
    orders.write_text(text)
    done = kpi(root, "run")
    assert done.returncode == 0, done.stdout + done.stderr
    return root


@pytest.fixture
def shop(ran):
    with to_be_changed(ran) as root:
        yield root


def test_explain_tells_the_total_even_where_a_slice_is_called_total(ran):
    found = json.loads(kpi(ran, "explain", "revenue", "--period", "2024-01", "--json").stdout)
    assert (found["row"]["slice"], found["row"]["value"]) == ("total", 930.0)
    assert {check["slice"] for check in found["checks"]} == {"total"}


def test_explain_shows_the_main_cadence_s_newest_due_period(ran):
    found = json.loads(kpi(ran, "explain", "revenue", "--json").stdout)
    assert (found["row"]["cadence"], found["row"]["period"]) == ("daily", "2024-02-29")
    found = json.loads(kpi(ran, "explain", "average_order_value", "--json").stdout)
    assert found["row"]["period"] == "2024-02"


MISTAKES = [
    (
        ("explain", "revenu"),
        "kpi: no KPI is called 'revenu'. Did you mean 'revenue'?\n",
    ),
    (
        ("explain", "revenue", "--period", "2031-01"),
        "kpi: 'revenue' has no period '2031-01'. Periods: daily 2024-01-01 to 2024-03-01; "
        "monthly 2024-01 to 2024-03; weekly 2024-W01 to 2024-W09.\n",
    ),
    (
        ("explain", "revenue", "--slice", "fax"),
        "kpi: 'revenue' has no slice 'fax'. Slices: shop, total, web.\n",
    ),
    (("run", "--select", "revenu"), "kpi: --select: no KPI is called 'revenu'. Did you mean"),
    (("run", "--as-of", "2023-12-31"), "kpi: "),
    (
        ("run", "--from", "2024-02-01", "--to", "2024-01-01"),
        "kpi: --from 2024-02-01 lies after --to 2024-01-01; swap them.\n",
    ),
]


@pytest.mark.parametrize(("arguments", "says"), MISTAKES, ids=[" ".join(m[0]) for m in MISTAKES])
def test_a_user_s_mistake_is_told_in_one_message_with_exit_code_1(ran, arguments, says):
    done = kpi(ran, *arguments)
    assert done.returncode == 1
    assert done.stderr.startswith(says)
    assert "Traceback" not in done.stderr


def test_usage_errors_exit_with_1(ran):
    done = kpi(ran, "run", "--as-of", "yesterday")
    assert done.returncode == 1
    assert "'yesterday' is not a date; write it as 2017-12-31" in done.stderr


def test_a_damaged_publication_is_told_and_published_anew(shop):
    (shop / "published/kpis.duckdb").write_bytes(b"x" * 5000)
    for command in (("status",), ("explain", "revenue")):
        done = kpi(shop, *command)
        assert done.returncode == 2
        assert "Traceback" not in done.stderr
    assert kpi(shop, "run", "--full-refresh").returncode == 0
    assert kpi(shop, "status").returncode == 0


def test_a_damaged_warehouse_is_told_with_what_to_do(shop):
    (shop / "var/warehouse.duckdb").write_bytes(b"x" * 5000)
    for command in ("alerts", "run"):
        done = kpi(shop, command)
        assert done.returncode == 2
        assert "warehouse.duckdb" in done.stderr
        assert "Traceback" not in done.stderr


def test_rollback_puts_the_earlier_publication_back_and_the_next_run_publishes_anew(shop):
    before = json.loads(kpi(shop, "status", "--json").stdout)
    assert kpi(shop, "run", "--full-refresh").returncode == 0
    assert kpi(shop, "rollback").returncode == 0
    assert json.loads(kpi(shop, "status", "--json").stdout) == before
    report = json.loads(kpi(shop, "run", "--json").stdout)
    assert (report["status"], report["reason"]) == (
        "published",
        "an earlier publication is live (a rollback), or another file",
    )


def test_a_terminal_without_utf_8_gets_a_scorecard_all_the_same(ran, monkeypatch):
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    done = kpi(ran, "status", cold=True)
    assert done.returncode == 0, done.stderr
    assert "5 of 5 KPIs measurable" in done.stdout


def test_bad_lines_are_told_in_the_run_s_output(tmp_path):
    root = make_shop(tmp_path / "shop")
    ads = root / "landing/ads_2024.csv"
    ads.write_text(ads.read_text().replace("2024-01-09,web,1000", "2024-01-09,web,many"))
    done = kpi(root, "run")
    assert done.returncode == 0, done.stderr
    assert "Source ads: " in done.stdout
    assert "1 of 60 rows rejected" in done.stdout


@pytest.mark.parametrize(
    ("name", "period", "slice_"),
    [
        ("revenue", "2024-W05", "web"),
        ("revenue_growth", "2024-02", "total"),
        ("cost_per_order", "2024-01", "total"),
    ],
)
def test_the_query_that_explain_shows_gives_what_is_published(ran, name, period, slice_):
    asked = ("explain", name, "--period", period, "--slice", slice_, "--json")
    found = json.loads(kpi(ran, *asked).stdout)
    assert (ran / found["model"]).is_file()
    with duckdb.connect(str(ran / "var/warehouse.duckdb"), read_only=True) as con:
        rows = con.sql(f"select value, numerator from ({found['sql'].rstrip(';')})").fetchall()
    assert rows == [(found["row"]["value"], found["row"]["numerator"])]
    assert rows[0][0] is not None
