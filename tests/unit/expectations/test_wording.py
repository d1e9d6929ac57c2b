"""Templates filled with the facts of a row, in SQL."""

import duckdb
import pytest

from expectations.wording import facts_in, words

FACTS = """
    select
        3::bigint as days, 2::hugeint as rows, 0.96666::double as share, 1234567::double as sample,
        20.0::double as least, 'it''s {late}' as why, '' as nothing,
        date '2017-03-05' as day, date '1900-01-01' as no_day
"""


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("", ""),
        ("yes", "yes"),
        ("{days} of {rows} rows", "3 of 2 rows"),
        ("a share of {share:.3f}, {sample:g} where {least:g} is needed",
         "a share of 0.967, 1.23457e+06 where 20 is needed"),
        ("because {why}, it's so", "because it's {late}, it's so"),
        ("on {day}, after {no_day}", "on 2017-03-05, after no day"),
        ("0 missing {nothing}", "0 missing"),
        ("{{days}} are {days}", "{days} are 3"),
    ],
)  # fmt: skip
def test_a_template_says_what_its_row_holds(template: str, said: str) -> None:
    with duckdb.connect() as con:
        assert con.execute(f"select {words(template)} from ({FACTS})").fetchall() == [(said,)]


def test_the_facts_in_a_template_are_those_that_it_names() -> None:
    assert facts_in("{days} of {rows:g} {{share}}, {days}") == {"days", "rows"}
