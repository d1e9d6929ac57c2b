"""Rows of a database are loaded like those of a file: whole, once, with rejects beside."""

import datetime as dt
import sqlite3
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from landing_place import Place, source

from expectations import preflight
from kpi_specs.language.dataset import Dataset
from kpi_specs.language.project import Project, ProjectSettings
from kpi_specs.language.source import Source

ORDERS = {
    "id": {"type": "integer", "required": True},
    "day": {"type": "date", "required": True},
    "amount": "decimal(10,2)",
}


def database(columns: dict[str, Any] | None = None, *, where: dict[str, str] | None = None,
             **more: Any) -> Source:  # fmt: skip
    read = where or {"file": "landing/shop.sqlite", "table": "orders"}
    fields = {"kind": "database", "path": None, "database": read, "source": "orders", **more}
    return source(columns or ORDERS, **fields)


def shop(place: Place, *statements: str, name: str = "shop.sqlite") -> Path:
    """A SQLite file in the landing folder, after these statements."""
    path = place.root / "landing" / name
    con = sqlite3.connect(path)
    for statement in statements:
        con.execute(statement)
    con.commit()
    con.close()
    return path


THREE = (
    "create table orders (id integer, day text, amount real)",
    "insert into orders values (1, '2017-03-01', 10.5), (2, '2017-03-02', 0.1),"
    " (3, '2017-03-02', null)",
)


def test_rows_are_typed_and_say_which_load_and_row_they_are(place: Place):
    shop(place, *THREE)
    report = place.ingest(database())
    assert (report.status, report.files_new, report.rows_loaded, report.message) == (
        "loaded", 1, 3, "",
    )  # fmt: skip
    assert place.rows("SELECT * EXCLUDE (_load_id, _loaded_at) FROM raw.orders ORDER BY id") == [
        (1, dt.date(2017, 3, 1), Decimal("10.50"), "database", 1),
        (2, dt.date(2017, 3, 2), Decimal("0.10"), "database", 2),
        (3, dt.date(2017, 3, 2), None, "database", 3),
    ]
    assert place.rows(
        "SELECT DISTINCT run_id, status FROM raw.orders JOIN audit.loads"
        " ON load_id = _load_id AND loaded_at = _loaded_at"
    ) == [("r1", "loaded")]


def test_what_has_not_changed_is_not_loaded_twice_in_whatever_order_it_comes(place: Place):
    shop(place, *THREE)
    place.ingest(database())
    again = place.ingest(database())
    assert (again.status, again.files_new, again.files_known) == ("unchanged", 0, 1)
    turned = {"file": "landing/shop.sqlite", "query": "select * from orders order by id desc"}
    assert place.ingest(database(where=turned)).status == "unchanged"
    assert place.log() == [("database", "loaded", 3, 0)]


def test_a_row_twice_is_another_content_than_the_row_once(place: Place):
    shop(place, *THREE)
    place.ingest(database())
    shop(place, "insert into orders select * from orders")
    assert place.ingest(database()).rows_loaded == 6
    assert place.rows("SELECT count(*) FROM raw.orders") == [(6,)]


def test_a_changed_database_replaces_what_it_held(place: Place):
    shop(place, *THREE)
    place.ingest(database())
    shop(
        place, "update orders set amount = 11 where id = 1", "delete from orders where id = 2",
        "insert into orders values (4, '2017-03-03', 4)",
    )  # fmt: skip
    report = place.ingest(database())
    assert (report.status, report.rows_loaded) == ("loaded", 3)
    assert place.rows("SELECT id, amount FROM raw.orders ORDER BY id") == [
        (1, Decimal("11.00")), (3, None), (4, Decimal("4.00")),
    ]  # fmt: skip
    assert sorted(place.log()) == [("database", "loaded", 3, 0), ("database", "superseded", 3, 0)]


