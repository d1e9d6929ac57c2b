import datetime as dt
from decimal import Decimal

import duckdb
import pytest
from landing_place import source

from orchestration.ingest.casts import cast

REFUSED = object()
BLANK = object()

TEXT_CASES = [
    ("text", " kept as is ", " kept as is "),
    ("text", "NULL", "NULL"),
    ("text", "  ", BLANK),
    ("integer", "12", 12),
    ("integer", " +12 ", 12),
    ("integer", "-0", 0),
    ("integer", "12.00", 12),
    ("integer", "9223372036854775807", 2**63 - 1),
    ("integer", "9223372036854775808", REFUSED),
    ("integer", "1.5", REFUSED),
    ("integer", "1e3", REFUSED),
    ("integer", "1_000", REFUSED),
    ("integer", "1,000", REFUSED),
    ("integer", "0x1F", REFUSED),
    ("integer", "٣", REFUSED),
    ("integer", "", BLANK),
    ("number", "1.5", 1.5),
    ("number", "-.5e-3", -0.0005),
    ("number", "5.", 5.0),
    ("number", "1e400", REFUSED),
    ("number", "NaN", REFUSED),
    ("number", "inf", REFUSED),
    ("number", "-Infinity", REFUSED),
    ("number", "1_0.5", REFUSED),
    ("number", "1,5", REFUSED),
    ("number", "12 %", REFUSED),
    ("decimal(10,2)", "12.34", Decimal("12.34")),
    ("decimal(10, 2)", "12.340", Decimal("12.34")),
    ("decimal(10,2)", "1e2", Decimal("100.00")),
    ("decimal(10,2)", "99999999.99", Decimal("99999999.99")),
    ("decimal(10,2)", "100000000.00", REFUSED),
    ("decimal(10,2)", "1.005", REFUSED),
    ("decimal(10,2)", "99999999.999", REFUSED),
    ("decimal(10,2)", "1e400", REFUSED),
    ("decimal(10,2)", "nan", REFUSED),
    # what sums of doubles leave behind is noise, not information
    ("decimal(10,2)", "0.30000000000000004", Decimal("0.30")),
    ("decimal(10,2)", "8.881784e-16", Decimal("0.00")),
    ("decimal(10,2)", "1e-5", REFUSED),
    ("boolean", "true", True),
    ("boolean", " FALSE ", False),
    ("boolean", "yes", True),
    ("boolean", "0", False),
    ("boolean", "2", REFUSED),
    ("boolean", "on", REFUSED),
    ("date", "2017-03-31", dt.date(2017, 3, 31)),
    ("date", "2017/3/1", dt.date(2017, 3, 1)),
    ("date", "2017-03-31 00:00:00", dt.date(2017, 3, 31)),
    ("date", "2017-03-31T23:30:00", REFUSED),
    ("date", "2017-02-29", REFUSED),
    ("date", "31/03/2017", REFUSED),
    ("date", "epoch", REFUSED),
    ("date", "infinity", REFUSED),
    ("date", "2017-01-05 (BC)", REFUSED),
    ("timestamp", "2017-03-31 23:59:59.5", dt.datetime(2017, 3, 31, 23, 59, 59, 500000)),
    ("timestamp", "2017-03-31T23:59", dt.datetime(2017, 3, 31, 23, 59)),
    ("timestamp", "2017-03-31", dt.datetime(2017, 3, 31)),
    ("timestamp", "2017-03-31 24:30:00", REFUSED),
    ("timestamp", "infinity", REFUSED),
    ("timestamp", "now", REFUSED),
    # an offset is honoured, not dropped; without a time zone of the source the result is UTC
    ("timestamp", "2017-03-31T10:00:00Z", dt.datetime(2017, 3, 31, 10)),
    ("timestamp", "2017-03-31T10:00:00+03:30", dt.datetime(2017, 3, 31, 6, 30)),
    ("timestamp", "2017-03-31 10:00:00-0500", dt.datetime(2017, 3, 31, 15)),
]


def judged(sql_value: str, column_type: str, received: str = "VARCHAR", **more: object) -> object:
    contract = source({"v": column_type}, **more)
    typed = cast("v", received, contract.columns["v"].type, contract)
    row = duckdb.sql(f"SELECT {typed.value}, {typed.blank} FROM (SELECT {sql_value} AS v)")
    value, blank = row.fetchall()[0]
    if blank:
        return BLANK
    if value is None:
        assert not typed.exact, "a cast that is called exact needs no check"
        return REFUSED
    return value


@pytest.mark.parametrize(("column_type", "text", "expected"), TEXT_CASES)
def test_a_text_becomes_the_contracts_type_or_is_refused(column_type, text, expected):
    assert judged(f"'{text}'", column_type) == expected


