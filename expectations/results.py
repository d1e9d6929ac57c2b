"""The results of judging, in temporary tables: the verdict on each row, its checks, their words."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from expectations.check import Check
from expectations.decide import NOTHING, Decided
from expectations.evidence import PERIODS, ROWS
from expectations.evidence.facts import evidence
from expectations.reasons import CHECK_ERROR, REASONS, Reason
from expectations.sql import rows_in, write_temp
from expectations.wording import facts_in, party, words

if TYPE_CHECKING:
    import duckdb

CHECKED, CHECK_NAMES = "checked", "check_names"
_DECIDED = """
    row_id bigint, data_status varchar, reason_codes varchar, reason varchar,
    party varchar, root varchar
"""
_CHECK_NAMES = """
    check_number integer, check_name varchar, reason_code varchar, evidence varchar,
    expected varchar
"""
_CHECKED = "row_id bigint, check_number integer, observed varchar, verdict varchar"
_UNMADE = "kpi varchar, check_number integer, check_name varchar, message varchar"


def create_results(con: "duckdb.DuckDBPyConnection") -> None:
    """Create the empty temporary tables `decided`, `checked` and `check_names`."""
    write_temp(con, "decided", _DECIDED, ())
    write_temp(con, CHECKED, _CHECKED, ())
    write_temp(con, CHECK_NAMES, _CHECK_NAMES, ())


def keep(con: "duckdb.DuckDBPyConnection", decided: Decided) -> None:
    """Add the verdicts and checks of the rows of these `cases`, in words."""
    first = rows_in(con, CHECK_NAMES)
    _add_names(con, first, decided)
    con.register("case_verdicts", decided.verdicts)
    con.register("case_checks", decided.shown)
    told = sorted({int(place) for place in decided.verdicts["told"]})
    con.execute(_SAID_ROWS)
    con.execute(_said_sql([REASONS[one] for one in told if one != NOTHING], decided.checks))
    for one in told:
        con.execute(f"insert into decided by name {_decided_sql(one)}")
    checked = [_checked_sql(number, first, one) for number, one in enumerate(decided.checks)]
    checked += [_UNMADE_ROWS] if decided.errors else []
    if checked:
        con.execute(f"insert into checked by name {' union all by name '.join(checked)}")
    con.unregister("case_checks")
    con.unregister("case_verdicts")


def _add_names(con: "duckdb.DuckDBPyConnection", first: int, decided: Decided) -> None:
    """Write `unmade`, and add to `check_names`: made checks first, then those that broke."""
    made: list[Sequence[str]] = [
        (one.name, one.reason.code, one.column, one.expected) for one in decided.checks
    ]
    broke = list(dict.fromkeys(name for _, name, _ in decided.errors))
    names = [*made, *((name, CHECK_ERROR.code, "", "a result") for name in broke)]
    if names:
        rows = [[first + place, *name] for place, name in enumerate(names)]
        con.executemany("insert into check_names values (?, ?, ?, ?, ?)", rows)
    number = {name: first + len(made) + place for place, name in enumerate(broke)}
    unmade = ((kpi, number[name], name, said) for kpi, name, said in decided.errors)
    write_temp(con, "unmade", _UNMADE, unmade)


# The rows of which something is said, with their case: so that words are sought of these alone.
_SAID_ROWS = f"""
    create or replace temp table said_rows as
    select rows.*, case_id
    from {ROWS} as rows
    inner join (
        select unnest(row_ids) as row_id, case_id
        from cases
        where case_id in (
            select case_id from case_verdicts where told <> {NOTHING}
            union
            select case_id from case_checks
        )
    ) using (row_id)
"""


def _said_sql(reasons: Iterable[Reason], checks: Iterable[Check]) -> str:
    """Their evidence: what the words for these reasons and checks are made of."""
    templates = [one.observed for one in checks]
    facts = {"kpi", "upstream_party"}
    for reason in reasons:
        templates += [reason.sentence, reason.root]
        facts |= {reason.source} - {""}
    facts = facts.union(*map(facts_in, templates)) - {"broken_check", "check_message"}
    return f"""
        create or replace temp table said as
        select row_id, case_id, {", ".join(sorted(facts))}
        from ({evidence("said_rows", PERIODS)})
        inner join (select row_id, case_id from said_rows) using (row_id)
    """


def _decided_sql(told: int) -> str:
    """The rows of which the same is told: their verdicts, with the words of it."""
    if told == NOTHING:
        return f"""
            select unnest(row_ids) as row_id, data_status, reason_codes, '' as reason, '' as party,
                '' as root
            from cases
            inner join case_verdicts using (case_id)
            where told = {NOTHING}
        """
    reason = REASONS[told]
    return f"""
        select row_id, data_status, reason_codes,
            {words(reason.sentence)} as reason,
            {party(reason)} as party,
            {words(reason.root)} as root
        from said
        inner join (from case_verdicts where told = {told}) using (case_id)
        left join (
            -- The first that was not made speaks for the KPI.
            select kpi, arg_min(check_name, check_number) as broken_check,
                arg_min(message, check_number) as check_message
            from unmade
            group by kpi
        ) using (kpi)
    """


def _checked_sql(number: int, first: int, check: Check) -> str:
    """The rows of which a check is shown, with what it saw there."""
    return f"""
        select row_id, {first + number} as check_number, {words(check.observed)} as observed,
            if(fails = 1, 'fail', 'pass') as verdict
        from said
        inner join (from case_checks where check_number = {number}) using (case_id)
    """


_UNMADE_ROWS = """
    select unnest(row_ids) as row_id, check_number, message as observed, 'error' as verdict
    from cases
    inner join unmade using (kpi)
"""