def test_what_does_not_fit_the_contract_is_rejected_with_its_row_and_the_rest_is_loaded(
    place: Place,
):
    columns = {**ORDERS, "share": "number", "sold_at": "timestamp", "paid": "boolean"}
    shop(
        place,
        "create table orders (id, day, amount, share, sold_at, paid)",
        "insert into orders values"
        " (1, '2017-03-01', 1, 0.5, '2017-03-01 23:30:00+01:00', 1),"
        " (2, '2017-03-01', 'ten', 0.5, null, 0),"
        " (3, '2017-03-02', 3, 9e999, null, null),"  # infinity
        " (4, null, 4, 0.5, null, null),"
        " (5, '1 March', 5, 0.5, null, null),"
        " (6, '2017-03-06', 6, 9e999 - 9e999, null, null),"  # NaN, which SQLite keeps as NULL
        " (7, '2017-03-07', 7, x'00ff', null, null)",
    )
    report = place.ingest(database(columns, time_zone="UTC"))
    assert (report.rows_loaded, report.rows_rejected) == (2, 5)
    assert place.rows("SELECT id, share, sold_at, paid FROM raw.orders ORDER BY id") == [
        (1, 0.5, dt.datetime(2017, 3, 1, 22, 30), True),
        (6, None, None, None),
    ]
    assert place.rejects() == [
        (2, "amount", "ten", "not an exact decimal(10,2)"),
        (3, "share", "inf", "not a finite number"),
        (4, "day", None, "a required value is missing"),
        (5, "day", "1 March", "not a date like 2017-03-31"),
        (7, "share", "00ff", "not a finite number"),
    ]
    assert report.message == (
        "database: 5 of 7 rows rejected, the first at line 2: amount not an exact decimal(10,2)"
    )


def test_a_query_is_read_and_columns_that_the_contract_does_not_know_are_kept(place: Place):
    shop(place, *THREE)
    query = (
        "with dated as (select *, 'web' as channel from orders where id > 1) select * from dated"
    )
    place.ingest(database(where={"file": "landing/shop.sqlite", "query": query}))
    assert place.rows("SELECT id, channel FROM raw.orders ORDER BY id") == [(2, "web"), (3, "web")]


def test_nothing_that_a_query_does_is_kept(place: Place):
    path = shop(place, *THREE)
    query = {"file": "landing/shop.sqlite", "query": "delete from orders returning id"}
    report = place.ingest(database(where=query))
    assert report.message == (
        "database: landing/shop.sqlite cannot be read (attempt to write a readonly database); the "
        "next run tries it again"
    )
    assert sqlite3.connect(path).execute("select count(*) from orders").fetchone() == (3,)


LATER = "the next run tries it again"


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (
            lambda path: path.unlink(),
            "there is no file landing/shop.sqlite; put it there, or correct 'file'",
        ),
        (
            lambda path: path.write_bytes(b"SQLite format 3\x00" + b"x" * 400),
            f"landing/shop.sqlite cannot be read (file is not a database); {LATER}",
        ),
        (
            lambda path: shop_at(path, "drop table orders"),
            f"landing/shop.sqlite cannot be read (no such table: orders); {LATER}",
        ),
        (
            lambda path: shop_at(path, "delete from orders"),
            "the database holds no data row; the next run tries it again",
        ),
        (
            lambda path: shop_at(path, "alter table orders drop column day"),
            "COLUMN_MISSING: the database has no column day, which the contract of 'orders' "
            "requires; it has id, amount. Deliver rows with it, or change the contract",
        ),
        (
            lambda path: shop_at(
                path, "insert into orders values (4, '2017-03-03', cast(x'ff' as text))"
            ),
            "landing/shop.sqlite cannot be read (Could not decode to UTF-8 column 'amount' with "
            f"text '\ufffd'); {LATER}",
        ),
    ],
    ids=["gone", "damaged", "without the table", "empty", "without a column", "no UTF-8"],
)
def test_a_database_that_cannot_be_used_loses_nothing_and_mends_itself(spoil, said, place: Place):
    path = shop(place, *THREE)
    good = path.read_bytes()
    place.ingest(database())
    spoil(path)
    for _ in range(2):  # the log keeps the newest attempt only
        report = place.ingest(database())
        assert (report.status in ("failed", "empty"), report.message) == (True, f"database: {said}")
        assert place.rows("SELECT count(*) FROM raw.orders") == [(3,)]
        assert len(place.log()) == 2
    path.write_bytes(good)
    assert place.ingest(database()).status == "unchanged"
    assert ("database", "loaded", 3, 0) in place.log()
    assert {status for _, status, *_ in place.log()} == {"loaded", "superseded"}


def shop_at(path: Path, statement: str) -> None:
    with sqlite3.connect(path) as con:
        con.execute(statement)
    con.close()


def test_a_locked_database_is_tried_again(place: Place, monkeypatch):
    monkeypatch.setattr("orchestration.ingest.database._SECONDS", 0.1)
    path = shop(place, *THREE)
    writer = sqlite3.connect(path, isolation_level=None)
    writer.execute("begin exclusive")
    report = place.ingest(database())
    assert (report.status, report.message) == (
        "failed",
        f"database: landing/shop.sqlite cannot be read (database is locked); {LATER}",
    )
    writer.execute("rollback")
    writer.close()
    assert place.ingest(database()).rows_loaded == 3


