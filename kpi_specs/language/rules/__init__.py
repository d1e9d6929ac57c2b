"""The rules between specs: each is one small function with one sentence saying what it forbids.

A rule takes the RuleContext and yields problems. To add one: write it in the module of its theme,
add it to RULES, and give it an invalid and a valid case in `tests/cases/rules/`.
"""

from collections.abc import Callable, Iterator

from kpi_specs.language.problems import Problem
from kpi_specs.language.rules.calendars import calendars_are_set_up, inputs_have_the_calendar
from kpi_specs.language.rules.context import RuleContext
from kpi_specs.language.rules.data import (
    columns_exist,
    dataset_exists,
    dataset_parts_exist,
    expressions_bind,
    grain_fits_the_dataset,
    moments_are_moments,
    slices_are_in_the_order_of_the_dataset,
    source_columns_exist,
    types_fit,
)
from kpi_specs.language.rules.databases import (
    database_address_is_not_written,
    database_file_is_of_the_project,
    database_has_no_format,
    database_is_only_read,
    kind_says_where_rows_are,
)
from kpi_specs.language.rules.definitions import (
    change_is_explained,
    definitions_differ,
    min_sample_has_a_denominator,
    only_a_kpi_leads_to_a_kri,
    scale_fits_the_unit,
    valid_range_has_its_sides,
)
from kpi_specs.language.rules.examples import (
    example_rows_are_rows,
    example_rows_have_nothing_else,
    example_rows_have_what_is_read,
)
from kpi_specs.language.rules.joins import (
    join_columns_are_of_one_kind,
    join_has_a_source,
    join_parts_exist,
    joins_and_dimensions_stand_once,
)
from kpi_specs.language.rules.limits import (
    column_limits_fit_its_type,
    expected_values_are_of_columns,
    restating_source_has_days,
)
from kpi_specs.language.rules.metrics import (
    cadence_not_finer_than_the_source,
    complete_is_as_fine_as_the_cadence,
    inputs_have_the_cadence,
    leads_to_exists,
    metric_types_hold,
    no_kpi_is_computed_from_itself,
    stand_ins_have_names_of_their_own,
    used_kpis_exist,
)
from kpi_specs.language.rules.names import (
    dataset_name_is_free,
    dimension_name_is_free,
    entity_is_a_column,
    kpi_name_is_free,
    source_column_name_is_free,
)
from kpi_specs.language.rules.people import (
    objective_chain_reaches_a_strategic_root,
    objective_exists,
    objective_has_a_kpi,
    objective_has_kpis_of_both_kinds,
    owner_exists,
    owner_has_an_alert_route,
    owner_has_few_kpis,
    subscription_is_of_a_kpi,
)
from kpi_specs.language.rules.project import (
    clock_lies_in_the_history,
    time_zones_exist,
    webhook_is_an_address,
)
from kpi_specs.language.rules.reconcile import (
    reconciled_columns_are_numbers,
    reconciled_source_has_days,
)
from kpi_specs.language.rules.records import (
    record_has_days_and_numbers,
    record_mart_is_of_the_source,
    record_source_brings_totals,
    record_totals_are_of_periods,
)
from kpi_specs.language.rules.review import (
    review_dates_are_in_order,
    review_is_not_overdue,
    target_moves,
)
from kpi_specs.language.rules.slice_values import slice_values_exist
from kpi_specs.language.rules.smart import smart_letters_are_met
from kpi_specs.language.rules.sources import (
    dated_ahead_needs_a_day,
    event_time_is_a_time,
    files_belong_to_one_source,
    files_can_be_read,
    limits_are_in_order,
)
from kpi_specs.language.rules.spans import (
    covered_spans_are_not_cut,
    months_are_those_of_the_calendar,
)
from kpi_specs.language.rules.target_inputs import (
    target_kpi_exists,
    target_kpi_is_comparable,
    target_kpis_have_no_cycle,
    target_split_is_whole,
)
from kpi_specs.language.rules.target_numbers import (
    target_factor_is_a_factor,
    target_lies_in_the_valid_range,
)
from kpi_specs.language.rules.target_sums import target_holds_for_a_period, targets_of_parts_add_up
from kpi_specs.language.rules.targets import (
    target_has_a_reason,
    target_has_the_sides_of_its_direction,
    target_names_its_cadence,
    target_says_one_thing,
    target_slice_is_in_the_grain,
    target_warning_is_on_the_right_side,
    targets_do_not_overlap,
)
from kpi_specs.language.rules.times import (
    dataset_time_is_a_day,
    moments_share_a_zone,
    source_times_have_a_zone,
)
from kpi_specs.language.rules.words import titles_are_unique, words_are_in_every_language

