"""A metric in words reads as it is computed: what belongs together is in brackets."""

from typing import Any

import pytest

from kpi_specs.language.metrics.measure import Measure
from kpi_specs.language.metrics.ratio import Ratio

MEASURES = {
    "sum of amount": {"sum": "amount"},
    "sum of (price * quantity)": {"sum": "price * quantity"},
    "sum of (coalesce(cost, 0)) where channel = 'search'": {
        "sum": "coalesce(cost, 0)", "where": "channel = 'search'",
    },
    "rows": {"count": "rows"},
    "distinct customer_id where is_paid": {"count_distinct": "customer_id", "where": "is_paid"},
    "rows where quantity > 100": {"sum_boolean": "quantity > 100"},
    "median (closed_on - opened_on)": {"median": "closed_on - opened_on"},
    "percentile 0.9 of (price - cost)": {"percentile": {"of": "price - cost", "at": 0.9}},
}  # fmt: skip
RATIOS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "sum of clicks / sum of impressions": ({"sum": "clicks"}, {"sum": "impressions"}),
    "sum of (revenue - cost) / sum of (cost + fee)": (
        {"sum": "revenue - cost"}, {"sum": "cost + fee"},
    ),
    "(rows where status = 'won') / rows": (
        {"count": "rows", "where": "status = 'won'"}, {"count": "rows"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("words", MEASURES)
def test_a_measure_in_words(words: str) -> None:
    assert Measure.model_validate(MEASURES[words]).words == words


@pytest.mark.parametrize("words", RATIOS)
def test_a_ratio_in_words(words: str) -> None:
    numerator, denominator = RATIOS[words]
    ratio = Ratio.model_validate({"numerator": numerator, "denominator": denominator})
    assert ratio.words == words