def test_what_is_written_while_it_is_read_is_all_there_or_not_at_all(place: Place, monkeypatch):
    """A reader in the middle of its rows sees none of a delivery that another one commits."""
    from orchestration.ingest import database as module

    path = shop(place, "pragma journal_mode = wal", *THREE)
    text, written = module._text, []

    def slow(value: Any) -> Any:
        if not written:
            written.append(shop_at(path, "insert into orders values (4, '2017-03-04', 4)"))
        return text(value)

    monkeypatch.setattr(module, "_text", slow)
    assert place.ingest(database()).rows_loaded == 3
    assert place.ingest(database()).rows_loaded == 4


def test_a_duckdb_file_is_read_too(place: Place):
    with duckdb.connect(str(place.root / "landing" / "shop.duckdb")) as con:
        con.execute("create schema sales")
        con.execute(
            "create table sales.orders as select 1 as id, date '2017-03-01' as day,"
            " 12345678901234567.89::decimal(19,2) as amount, [1, 2] as tags"
        )
    columns = {**ORDERS, "amount": "decimal(19,2)"}
    where = {"file": "landing/shop.duckdb", "table": "sales.orders"}
    assert place.ingest(database(columns, where=where)).status == "loaded"
    assert place.rows("SELECT id, day, amount, tags FROM raw.orders") == [
        (1, dt.date(2017, 3, 1), Decimal("12345678901234567.89"), "[1, 2]")
    ]


def test_a_duckdb_file_that_another_one_writes_is_tried_again(place: Place):
    path = place.root / "landing" / "shop.duckdb"
    with duckdb.connect(str(path)) as con:
        con.execute("create table orders as select 1 as id, date '2017-03-01' as day, 1 as amount")
        where = {"file": "landing/shop.duckdb", "table": "orders"}
        report = place.ingest(database(where=where))
    assert report.status == "failed"
    assert report.message.startswith("database: landing/shop.duckdb cannot be read (")
    assert place.ingest(database(where=where)).rows_loaded == 1


SERVER = {"env": "SHOP_DATABASE_URL", "table": "orders"}


def test_a_server_is_named_by_a_variable(place: Place, monkeypatch):
    path = shop(place, *THREE)
    monkeypatch.setenv("SHOP_DATABASE_URL", f"sqlite:///{path}")
    assert place.ingest(database(where=SERVER)).rows_loaded == 3
    assert place.ingest(database(where=SERVER)).status == "unchanged"
    query = {"env": "SHOP_DATABASE_URL", "query": "select * from orders where day like '%-01'"}
    assert place.ingest(database(where=query)).rows_loaded == 1


def test_a_per_cent_sign_in_a_query_is_no_parameter(place: Place, monkeypatch):
    """As psycopg would take it; the driver of SQLite does not care, so the way there is watched."""
    from sqlalchemy.engine.default import DefaultDialect

    sent: list[str] = []
    execute = DefaultDialect.do_execute_no_params

    def watched(self, cursor, statement, *others):
        sent.append(statement)
        return execute(self, cursor, statement, *others)

    monkeypatch.setattr(DefaultDialect, "do_execute_no_params", watched)
    monkeypatch.setenv("SHOP_DATABASE_URL", f"sqlite:///{shop(place, *THREE)}")
    query = "select * from orders where day like '%-01'"
    assert place.ingest(database(where={"env": "SHOP_DATABASE_URL", "query": query})).files_new == 1
    assert query in sent


@pytest.mark.parametrize(
    ("address", "said"),
    [
        (
            None,
            "the environment variable SHOP_DATABASE_URL, which says where the database is, is not "
            "set",
        ),
        (
            "sesame",
            "what the environment variable SHOP_DATABASE_URL holds is no address of a database; "
            "write it like postgresql+psycopg://user:password@host/name",
        ),
        (
            "nosuch://shop:sesame@db/shop",
            "no driver is installed for nosuch, which the environment variable SHOP_DATABASE_URL "
            "asks for; install it beside this product",
        ),
        (
            "sqlite:////nowhere/sesame/shop.sqlite",
            "the database of SHOP_DATABASE_URL cannot be read (unable to open database file); "
            f"{LATER}",
        ),
    ],
)
def test_an_address_that_does_not_work_is_told_without_what_it_says(
    address, said, place: Place, monkeypatch
):
    monkeypatch.delenv("SHOP_DATABASE_URL", raising=False)
    if address is not None:
        monkeypatch.setenv("SHOP_DATABASE_URL", address)
    report = place.ingest(database(where=SERVER))
    assert (report.status, report.message) == ("failed", f"database: {said}")
    log = str(place.rows("SELECT * FROM audit.loads"))
    assert said in log.replace('"', "'") or said in log
    assert "sesame" not in log + report.message


