"""What the rules reserve is what the publication uses."""

from kpi_specs.language import reserved
from orchestration.publish import schema
from orchestration.publish.value_columns import LIMIT_COLUMNS, VALUE_COLUMNS


def test_every_published_table_and_column_is_reserved_for_specs():
    tables = {table.name.removeprefix("kpi_") for table in schema.fixed_tables(["en"])}
    assert tables - {"publication"} <= reserved.TABLES
    assert {column.name for column in (*VALUE_COLUMNS, *LIMIT_COLUMNS)} <= reserved.COLUMNS
