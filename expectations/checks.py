"""The checks: each is one small function from a KPI's spec to a check of its evidence, or to None.

A check reads one evidence column and says which values pass. `suites.py` turns it into a Great
Expectations expectation; nothing else decides whether it passes.
"""

from collections.abc import Callable
from dataclasses import dataclass

from expectations import reasons
from expectations.reasons import Reason
from kpi_specs.language.expressions import is_column
from kpi_specs.language.kpi import Kpi


@dataclass(frozen=True)
class Check:
    """One check of one evidence column; exactly one of `allowed` and `at_least` is set.

    Attributes:
        name: A sentence in snake case that is true when the check passes.
        reason: What it means when it fails.
        column: Column of `audit.evidence`.
        observed: Template over the evidence columns, for `audit.checks`.
        allowed: Values that pass.
        at_least: The smallest value that passes.
    """

    name: str
    reason: Reason
    column: str
    observed: str
    allowed: tuple[int | str, ...] | None = None
    at_least: float | None = None

    @property
    def expected(self) -> str:
        """What passes, in words."""
        if self.allowed in ((0,), (1,)):
            return "yes"  # the name is a sentence: it has to be true
        if self.allowed is not None:
            return " or ".join(str(value) for value in self.allowed)
        return f"at least {self.at_least:g}"


def _table_is_computed(kpi: Kpi) -> Check | None:
    del kpi  # holds for every KPI
    return Check(
        "table_is_computed", reasons.COMPUTE_ERROR, "compute_failed",
        "{compute_message}", allowed=(0,),
    )  # fmt: skip


def _sources_are_there(kpi: Kpi) -> Check | None:
    del kpi
    return Check(
        "sources_are_there", reasons.SOURCE_MISSING, "sources_missing",
        "{sources_missing} missing {missing_source}", allowed=(0,),
    )  # fmt: skip


def _columns_are_there(kpi: Kpi) -> Check | None:
    del kpi
    return Check(
        "columns_are_there", reasons.COLUMN_MISSING, "columns_missing",
        "{columns_missing} lacking {column_source} {missing_columns}", allowed=(0,),
    )  # fmt: skip


def _columns_are_of_their_type(kpi: Kpi) -> Check | None:
    del kpi
    return Check(
        "columns_are_of_their_type", reasons.TYPE_MISMATCH, "types_wrong",
        "{types_wrong} of another type {type_name} {type_column}: {type_found}", allowed=(0,),
    )  # fmt: skip


def _current_input_is_measured(kpi: Kpi) -> Check | None:
    if all(one.shift != "none" for one in kpi.metric.inputs):
        return None
    # A pending input makes the row pending (waiting, warming_up), not unmeasurable.
    return Check(
        "current_input_is_measured", reasons.UPSTREAM_UNMEASURABLE, "upstream_current",
        "{upstream_current}", allowed=("final", "provisional", "pending"),
    )  # fmt: skip


def _base_input_is_measured(kpi: Kpi) -> Check | None:
    if all(one.shift == "none" for one in kpi.metric.inputs):
        return None
    # An absent base lies before the first period, that is warm-up; of the others there is none.
    return Check(
        "base_input_is_measured", reasons.UPSTREAM_UNMEASURABLE, "upstream_base",
        "{upstream_base} in {base_period}",
        allowed=("final", "provisional", "pending", "absent", "never"),
    )  # fmt: skip


def _base_period_exists(kpi: Kpi) -> Check | None:
    if all(one.shift != "same_period_last_year" for one in kpi.metric.inputs):
        return None
    return Check(
        "base_period_exists", reasons.NO_BASE_PERIOD, "never_compared",
        "{never_upstream} a year before {period}", allowed=(0,),
    )  # fmt: skip


def _history_is_long_enough(kpi: Kpi) -> Check | None:
    del kpi
    return Check(
        "history_is_long_enough", reasons.WARM_UP, "warming_up",
        "data from {first_day}", allowed=(0,),
    )  # fmt: skip


def _period_is_due_or_complete_so_far(kpi: Kpi) -> Check | None:
    del kpi
    return Check(
        "period_is_due_or_complete_so_far", reasons.NOT_DUE, "waiting",
        "{present_days} of {expected_days} days, due {due_at}", allowed=(0,),
    )  # fmt: skip


def _sources_are_fresh(kpi: Kpi) -> Check | None:
    if kpi.metric.only_inputs:
        return None  # they are judged for that
    return Check(
        "sources_are_fresh", reasons.SOURCE_STALE, "sources_stale",
        "{sources_stale} late, data through {data_through} {stale_source}", allowed=(0,),
    )  # fmt: skip