FORMAT_CASES = [
    ("date", {"date_format": "%d/%m/%Y"}, "31/03/2017", dt.date(2017, 3, 31)),
    ("date", {"date_format": "%d/%m/%Y"}, "03/31/2017", REFUSED),
    ("date", {"date_format": "%d/%m/%Y"}, "2017-03-31", REFUSED),
    ("date", {"date_format": "%Y%m%d"}, "20170331", dt.date(2017, 3, 31)),
    ("date", {"date_format": ["%m/%d/%Y", "%m-%d-%y"]}, "03/31/2017", dt.date(2017, 3, 31)),
    ("date", {"date_format": ["%m/%d/%Y", "%m-%d-%y"]}, "03-02-17", dt.date(2017, 3, 2)),
    ("date", {"date_format": ["%m/%d/%Y", "%m-%d-%y"]}, "2017-03-02", REFUSED),
    ("date", {"date_format": ["%m/%d/%Y", "%m-%d-%y"]}, "31-03-17", REFUSED),
    ("timestamp", {"timestamp_format": "%d.%m.%Y %H:%M"}, "31.03.2017 23:30",
     dt.datetime(2017, 3, 31, 23, 30)),
    ("timestamp", {"timestamp_format": "%d.%m.%Y %H:%M"}, "31.03.2017", REFUSED),
    ("timestamp", {"timestamp_format": "%Y-%m-%d %H:%M %z"}, "2017-03-31 10:00 +0200",
     dt.datetime(2017, 3, 31, 8)),
]  # fmt: skip


@pytest.mark.parametrize(("column_type", "options", "text", "expected"), FORMAT_CASES)
def test_the_formats_of_the_source_are_the_only_ones_that_are_read(
    column_type, options, text, expected
):
    assert judged(f"'{text}'", column_type, options=options) == expected


def test_a_timestamp_with_an_offset_is_stored_in_the_sources_time_zone():
    stored = judged("'2017-07-01T03:30:00Z'", "timestamp", time_zone="America/New_York")
    assert stored == dt.datetime(2017, 6, 30, 23, 30)


NATIVE_CASES = [
    ("number", "DOUBLE", "1.5::DOUBLE", 1.5),
    ("number", "DOUBLE", "'nan'::DOUBLE", REFUSED),
    ("number", "FLOAT", "'inf'::FLOAT", REFUSED),
    ("number", "INTEGER", "3", 3.0),
    ("number", "DECIMAL(5,2)", "1.25::DECIMAL(5,2)", 1.25),
    ("integer", "INTEGER", "3", 3),
    ("integer", "UBIGINT", "18446744073709551615::UBIGINT", REFUSED),
    ("integer", "DOUBLE", "3.0::DOUBLE", 3),
    ("integer", "DOUBLE", "3.5::DOUBLE", REFUSED),
    ("integer", "DOUBLE", "'nan'::DOUBLE", REFUSED),
    ("integer", "VARCHAR", "'7'", 7),
    ("decimal(12,2)", "DOUBLE", "3.86::DOUBLE", Decimal("3.86")),
    ("decimal(12,2)", "DOUBLE", "3.865::DOUBLE", REFUSED),
    ("decimal(12,2)", "DOUBLE", "1.776e-15::DOUBLE", Decimal("0.00")),
    ("decimal(12,2)", "DOUBLE", "'nan'::DOUBLE", REFUSED),
    ("decimal(12,2)", "DECIMAL(18,4)", "3.8600::DECIMAL(18,4)", Decimal("3.86")),
    ("decimal(12,2)", "DECIMAL(18,4)", "3.8650::DECIMAL(18,4)", REFUSED),
    ("decimal(12,2)", "BIGINT", "4::BIGINT", Decimal("4.00")),
    ("boolean", "BOOLEAN", "true", True),
    ("boolean", "INTEGER", "1", True),
    ("boolean", "INTEGER", "2", REFUSED),
    ("date", "DATE", "DATE '2017-03-31'", dt.date(2017, 3, 31)),
    ("date", "TIMESTAMP", "TIMESTAMP '2017-03-31'", dt.date(2017, 3, 31)),
    ("date", "TIMESTAMP_NS", "TIMESTAMP_NS '2017-03-31 10:00:00'", REFUSED),
    ("timestamp", "DATE", "DATE '2017-03-31'", dt.datetime(2017, 3, 31)),
    ("timestamp", "TIMESTAMP_NS", "TIMESTAMP_NS '2017-03-31 10:00:00'",
     dt.datetime(2017, 3, 31, 10)),
    ("timestamp", "TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ '2017-03-31 10:00:00+02'",
     dt.datetime(2017, 3, 31, 8)),
    ("text", "BIGINT", "31198570044::BIGINT", "31198570044"),
    ("text", "STRUCT(a INTEGER)", "{'a': 1}", '{"a":1}'),
    ("text", "INTEGER[]", "[1, 2]", "[1,2]"),
    ("integer", "INTEGER", "NULL::INTEGER", BLANK),
]  # fmt: skip


@pytest.mark.parametrize(("column_type", "received", "value", "expected"), NATIVE_CASES)
def test_a_typed_column_becomes_the_contracts_type_or_is_refused(
    column_type, received, value, expected
):
    assert judged(value, column_type, received) == expected
