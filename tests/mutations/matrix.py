"""docs/measurability_matrix.md: each mutation, what must follow, and what was seen."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from tests.copies import REPOSITORY
from tests.mutations.catalogue import Incident, Mutation
from tests.mutations.expected import Key, Seen, Withheld

DOCUMENT = REPOSITORY / "docs/measurability_matrix.md"
MADE_BY = "python -m tests.mutations"

HEAD = f"""# What is found, and what is not

<!-- Made by `{MADE_BY}`; do not edit. -->

The market (`tests/projects/market`) has three stores, two ad channels, 15 KPIs and 101 clean days.
Each row spoils it in one way, runs the whole pipeline and compares every published row with that of
the clean run. What rests on the corruption has no value, with the reason and the party named here;
**all other rows are the same to the last bit**. `tests/mutations` proves it with every change.

| corruption | must follow | seen: rows without their value, alerts |
|---|---|---|
"""

UNDETECTABLE = """
## What nobody can see in the data

These change values that are published as measured, since nothing in the data or its contract speaks
against them.

| corruption | why nothing tells it | seen |
|---|---|---|
"""


def document(rows: Iterable[tuple[Mutation, str]]) -> str:
    """The whole page."""
    found = list(rows)
    told = "\n".join(row for mutation, row in found if not mutation.undetectable)
    hidden = "\n".join(row for mutation, row in found if mutation.undetectable)
    return f"{HEAD}{told}\n{UNDETECTABLE}{hidden}\n"


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
    return f"| {mutation.says} | {must} | {_seen(clean, seen, alerts)} |"


def _must(one: Withheld) -> str:
    if one.reason == "NOT_THERE":
        return "no rows before the first day"
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
    if others:
        parts.append(f"{others} other values")
    if gone := len(clean.keys() - seen.keys()):
        parts.append(f"{gone} rows not there")
    told = ", ".join(f"{owner}: {root} {code}" for owner, root, code in sorted(alerts))
    return f"{'; '.join(parts) or 'all as before'}. {f'Alerts: {told}' if told else 'No alert'}"


def _kpis(keys: list[Key]) -> str:
    names = sorted({key[0] for key in keys})
    return names[0] if len(names) == 1 else f"{len(names)} KPIs"
