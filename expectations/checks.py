"""The checks of every KPI: of its sources, its inputs, its periods and its value.

Each is one small function from a KPI's spec to a check of its evidence, or to None. A check reads
one evidence column and says which values pass. `suites.py` turns it into a Great Expectations
expectation; nothing else decides whether it passes.
"""

from expectations import reasons
from expectations.check import Check, Unit
from kpi_specs.language.expressions import is_column
from kpi_specs.language.kpi import Kpi


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
        "{types_wrong} of another type {type_name} {type_column} {type_found}", allowed=(0,),
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


def _inputs_are_as_usual(kpi: Kpi) -> Check | None:
    if not kpi.metric.inputs:
        return None
    return Check(
        "inputs_are_as_usual", reasons.INPUT_UNUSUAL, "inputs_warned",
        "{inputs_warned} with a warning {upstream_period}", allowed=(0,),
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


def _period_is_due_or_has_enough(kpi: Kpi) -> Check | None:
    if all(unit(kpi) is None for unit in _ENOUGH):
        return None
    return Check(
        "period_is_due_or_has_enough", reasons.NOT_ENOUGH_YET, "not_enough_yet",
        "{sample_size:g} so far, due {due_at}", allowed=(0,),
    )  # fmt: skip


_ENOUGH: tuple[Unit, ...] = (
    _denominator_is_not_zero, _base_is_above_zero, _sample_is_large_enough,
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


CHECKS: tuple[Unit, ...] = (
    _table_is_computed,
    _sources_are_there,
    _columns_are_there,
    _columns_are_of_their_type,
    _current_input_is_measured,
    _base_input_is_measured,
    _inputs_are_as_usual,
    _base_period_exists,
    _history_is_long_enough,
    _period_is_due_or_complete_so_far,
    _something_is_measured,
    _some_rows_lack_the_dimension,
    _events_name_their_entity,
    _compared_values_are_numbers,
    _denominator_is_not_zero,
    _base_is_above_zero,
    _sample_is_large_enough,
    _period_is_due_or_has_enough,
    _value_is_finite,
    _value_is_in_range,
)


def _spec_is_valid(kpi: Kpi) -> Check | None:
    del kpi
    return Check(
        "spec_is_valid", reasons.SPEC_INVALID, "spec_invalid", "{own_problem}", allowed=(0,),
    )  # fmt: skip


def _specs_of_its_inputs_are_valid(kpi: Kpi) -> Check | None:
    del kpi
    return Check(
        "specs_of_its_inputs_are_valid", reasons.INPUT_SPEC_INVALID, "rests_on_invalid",
        "{problem_of_inputs}", allowed=(0,),
    )  # fmt: skip


# Of the KPIs that an invalid spec withholds; of others the loader has asked before.
SPEC_CHECKS: tuple[Unit, ...] = (_spec_is_valid, _specs_of_its_inputs_are_valid)
