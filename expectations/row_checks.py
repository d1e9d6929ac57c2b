"""The checks of the rows that a KPI reads itself; KPIs that it is computed from have their own.

Built like those of `checks.py`.
"""

from expectations import reasons
from expectations.check import Check, Unit
from kpi_specs.language.kpi import Kpi


def _sources_are_fresh(kpi: Kpi) -> Check | None:
    del kpi
    return Check(
        "sources_are_fresh", reasons.SOURCE_STALE, "sources_stale",
        "{sources_stale} late, data through {data_through} {stale_source}", allowed=(0,),
    )  # fmt: skip


def _rows_are_readable(kpi: Kpi) -> Check | None:
    return Check(
        "rows_are_readable", reasons.ROWS_UNREADABLE, "readable_share",
        "{readable_days} of {expected_days} days, {rejected_lines} lines rejected "
        "{unreadable_files}",
        at_least=_coverage(kpi),
    )  # fmt: skip


def _rows_are_dated(kpi: Kpi) -> Check | None:
    del kpi
    return Check(
        "rows_are_dated", reasons.ROWS_UNDATED, "undated_rows",
        "{undated_rows} rows without a date {undated_dataset}", allowed=(0,),
    )  # fmt: skip


def _mart_agrees_with_raw(kpi: Kpi) -> Check | None:
    del kpi
    return Check(
        "mart_agrees_with_raw", reasons.MART_DIFFERS, "recon_differences",
        "{recon_differences} differences {recon_days} {recon_what} {recon_observed} "
        "{recon_expected}",
        allowed=(0,),
    )  # fmt: skip


def _days_are_there(kpi: Kpi) -> Check | None:
    return Check(
        "days_are_there", reasons.PERIOD_INCOMPLETE, "day_share",
        "{present_days} of {expected_days} days {absent_days}",
        at_least=_coverage(kpi),
    )  # fmt: skip


def _numerator_is_measured(kpi: Kpi) -> Check | None:
    if not kpi.metric.divides or len(kpi.metric.datasets) == 1:
        return None  # without another dataset the rows of the denominator are its own
    return Check(
        "numerator_is_measured", reasons.NO_NUMERATOR_ROWS, "numerator_ended",
        "value {observed_value} {numerator_seen}", allowed=(0,),
    )  # fmt: skip


def _no_part_of_a_zero_is_empty(kpi: Kpi) -> Check | None:
    if len(kpi.metric.datasets) == 1:
        return None
    return Check(
        "no_part_of_a_zero_is_empty", reasons.EMPTY_PART, "part_empty",
        "value {observed_value} over {row_count} rows", allowed=(0,),
    )  # fmt: skip


def _source_is_open(kpi: Kpi) -> Check | None:
    del kpi
    return Check(
        "source_is_open", reasons.CLOSED, "closed_throughout",
        "{expected_days} days expected, {row_count} rows", allowed=(0,),
    )  # fmt: skip


def _rows_have_their_own_key(kpi: Kpi) -> Check | None:
    del kpi
    return Check(
        "rows_have_their_own_key", reasons.DUPLICATE_KEYS, "duplicate_rows",
        "{duplicate_rows} rows share theirs {duplicate_example}", allowed=(0,),
    )  # fmt: skip


def _values_are_allowed(kpi: Kpi) -> Check | None:
    del kpi
    return Check(
        "values_are_allowed", reasons.DOMAIN_VIOLATION, "domain_rows",
        "{domain_rows} rows hold others {domain_example}", allowed=(0,),
    )  # fmt: skip


def _amounts_keep_their_unit(kpi: Kpi) -> Check | None:
    del kpi
    return Check(
        "amounts_keep_their_unit", reasons.UNIT_JUMP, "jumped_days",
        "{jumped_days} days jumped {jump_column}{jump_of} {jump_was} {jump_now} {jump_day}",
        allowed=(0,),
    )  # fmt: skip


def _rows_are_in_one_unit(kpi: Kpi) -> Check | None:
    del kpi
    return Check(
        "rows_are_in_one_unit", reasons.MIXED_UNIT, "mixed_units", "{unit_found}", allowed=(0,)
    )


def _sources_agree_with_their_records(kpi: Kpi) -> Check | None:
    del kpi
    return Check(
        "sources_agree_with_their_records", reasons.SOURCE_DIFFERS, "record_differences",
        "{record_differences} differences {record_days} {record_what} {record_observed} "
        "{record_expected}",
        allowed=(0,),
    )  # fmt: skip


def _measure_is_not_empty(kpi: Kpi) -> Check | None:
    del kpi
    return Check(
        "measure_is_not_empty", reasons.NULL_MEASURE, "null_measure",
        "{row_count} rows, value {observed_value}", allowed=(0,),
    )  # fmt: skip


def _rows_are_as_many_as_usual(kpi: Kpi) -> Check | None:
    del kpi
    return Check(
        "rows_are_as_many_as_usual", reasons.VOLUME_ANOMALY, "volume_days",
        "{volume_days} unusual days {volume_seen}", allowed=(0,),
    )  # fmt: skip


def _earlier_days_are_there(kpi: Kpi) -> Check | None:
    return Check(
        "earlier_days_are_there", reasons.EARLIER_INCOMPLETE, "earlier_share",
        "{earlier_present} of {earlier_expected} earlier days {earlier_absent}",
        at_least=_coverage(kpi),
    )  # fmt: skip


def _coverage(kpi: Kpi) -> float:
    complete = kpi.availability.complete
    return complete.coverage if complete else 1.0


def _joined_keys_stand_once(kpi: Kpi) -> Check | None:
    del kpi
    return Check(
        "joined_keys_stand_once", reasons.DUPLICATE_JOIN_KEYS, "doubled_rows",
        "{doubled_rows} rows meet a key twice {doubled_model} {doubled_example}", allowed=(0,),
    )  # fmt: skip


def _joins_add_no_rows(kpi: Kpi) -> Check | None:
    del kpi
    return Check(
        "joins_add_no_rows", reasons.JOIN_FANOUT, "rows_added_by_join",
        "{rows_before_join} rows become {rows_after_join}", allowed=(0,),
    )  # fmt: skip


def _joins_find_a_match(kpi: Kpi) -> Check | None:
    del kpi
    return Check(
        "joins_find_a_match", reasons.JOIN_ORPHANS, "orphan_rows",
        "{orphan_rows} of {orphan_rows_of} rows too many without {orphan_model} {orphan_example}",
        allowed=(0,),
    )  # fmt: skip


ROW_CHECKS: tuple[Unit, ...] = (
    _sources_are_fresh,
    _rows_are_readable,
    _rows_are_dated,
    _mart_agrees_with_raw,
    _days_are_there,
    _numerator_is_measured,
    _no_part_of_a_zero_is_empty,
    _source_is_open,
    _rows_have_their_own_key,
    _values_are_allowed,
    _amounts_keep_their_unit,
    _rows_are_in_one_unit,
    _sources_agree_with_their_records,
    _measure_is_not_empty,
    _rows_are_as_many_as_usual,
)

# Only for a KPI that rests on days before those whose rows it takes.
LOOK_BACK_CHECKS: tuple[Unit, ...] = (_earlier_days_are_there,)

# Only for a KPI whose slices need a joined table.
JOIN_CHECKS: tuple[Unit, ...] = (
    _joined_keys_stand_once,
    _joins_add_no_rows,
    _joins_find_a_match,
)
