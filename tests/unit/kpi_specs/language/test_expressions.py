"""What an expression in a spec may say."""

import pytest

from kpi_specs.language.expressions import columns_of, parse, to_sql
from kpi_specs.language.grammar import ExpressionError

ALLOWED = [
    # text, columns read, SQL
    ("amount", ("amount",), "amount"),
    ("amount - cost * 2", ("amount", "cost"), "amount - cost * 2"),
    ("status <> 'it''s'", ("status",), "status <> 'it''s'"),
    ("status = 'won' or status is null", ("status",), "status = 'won' OR status IS NULL"),
    ("channel in ('a', 'b')", ("channel",), "channel IN ('a', 'b')"),
    ("not is_won", ("is_won",), "NOT is_won"),
    ("case when a > 0 then a else 0 end", ("a",), "CASE WHEN a > 0 THEN a ELSE 0 END"),
    ("coalesce(amount, 0)", ("amount",), "COALESCE(amount, 0)"),
    ("day between '2024-01-01' and '2024-01-31'", ("day",), None),
]
REFUSED = [
    "(select max(x) from t)",
    "amount; drop table t",
    "sum(amount)",
    "read_csv('/etc/passwd')",
    "amount / clicks",
    "t.amount",
    "channel in (select channel from t)",
    "getenv('HOME')",
    "amount::varchar",
    "row_number() over ()",
    "",
    "amount +",
    "* ",
    "{{ ref('x') }}",
    "status = '{{ ref(''x'') }}'",
    "status = 'two\nlines'",
    '"{{ x }}" > 1',
]


@pytest.mark.parametrize(("text", "columns", "sql"), ALLOWED)
def test_an_expression_of_the_grammar_is_read_and_rendered_again(text, columns, sql):
    assert columns_of(text) == columns
    if sql is not None:
        assert to_sql(text) == sql


@pytest.mark.parametrize("text", REFUSED)
def test_whatever_is_outside_the_grammar_is_refused(text):
    with pytest.raises(ExpressionError):
        parse(text)


def test_a_comment_in_an_expression_does_not_reach_the_sql():
    assert "--" not in to_sql("amount -- {{ evil }}\n + cost")
    assert "/*" not in to_sql("amount /* {{ evil }} */ + cost")
