"""Amounts of rows by day, and whether two of them are the same: for marts, raw rows and totals.

Differences are tables of the same columns, whatever is compared: what it is about (a dataset or a
source), first_day and last_day, what is counted; observed and observed_at on the one side, expected
and expected_at on the other, their difference, and what would be allowed, in words.
"""

from collections.abc import Mapping

from expectations.business_dates import dataset_day
from expectations.missing import Preflight
from expectations.sql import identifier
from kpi_specs.language.dataset import Dataset
from kpi_specs.language.project import Project
from kpi_specs.language.reconcile import Amount

# What a sum of floating point leaves, of what was added up whatever its sign; exact types are
# compared exactly.
NOISE = 1e-12


def no_differences(object_: str) -> str:
    """SQL of an empty table of differences between what is called so, `dataset` or `source`."""
    texts = "".join(
        f", null::varchar as {text}"
        for text in (
            "what", "observed_at", "observed", "expected_at", "expected", "difference", "allowed",
        )
    )  # fmt: skip
    return (
        f"(select null::varchar as {object_}, null::date as first_day, null::date as last_day"
        f"{texts} limit 0)"
    )


def kpis_without(
    project: Project, found: Preflight, failed: Mapping[tuple[str, str], str]
) -> dict[str, str]:
    """KPIs that rest on a dataset or source whose amounts could not be summed, and why.

    Without them nothing is known of its rows, so the KPI has no value.

    Args:
        project: The specs.
        found: What preflight left out says its own reason.
        failed: `dataset` or `source`, and its id -> message.
    """
    return {
        kpi: failed[one]
        for kpi, spec in project.kpis.items()
        if kpi not in found.kpis_left_out
        for one in (
            *(("dataset", dataset) for dataset in project.read_by(spec)),
            *(("source", source) for source in project.sources_of(spec)),
        )
        if one in failed
    }


def amounts_by_day(day: str, amount: Amount, rows: str) -> str:
    """SQL of business_date, amount and size of some rows; `day` is SQL of a row's business day."""
    return f"""select {day} as business_date, {_amount_sql(amount)} as amount,
                    {size_sql(amount.sum)} as size
                from {rows}
                group by all"""


def mart_by_day(dataset: Dataset, amount: Amount, zone: str) -> str:
    """SQL of business_date, amount and size of a dataset's mart."""
    return amounts_by_day(dataset_day(dataset, zone), amount, f"marts.{identifier(dataset.model)}")


def _amount_sql(amount: Amount) -> str:
    """SQL of an amount of some rows; of none it is 0."""
    return "count(*)" if amount.sum is None else f"coalesce(sum({identifier(amount.sum)}), 0)"


def size_sql(column: str | None) -> str:
    """SQL of the sum of a column's values without their signs, a DOUBLE; of rows it is 0."""
    if column is None:
        return "cast(0 as double)"
    return f"coalesce(sum(abs(cast({identifier(column)} as double))), 0)"


def differs(difference: str, size: str, tolerance: float) -> str:
    """SQL of whether a difference is more than the tolerance and what sums of doubles leave.

    `size` is `size_sql` of both sides: amounts that cancel out leave as much as others.
    """
    is_noisy = f"typeof({difference}) = 'DOUBLE' and isfinite({size})"
    noise = f"if({is_noisy}, {NOISE!r} * {size}, 0)"
    return f"abs({difference}) > {tolerance!r} + {noise}"


def allowed(tolerance: float) -> str:
    """What a tolerance allows, in words."""
    return f"and at most {tolerance:g} is allowed" if tolerance else "and none is allowed"
