"""What the rules reserve is what the publication uses."""

from kpi_specs.language import reserved
from orchestration.ingest.tables import ORIGIN
from orchestration.publish import schema
from orchestration.publish.value_columns import LIMIT_COLUMNS, VALUE_COLUMNS


def test_every_published_table_and_column_is_reserved_for_specs():
    tables = {table.name.removeprefix("kpi_") for table in schema.fixed_tables(["en"])}
    assert tables - {"publication"} <= reserved.TABLES
    assert {column.name for column in (*VALUE_COLUMNS, *LIMIT_COLUMNS)} <= reserved.COLUMNS


def test_what_is_kept_of_a_rows_origin_is_reserved_for_sources():
    assert set(ORIGIN) == reserved.ORIGIN_COLUMNS
