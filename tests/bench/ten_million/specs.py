"""The benchmark's KPIs, compiled by the product; and the models built as dbt would build them."""

from pathlib import Path
from typing import Any

from kpi_specs.language.project import Project
from tests import compiled as specs
from tests.bench.ten_million.data import FIRST

SLICES = [[], ["channel"], ["channel", "country"]]
SO_FAR = "order_lines_so_far"  # the order lines up to a day
CADENCES = ["daily", "weekly", "monthly"]


def project(*, more: int = 0, incremental: bool = False) -> Project:
    """The twenty KPIs, and `more` ratios of the parts that these have anyway.

    With `incremental` those of the order lines alone, whose table is one that is incremental.
    """
    import yaml

    text = Path(__file__).with_name("kpis.yml").read_text(encoding="utf-8")
    metrics: dict[str, Any] = {**yaml.safe_load(text), **_ratios(more)}
    if incremental:
        metrics = {
            name: metric
            for name, metric in metrics.items()
            if metric.get("dataset", "order_lines") == "order_lines"
        }
    datasets = {
        "order_lines": specs.dataset(
            "order_lines", time="ordered_on", key=["line_id"], dimensions=["channel", "country"]
        ),
        "sessions": specs.dataset(
            "sessions", time="started_on", key=["session_id"], dimensions=["channel", "country"]
        ),
        "balances": specs.dataset(
            "balances",
            time="balance_on",
            key=["account_id", "balance_on"],
            dimensions=["channel", "country"],
        ),
    }
    models = {name: d.model_copy(update={"model": f"fct_{name}"}) for name, d in datasets.items()}
    if incremental:
        so_far = {"model": SO_FAR, "incremental": True}
        models["order_lines"] = models["order_lines"].model_copy(update=so_far)
    return Project(
        Path(),
        specs.settings(FIRST),
        datasets=models,
        kpis={
            name: specs.kpi(
                name,
                metric,
                cadence=CADENCES,
                grain=SLICES,
                availability={"warm_up": "30 days"},
            )
            for name, metric in metrics.items()
        },
    )


def _ratios(count: int) -> dict[str, Any]:
    """Every measure of the order lines over every other one, `count` of them."""
    measures = [
        {"sum": "amount"}, {"sum": "quantity"}, {"sum": "discount"}, {"count": "rows"},
        {"sum_boolean": "is_returned"}, {"count_distinct": "order_id"},
        {"count_distinct": "customer_id"}, {"max": "amount"},
        {"count": "rows", "where": "is_returned"}, {"sum": "amount", "where": "is_returned"},
    ]  # fmt: skip
    pairs = [(a, b) for a in measures for b in measures if a != b]
    return {
        f"ratio_{n}": {"dataset": "order_lines", "ratio": {"numerator": a, "denominator": b}}
        for n, (a, b) in enumerate(pairs[:count])
    }
