"""docs/measurability_matrix.md: each mutation, what must follow, and what was seen."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from tests.copies import REPOSITORY
from tests.mutations.catalogue import Incident, Mutation
from tests.mutations.clean_runs import FIGURE
from tests.mutations.expected import WARNINGS, Key, Seen, Withheld
from tests.mutations.machinery import LOST, Fault
from tests.mutations.sinks import DOWN
from tests.mutations.trying import EARLIER, Rows, Tried
from tests.mutations.world import AS_OF

DOCUMENT = REPOSITORY / "docs/measurability_matrix.md"
MADE_BY = "python -m tests.mutations"
CLOCK = f"The clock goes back from {AS_OF} to {EARLIER}."

HEAD = f"""# What is found, and what is not

<!-- Made by `{MADE_BY}`; do not edit. -->

The market (`tests/projects/market`) has three stores, two ad channels, 15 KPIs and 101 clean days.
Each row spoils it in one way, runs the whole pipeline and compares every published row with that of
the clean run. What rests on the corruption has no value, with the reason and the party named here;
**all other rows are the same to the last bit**, but for values that nothing speaks against (below):
those are counted as other values. `tests/mutations` proves it with every change.

`JOIN_FANOUT` is never told alone: a join adds rows only where a key of the joined model stands
twice, so `DUPLICATE_KEYS` stands before it in `reason_codes`, and gives the reason and the party.

| corruption | must follow | seen: rows without their value, alerts |
|---|---|---|
"""

UNDETECTABLE = """
## What nobody can see in the data

These change values that are published as measured, since nothing in the data or its contract speaks
against them. In general these are:

