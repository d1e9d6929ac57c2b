"""What the specs say, as small temporary tables that the evidence SQL joins.

spec_clock          one row: as_of, history_from
spec_kpis           one row per KPI and cadence
spec_kpi_sources    KPI -> its sources, in order
spec_kpi_datasets   KPI -> its datasets
spec_follow_ups     KPI that waits for later events -> their dataset and its sources
spec_inputs         KPI -> the KPIs whose values it is computed from, and which of their rows
spec_lent           KPI -> cadences that it is judged in for KPIs over it alone, its own finer ones
spec_stand_ins      KPI that stands in for another one's input -> that one
spec_kpi_keys       KPI -> the datasets that it reads itself: their keys, and who answers for them
spec_kpi_joins      KPI -> the joins that its slices need, in order
spec_grain          KPI -> its slices
spec_undated        source without days of its own -> datasets that are all that tells of it
spec_sources        one row per source: its promise, and what preflight found
spec_mistyped       source or KPI -> its column that is of another type than declared or needed
spec_requirements   KPI -> what is counted by day, week or month (`jalali weekly`: of that
                    calendar), and how many rows each must have
spec_closed_days    source or dataset -> days without rows by contract: 12-25, or 2017-07-04
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import astuple
from typing import TYPE_CHECKING

from expectations.key_facts import datasets_read
from expectations.missing import Preflight
from expectations.mistyped import Mistyped
from expectations.spec_kpis import KPI_COLUMNS, kpi_rows
from expectations.spec_sources import (
    SOURCE_COLUMNS,
    closed_rows,
    follow_up_rows,
    followed,
    numerator_sources,
    requirement_rows,
    source_rows,
    sources_of,
    undated_rows,
)
from expectations.sql import write_temp
from kpi_specs.language.cadence import is_coarser
from kpi_specs.language.kpi import Kpi
from kpi_specs.language.metrics.base import Input
from kpi_specs.language.project import Project
from kpi_specs.language.slices import in_order, slice_name, slice_value

if TYPE_CHECKING:
    import duckdb


def write_spec_facts(
    con: "duckdb.DuckDBPyConnection",
    project: Project,
    found: Preflight,
    mistyped: Mapping[str, Mistyped],
    *,
    as_of: dt.date,
    failures: Mapping[str, tuple[str, str]],
) -> None:
    """Write all spec_* tables.

    Args:
        con: Connection to the warehouse.
        project: The specs.
        found: What preflight found.
        mistyped: KPI -> the column of a mart that is of another type than it needs.
        as_of: The clock.
        failures: KPI -> (the KPI whose computation failed, message), see `spread_failures`.
    """
    clock = [(as_of, project.settings.history_from)]
    write_temp(con, "spec_clock", "as_of date, history_from date", clock)
    write_temp(con, "spec_kpis", KPI_COLUMNS, kpi_rows(project, found, failures))
    write_temp(con, "spec_sources", SOURCE_COLUMNS, source_rows(project, found, as_of))
    write_temp(
        con,
        "spec_kpi_sources",
        "kpi varchar, position integer, source varchar, feeds_numerator boolean, "
        "is_followed boolean",
        (
            (
                name, position, source, source in numerator_sources(project, kpi),
                source in sources_of(project, followed(project, kpi)),
            )
            for name, kpi in project.kpis.items()
            for position, source in enumerate(_sources_of(project, kpi, found))
        ),
    )  # fmt: skip
    write_temp(
        con,
        "spec_mistyped",
        "kpi varchar, what varchar, name varchar, column_name varchar, declared varchar, "
        "found varchar, source varchar",
        (
            (kpi, *astuple(one))
            for kpi, one in [*mistyped.items(), *(("", one) for one in found.mistyped.values())]
        ),
    )
    write_temp(con, "spec_undated", "source varchar, dataset varchar", undated_rows(project))
    write_temp(
        con,
        "spec_kpi_datasets",
        "kpi varchar, dataset varchar",
        ((name, d) for name, kpi in project.kpis.items() for d in project.datasets_of(kpi)),
    )
    write_temp(
        con,
        "spec_follow_ups",
        "kpi varchar, dataset varchar, source varchar",
        follow_up_rows(project),
    )
    write_temp(
        con,
        "spec_inputs",
        "kpi varchar, position integer, upstream varchar, upstream_words varchar, shift varchar, "
        "slice varchar, slice_value varchar",
        (
            (
                name, position, one.kpi, _words_of(project, one), one.shift,
                *_slice_of(project, one),
            )
            for name, kpi in project.kpis.items()
            for position, one in enumerate(kpi.metric.inputs)
        ),
    )  # fmt: skip
    write_temp(
        con,
        "spec_lent",
        "kpi varchar, cadence varchar, finer varchar",
        (
            (name, cadence, own)
            for name, cadences in project.lent.items()
            for cadence in cadences
            for own in project.kpis[name].cadence
            if own not in cadences and is_coarser(cadence, [own])
        ),
    )
    write_temp(
        con,
        "spec_stand_ins",
        "kpi varchar, stands_in_for varchar",
        ((name, kpi) for name, (kpi, _) in project.stand_ins.items()),
    )
    write_temp(
        con,
        "spec_kpi_joins",
        "kpi varchar, position integer, dataset varchar, model varchar, key_columns varchar, "
        "orphans double, source varchar",
        (
            (
                name, position, dataset.dataset, join.model, ", ".join(join.on.values()),
                join.orphans, join.source or dataset.sources[0],
            )
            for name, kpi in project.kpis.items()
            for position, (dataset, join) in enumerate(project.joins_of(kpi))
        ),
    )  # fmt: skip
    write_temp(
        con,
        "spec_kpi_keys",
        "kpi varchar, position integer, dataset varchar, key_columns varchar, source varchar, "
        "is_followed boolean",
        (
            (
                name, position, d.dataset, ", ".join(d.key), d.sources[0],
                d.dataset in followed(project, kpi),
            )
            for name, kpi in project.kpis.items()
            for position, d in enumerate(datasets_read(project, kpi))
        ),
    )  # fmt: skip
    write_temp(
        con,
        "spec_grain",
        "kpi varchar, slice varchar",
        ((name, slice_name(d)) for name, kpi in project.kpis.items() for d in kpi.grain),
    )
    write_temp(
        con,
        "spec_requirements",
        "kpi varchar, position integer, kind varchar, id varchar, source varchar, span varchar, "
        "min_rows bigint, is_followed boolean",
        requirement_rows(project),
    )
    write_temp(
        con,
        "spec_closed_days",
        "kind varchar, id varchar, day varchar",
        closed_rows(project),
    )


def _sources_of(project: Project, kpi: Kpi, found: Preflight) -> tuple[str, ...]:
    """The sources that a KPI rests on, and those that keep its datasets from being computed.

    A source that serves a join alone is one of these where its table cannot be read: parts of all
    KPIs of a dataset stand in one table.
    """
    rests_on = project.sources_of(kpi)
    if kpi.kpi not in found.kpis_left_out:
        return rests_on
    at_fault = {*found.missing_sources, *found.missing_columns, *found.mistyped}
    at_fault -= found.sources_without_rows
    joins = (join for d in project.datasets_of(kpi) for join in project.datasets[d].joins)
    joined = (join.source for join in joins if join.source in at_fault)
    return tuple(dict.fromkeys(one for one in (*rests_on, *joined) if one is not None))


def _words_of(project: Project, one: Input) -> str:
    """What an input is called where it is told of."""
    _, name = project.stand_ins.get(one.kpi, ("", ""))
    return f"its input '{name}'" if name else one.kpi


def _slice_of(project: Project, one: Input) -> tuple[str, str]:
    """The slice that an input is always taken from; empty texts: the row's own."""
    if one.slice_of is None:
        return "", ""
    wanted = dict(one.slice_of)
    named = in_order(wanted, project.kpis[one.kpi].grain)
    return slice_name(named), slice_value([wanted[d] for d in named])