Rule = Callable[[RuleContext], Iterator[Problem]]

RULES: tuple[Rule, ...] = (
    time_zones_exist,
    clock_lies_in_the_history,
    webhook_is_an_address,
    calendars_are_set_up,
    inputs_have_the_calendar,
    words_are_in_every_language,
    titles_are_unique,
    kpi_name_is_free,
    dataset_name_is_free,
    source_column_name_is_free,
    dimension_name_is_free,
    objective_exists,
    objective_chain_reaches_a_strategic_root,
    objective_has_a_kpi,
    objective_has_kpis_of_both_kinds,
    owner_exists,
    owner_has_an_alert_route,
    owner_has_few_kpis,
    subscription_is_of_a_kpi,
    source_columns_exist,
    dated_ahead_needs_a_day,
    event_time_is_a_time,
    limits_are_in_order,
    files_can_be_read,
    files_belong_to_one_source,
    kind_says_where_rows_are,
    database_has_no_format,
    database_address_is_not_written,
    database_file_is_of_the_project,
    database_is_only_read,
    dataset_parts_exist,
    dataset_time_is_a_day,
    source_times_have_a_zone,
    column_limits_fit_its_type,
    expected_values_are_of_columns,
    restating_source_has_days,
    join_parts_exist,
    join_has_a_source,
    join_columns_are_of_one_kind,
    joins_and_dimensions_stand_once,
    reconciled_source_has_days,
    reconciled_columns_are_numbers,
    record_has_days_and_numbers,
    record_source_brings_totals,
    record_totals_are_of_periods,
    record_mart_is_of_the_source,
    dataset_exists,
    columns_exist,
    types_fit,
    expressions_bind,
    moments_are_moments,
    entity_is_a_column,
    moments_share_a_zone,
    grain_fits_the_dataset,
    slices_are_in_the_order_of_the_dataset,
    definitions_differ,
    change_is_explained,
    scale_fits_the_unit,
    valid_range_has_its_sides,
    min_sample_has_a_denominator,
    smart_letters_are_met,
    review_dates_are_in_order,
    review_is_not_overdue,
    leads_to_exists,
    only_a_kpi_leads_to_a_kri,
    used_kpis_exist,
    no_kpi_is_computed_from_itself,
    inputs_have_the_cadence,
    stand_ins_have_names_of_their_own,
    metric_types_hold,
    cadence_not_finer_than_the_source,
    complete_is_as_fine_as_the_cadence,
    covered_spans_are_not_cut,
    months_are_those_of_the_calendar,
    target_has_a_reason,
    targets_do_not_overlap,
    target_says_one_thing,
    target_has_the_sides_of_its_direction,
    target_warning_is_on_the_right_side,
    target_factor_is_a_factor,
    target_lies_in_the_valid_range,
    target_slice_is_in_the_grain,
    target_names_its_cadence,
    target_moves,
    target_split_is_whole,
    target_kpi_exists,
    target_kpi_is_comparable,
    target_kpis_have_no_cycle,
    target_holds_for_a_period,
    targets_of_parts_add_up,
    slice_values_exist,
    example_rows_are_rows,
    example_rows_have_what_is_read,
    example_rows_have_nothing_else,
)

__all__ = ["RULES", "Rule", "RuleContext"]