def _rows_are_readable(kpi: Kpi) -> Check | None:
    if kpi.metric.only_inputs:
        return None
    return Check(
        "rows_are_readable", reasons.ROWS_UNREADABLE, "readable_share",
        "{readable_days} of {expected_days} days, {rejected_lines} lines rejected "
        "{unreadable_files}",
        at_least=_coverage(kpi),
    )  # fmt: skip


def _rows_are_dated(kpi: Kpi) -> Check | None:
    if kpi.metric.only_inputs:
        return None
    return Check(
        "rows_are_dated", reasons.ROWS_UNDATED, "undated_rows",
        "{undated_rows} rows without a date {undated_dataset}", allowed=(0,),
    )  # fmt: skip


def _mart_agrees_with_raw(kpi: Kpi) -> Check | None:
    if kpi.metric.only_inputs:
        return None  # they are judged for that
    return Check(
        "mart_agrees_with_raw", reasons.MART_DIFFERS, "recon_differences",
        "{recon_differences} differences {recon_days} {recon_what} {recon_observed} "
        "{recon_expected}",
        allowed=(0,),
    )  # fmt: skip


def _days_are_there(kpi: Kpi) -> Check | None:
    if kpi.metric.only_inputs:
        return None
    return Check(
        "days_are_there", reasons.PERIOD_INCOMPLETE, "day_share",
        "{present_days} of {expected_days} days {absent_days}",
        at_least=_coverage(kpi),
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


def _something_is_measured(kpi: Kpi) -> Check | None:
    del kpi
    return Check(
        "something_is_measured", reasons.NO_ROWS, "nothing_measured",
        "{row_count} rows, value {observed_value}", allowed=(0,),
    )  # fmt: skip


def _some_rows_lack_the_dimension(kpi: Kpi) -> Check | None:
    if all(slice_ == () for slice_ in kpi.grain):
        return None
    return Check(
        "some_rows_lack_the_dimension", reasons.NOTHING_WITHOUT, "nothing_without",
        "{row_count} rows of {slice_value}", allowed=(0,),
    )  # fmt: skip


def _numerator_is_measured(kpi: Kpi) -> Check | None:
    if not kpi.metric.divides or kpi.metric.only_inputs or len(kpi.metric.datasets) == 1:
        return None  # without another dataset the rows of the denominator are its own
    return Check(
        "numerator_is_measured", reasons.NO_NUMERATOR_ROWS, "numerator_ended",
        "value {observed_value}, {numerator_source} through {numerator_through}", allowed=(0,),
    )  # fmt: skip


def _source_is_open(kpi: Kpi) -> Check | None:
    if kpi.metric.only_inputs:
        return None
    return Check(
        "source_is_open", reasons.CLOSED, "closed_throughout",
        "{expected_days} days expected, {row_count} rows", allowed=(0,),
    )  # fmt: skip


def _rows_have_their_own_key(kpi: Kpi) -> Check | None:
    if kpi.metric.only_inputs:
        return None  # they are judged for that
    return Check(
        "rows_have_their_own_key", reasons.DUPLICATE_KEYS, "duplicate_rows",
        "{duplicate_rows} rows share theirs {duplicate_example}", allowed=(0,),
    )  # fmt: skip


def _values_are_allowed(kpi: Kpi) -> Check | None:
    if kpi.metric.only_inputs:
        return None  # they are judged for that
    return Check(
        "values_are_allowed", reasons.DOMAIN_VIOLATION, "domain_rows",
        "{domain_rows} rows hold others {domain_example}", allowed=(0,),
    )  # fmt: skip


def _amounts_keep_their_unit(kpi: Kpi) -> Check | None:
    if kpi.metric.only_inputs:
        return None  # they are judged for that
    return Check(
        "amounts_keep_their_unit", reasons.UNIT_JUMP, "jumped_days",
        "{jumped_days} days jumped {jump_column}{jump_of} {jump_was} {jump_now} {jump_day}",
        allowed=(0,),
    )  # fmt: skip


def _rows_are_in_one_unit(kpi: Kpi) -> Check | None:
    if kpi.metric.only_inputs:
        return None  # they are judged for that
    return Check(
        "rows_are_in_one_unit", reasons.MIXED_UNIT, "mixed_units", "{unit_found}", allowed=(0,)
    )


def _sources_agree_with_their_records(kpi: Kpi) -> Check | None:
    if kpi.metric.only_inputs:
        return None  # they are judged for that
    return Check(
        "sources_agree_with_their_records", reasons.SOURCE_DIFFERS, "record_differences",
        "{record_differences} differences {record_days} {record_what} {record_observed} "
        "{record_expected}",
        allowed=(0,),
    )  # fmt: skip


def _measure_is_not_empty(kpi: Kpi) -> Check | None:
    if kpi.metric.only_inputs:
        return None  # they are judged for that
    return Check(
        "measure_is_not_empty", reasons.NULL_MEASURE, "null_measure",
        "{row_count} rows, value {observed_value}", allowed=(0,),
    )  # fmt: skip


def _events_name_their_entity(kpi: Kpi) -> Check | None:
    if kpi.metric.conversion is None and kpi.metric.definition.definition_of is None:
        return None  # what it takes over may be a conversion
    return Check(
        "events_name_their_entity", reasons.NAMELESS, "nameless_rows",
        "{nameless_rows} rows on days without one {nameless_entity}", allowed=(0,),
    )  # fmt: skip


def _compared_values_are_numbers(kpi: Kpi) -> Check | None:
    measures = kpi.metric.measures
    compares = any(
        one.where or one.count_distinct or not is_column(one.expression) for one in measures
    )
    if not compares and kpi.metric.definition.definition_of is None:
        return None
    return Check(
        "compared_values_are_numbers", reasons.NAN_COMPARED, "nan_rows",
        "{nan_rows} rows with NaN {nan_column}", allowed=(0,),
    )  # fmt: skip


def _denominator_is_not_zero(kpi: Kpi) -> Check | None:
    if not kpi.metric.divides and kpi.metric.definition.definition_of is None:
        return None
    return Check(
        "denominator_is_not_zero", reasons.ZERO_DENOMINATOR, "zero_denominator",
        "{sample_size:g} over {row_count} rows", allowed=(0,),
    )  # fmt: skip


def _base_is_above_zero(kpi: Kpi) -> Check | None:
    if kpi.metric.growth is None:
        return None
    return Check(
        "base_is_above_zero", reasons.NEGATIVE_BASE, "negative_base", "{sample_size:g}",
        allowed=(0,),
    )  # fmt: skip


def _sample_is_large_enough(kpi: Kpi) -> Check | None:
    if kpi.availability.min_sample is None:
        return None
    return Check(
        "sample_is_large_enough", reasons.LOW_SAMPLE, "sample_ok",
        "{sample_size:g} of {min_sample:g}", allowed=(1,),
    )  # fmt: skip


def _value_is_finite(kpi: Kpi) -> Check | None:
    del kpi
    return Check(
        "value_is_finite", reasons.NOT_FINITE, "value_finite", "{observed_value}", allowed=(1,)
    )


def _value_is_in_range(kpi: Kpi) -> Check | None:
    if kpi.availability.valid_range is None:
        return None
    return Check(
        "value_is_in_range", reasons.OUT_OF_RANGE, "value_in_range",
        "{observed_value}, valid: {valid_range}", allowed=(1,),
    )  # fmt: skip


def _rows_are_as_many_as_usual(kpi: Kpi) -> Check | None:
    if kpi.metric.only_inputs:
        return None
    return Check(
        "rows_are_as_many_as_usual", reasons.VOLUME_ANOMALY, "volume_days",
        "{volume_days} unusual days {volume_source} {volume_rows} rows on {volume_day}, usually "
        "{volume_usual:g}",
        allowed=(0,),
    )  # fmt: skip


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


CHECKS: tuple[Callable[[Kpi], Check | None], ...] = (
    _table_is_computed,
    _sources_are_there,
    _columns_are_there,
    _columns_are_of_their_type,
    _current_input_is_measured,
    _base_input_is_measured,
    _base_period_exists,
    _history_is_long_enough,
    _period_is_due_or_complete_so_far,
    _sources_are_fresh,
    _rows_are_readable,
    _rows_are_dated,
    _mart_agrees_with_raw,
    _days_are_there,
    _something_is_measured,
    _some_rows_lack_the_dimension,
    _numerator_is_measured,
    _source_is_open,
    _rows_have_their_own_key,
    _values_are_allowed,
    _amounts_keep_their_unit,
    _rows_are_in_one_unit,
    _sources_agree_with_their_records,
    _measure_is_not_empty,
    _events_name_their_entity,
    _compared_values_are_numbers,
    _denominator_is_not_zero,
    _base_is_above_zero,
    _sample_is_large_enough,
    _value_is_finite,
    _value_is_in_range,
    _rows_are_as_many_as_usual,
)

# Only for a KPI that rests on days before those whose rows it takes.
LOOK_BACK_CHECKS: tuple[Callable[[Kpi], Check | None], ...] = (_earlier_days_are_there,)

# Only for a KPI whose slices need a joined table.
JOIN_CHECKS: tuple[Callable[[Kpi], Check | None], ...] = (
    _joined_keys_stand_once,
    _joins_add_no_rows,
    _joins_find_a_match,
)
