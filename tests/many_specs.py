"""The shop with many KPIs: five metric types in turns, no two KPIs alike."""

from pathlib import Path

import yaml

from tests.copies import PROJECTS, copy_project

KPIS_OF_AN_OWNER = 10
_METRICS = ("simple", "ratio", "growth", "derived", "cumulative")
_FROM_KPIS = ("growth", "derived")


def many_specs(root: Path, count: int) -> Path:
    """A copy of the shop whose own KPIs are replaced by `count` generated ones.

    Every fifth is the sum of an expression of its own, with a filter of its own; the next one
    divides two measures of different datasets; then come the growth of the first, a formula over
    the first two, and the first to date.
    """
    copy_project(PROJECTS / "shop", root)
    folder = root / "kpi_specs/kpis"
    for path in folder.rglob("*.yml"):
        path.unlink()
    for number in range(count):
        path = folder / f"area_{number // 100}" / f"metric_{number}.yml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(yaml.safe_dump(_spec(number), sort_keys=False), encoding="utf-8")
    owners = [{"owner": o, "name": {"en": o}, "alerts": ["log"]} for o in ("ops", "ads_team")]
    owners += [
        {"owner": f"team_{n}", "name": {"en": f"Team {n}"}, "alerts": ["log"]}
        for n in range(-(-count // KPIS_OF_AN_OWNER))
    ]
    (root / "kpi_specs/owners.yml").write_text(yaml.safe_dump({"owners": owners}), encoding="utf-8")
    return root


def _spec(number: int) -> dict[str, object]:
    kind = _METRICS[number % 5]
    owner = f"team_{number // KPIS_OF_AN_OWNER}"
    return {
        "kpi": f"metric_{number}",
        "title": {"en": f"KPI number {number}"},
        "kind": "kri" if kind == "simple" else "kpi",
        "objective": "sell_more",
        "purpose": {"en": f"Decides matter {number}"},
        "criterion": {"en": f"How does matter {number} stand?"},
        "metric": _metric(kind, number),
        "unit": "number",
        "direction": "higher_is_better",
        "cadence": ["monthly"] if kind in _FROM_KPIS else ["daily", "monthly"],
        "grain": [[], ["channel"]],
        "availability": {"due": "1 day"},
        "owner": owner,
        "smart": {"relevant": {"reason": "it is", "by": owner, "on": "2024-01-01"}},
    }


def _metric(kind: str, number: int) -> dict[str, object]:
    measure = {"sum": f"amount * {number + 2}", "where": f"amount > {number} and channel <> 'x'"}
    if kind == "simple":
        return {"dataset": "orders", "simple": measure}
    if kind == "ratio":
        spend = {"dataset": "ads", "sum": "spend", "where": f"clicks > {number}"}
        return {"ratio": {"numerator": spend, "denominator": {"dataset": "orders", **measure}}}
    if kind == "growth":
        return {"growth": {"of": f"metric_{number - 2}", "versus": "previous_period"}}
    if kind == "derived":
        inputs = {"a": {"kpi": f"metric_{number - 3}"}, "b": {"kpi": f"metric_{number - 2}"}}
        return {"derived": {"formula": f"a / b * {number}", "inputs": inputs}}
    return {"cumulative": {"of": f"metric_{number - 4}", "to_date": "month"}}