def test_what_a_driver_says_of_the_address_is_left_out():
    from sqlalchemy import make_url

    from orchestration.ingest.database import _said

    url = make_url("postgresql+psycopg://anna:sesame@db.example/shop")
    error = OSError('connection to "db.example" as anna:sesame failed\nmore of it')
    assert _said(error, url) == 'connection to "..." as ...:... failed'


def test_rows_of_the_files_that_a_source_had_before_are_not_added(place: Place):
    place.write("orders.csv", "id,day,amount\n1,2017-03-01,10.50\n9,2017-03-09,9.00\n")
    place.ingest(source(ORDERS, source="orders", path="landing/orders*"))
    shop(place, *THREE)
    place.ingest(database())
    assert place.rows("SELECT id FROM raw.orders ORDER BY id") == [(1,), (2,), (3,)]


@pytest.mark.parametrize("amount", ["decimal(10,2)", "number"])
def test_nor_are_those_of_a_database_once_files_have_come_in_its_place(amount, place: Place):
    shop(place, *THREE)
    place.ingest(database())
    files = source({**ORDERS, "amount": amount}, source="orders", path="landing/orders*")
    place.ingest(files.model_copy(update={"columns": database().columns}))
    assert place.rows("SELECT count(*) FROM raw.orders") == [(3,)]  # no file has come yet
    place.write("orders.csv", "id,day,amount\n1,2017-03-01,10.50\n9,2017-03-09,9.00\n")
    assert place.ingest(files).status == "loaded"
    assert place.rows("SELECT id, _file FROM raw.orders ORDER BY id") == [
        (1, "landing/orders.csv"), (9, "landing/orders.csv"),
    ]  # fmt: skip
    assert place.ingest(files).status == "unchanged"


def test_other_types_in_the_contract_are_read_anew(place: Place):
    path = shop(place, *THREE)
    place.ingest(database())
    as_number = database({**ORDERS, "amount": "number"})
    assert place.ingest(as_number).status == "loaded"
    assert place.rows("SELECT typeof(amount), sum(amount) FROM raw.orders GROUP BY ALL") == [
        ("DOUBLE", 10.6)
    ]
    path.unlink()
    report = place.ingest(database())
    assert (report.status, place.rows("SELECT count(*) FROM raw.orders")) == ("failed", [(3,)])


def test_what_a_reject_advises_takes_effect_on_the_same_rows(place: Place):
    shop(place, *THREE, "insert into orders values (4, '2017-06-20', 7), (5, '21.06.2017', 8)")
    assert place.ingest(database(event_time="day")).rows_rejected == 2
    ahead = database(event_time="day", dated_ahead="400 days")
    assert place.ingest(ahead).rows_rejected == 1
    both = {"date_format": ["%Y-%m-%d", "%d.%m.%Y"]}
    report = place.ingest(database(event_time="day", dated_ahead="400 days", options=both))
    assert (report.rows_loaded, report.rows_rejected) == (5, 0)
    assert place.rows("SELECT count(*), count(DISTINCT id) FROM raw.orders") == [(5, 5)]


def test_a_column_twice_is_told(place: Place):
    shop(place, *THREE)
    query = {"file": "landing/shop.sqlite", "query": "select id, day, id from orders"}
    assert place.ingest(database(where=query)).message == (
        "database: the column id is there twice; rename one"
    )


def test_only_what_rests_on_a_database_that_was_never_read_is_left_out(place: Place):
    orders, ads = database(), source({"day": "date"})
    datasets = {
        name: Dataset(
            dataset=name,
            model=f"fct_{name}",
            row="a row",
            key=("day",),
            time="day",
            sources=(name,),
        )
        for name in ("orders", "ads")
    }
    settings = ProjectSettings(
        name="shop", title={"en": "Shop"}, time_zone="UTC", currency="EUR", languages=("en",),
        history_from=dt.date(2017, 3, 1), default_owner="ops",
    )  # fmt: skip
    sources = {"orders": orders, "ads": ads}
    project = Project(place.root, settings, sources=sources, datasets=datasets)
    place.write("ads.csv", "day\n2017-03-01\n")
    place.ingest(ads)
    place.ingest(orders)
    found = preflight(place.con, project)
    assert found.missing_sources == {
        "orders": "was tried, but no load ever brought a row: there is no file "
        "landing/shop.sqlite; put it there, or correct 'file'"
    }
    assert found.datasets_left_out == {"orders"}