- a wrong value within what the contract allows (`allowed`, `min`, `max`, the spec's `valid_range`),
  or one that repeats another day's; a unit that changes where there are fewer than 20 rows a day;
- rows lost or added within a day on which each store, channel or whatever `expects` counts still
  has rows; fewer than half or more than twice as many are a warning beside the value;
- a row twice under two keys, and a key that is not declared;
- a wrong hour that leaves each day its rows; a wrong day, if both days stay complete;
- another meaning in the same shape: net for gross, a store's number given to another store, the
  order of one customer written to another.

That it is no more than these is tried on corruptions put together at random, up to three at a time:
of the market (`test_random_corruptions.py`), and of an office whose KPIs are no sums
(`test_random_events.py`): conversions, durations, balances, visitors that come back. Each value
that is published must be the one of clean data, or rest on a row of one of these.

What helps: totals of another system (`system_of_record`), which tell all of these that change a
sum, and tighter words in the contract (`rows_per_day`, `values`, `min`, `max`, `unit_column`).

| corruption | why nothing tells it | seen |
|---|---|---|
"""

CLEAN = """
## What clean data is taken for

Markets as they are: weekdays, promotions, holidays, growth, orders that come late but within the
contract. Whatever has no value, though it is neither awaited nor closed by contract, counts as
withheld wrongly, even a day on which a small slice had no order. Allowed is one row in a hundred.
`python -m tests.mutations.clean_runs` on its last run:

"""


MACHINERY = """
## When the machinery fails

The data is good here, and one thing around the run breaks. Where the run goes on, the next one
without the fault publishes every row as the clean run does, and no alert stays open. Where it
breaks off, it met the delivery without 5 March (see above): the next run publishes and tells what
that leads to, once.

| what breaks | must follow | seen |
|---|---|---|
"""


SPECS = """
## When a spec is invalid

Data and machinery are good here. The next run, with the spec as it was, publishes every row as the
clean run does, and says that the alert is over.

| which spec | must follow | seen |
|---|---|---|
"""


def document(
    told: Iterable[str], hidden: Iterable[str], machinery: Iterable[str], specs: Iterable[str]
) -> str:
    """The whole page, of its lines."""
    clean = FIGURE.read_text(encoding="utf-8").splitlines()
    tables = (
        (HEAD, told), (MACHINERY, machinery), (SPECS, specs), (UNDETECTABLE, hidden),
        (CLEAN, clean),
    )  # fmt: skip
    return "\n".join(head + "\n".join(lines) for head, lines in tables) + "\n"


def assert_told(line: str) -> None:
    """The page has this line."""
    page = DOCUMENT.read_text(encoding="utf-8").splitlines()
    assert line in page, f"run `{MADE_BY}`: it is now\n{line}"


def fault_row(fault: Fault, clean: Rows, tried: Tried) -> str:
    """The line of a fault of the machinery."""
    if not fault.stops:
        must = "; ".join(dict.fromkeys(_must(one) for one in fault.withheld))
        return _line(fault.says, must, _seen(clean, tried.rows, tried.alerts))
    must = "the new publication, told by the next run" if fault.is_out else "the old publication"
    first = "the same file as before" if tried.kept else "the new publication"
    messages = f"{len(tried.outbox)} message{'' if len(tried.outbox) == 1 else 's'} sent"
    then = _seen(clean, tried.rows_after, tried.alerts_after)
    return _line(fault.says, must, f"{first}; of the next run {then}; {messages}")


def loss_row(name: str, clean: Rows, rows: Rows, alerts: Iterable[Incident]) -> str:
    """The line of a file that is lost."""
    return _line(LOST[name], "it is made anew", _seen(clean, rows, alerts))


def channel_row(name: str, got: Sequence[str]) -> str:
    """The line of a channel that is down while a run alerts; `got` is what it took later."""
    must = "values as ever; the alert waits and is sent once"
    return _line(DOWN[name][0], must, f"pending, then sent: {', '.join(got)}")


def clock_row(clean: Rows, back: Rows, then: Rows) -> str:
    """The line of a clock that goes back."""
    other = sum(back[key] != then.get(key) for key in back) + len(then.keys() - back.keys())
    return _line(
        CLOCK,
        "what a run of that day publishes",
        f"{len(back)} rows for {len(clean)}, {other} of them other than of that day",
    )


def _line(says: str, must: str, seen: str) -> str:
    return f"| {says} | {must} | {seen} |"


def row(
    mutation: Mutation,
    clean: Mapping[Key, Seen],
    seen: Mapping[Key, Seen],
    alerts: Iterable[Incident],
) -> str:
    """The line of one mutation; `seen` and `alerts` are what a run published and told."""
    must = mutation.undetectable or (
        "; ".join(dict.fromkeys(_must(one) for one in mutation.withheld)) or "nothing"
    )
    return _line(mutation.says, must, _seen(clean, seen, alerts))


def _must(one: Withheld) -> str:
    if one.reason == "NOT_THERE" and one.only:
        return f"no rows of {', '.join(one.only)}"
    if one.reason == "NOT_THERE":
        return "no rows before the first day"
    if one.reason in WARNINGS:
        return f"{one.reason} beside the value, party {one.told}"
    told = f", told {one.told}" if one.told else ", nobody told"
    return f"{one.reason}{told}"


def _seen(clean: Mapping[Key, Seen], seen: Mapping[Key, Seen], alerts: Iterable[Incident]) -> str:
    lost: dict[str, list[Key]] = defaultdict(list)
    for key in sorted(clean.keys() & seen.keys()):
        if clean[key] != seen[key] and seen[key].value is None:
            lost[f"{seen[key].data_status} {seen[key].reason_codes}"].append(key)
    parts = [f"{len(keys)} {reason} ({_kpis(keys)})" for reason, keys in sorted(lost.items())]
    others = sum(
        clean[key].value != seen[key].value and seen[key].value is not None
        for key in clean.keys() & seen.keys()
    )
    warned = sorted(
        key
        for key, row in seen.items()
        if row.value is not None and row.reason_codes and row != clean.get(key)
    )
    if warned:
        codes = ", ".join(sorted({seen[key].reason_codes for key in warned}))
        parts.append(f"{len(warned)} {codes} beside the value ({_kpis(warned)})")
    if others:
        parts.append(f"{others} other values")
    if gone := len(clean.keys() - seen.keys()):
        parts.append(f"{gone} rows not there")
    told = ", ".join(f"{owner}: {root} {code}" for owner, root, code in sorted(alerts))
    return f"{'; '.join(parts) or 'all as before'}. {f'Alerts: {told}' if told else 'No alert'}"


def _kpis(keys: list[Key]) -> str:
    names = sorted({key[0] for key in keys})
    return names[0] if len(names) == 1 else f"{len(names)} KPIs"
