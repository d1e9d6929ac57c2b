"""Judges every KPI, period and slice: the one way from computed tables to audit.verdicts."""

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from expectations.cases import write_cases
from expectations.computed import forget, gather, unusable_tables
from expectations.day_facts import write_day_facts
from expectations.decide import decide
from expectations.domain_facts import write_domain_facts
from expectations.entity_facts import write_entity_facts
from expectations.evidence import add_evidence, create_evidence
from expectations.freshness import write_freshness
from expectations.jump_facts import write_jump_facts
from expectations.key_facts import uncountable_keys, write_key_facts
from expectations.lost_starts import mark_lost_starts
from expectations.missing import Preflight, kpis_on, preflight, upstream_first
from expectations.mistyped import Mistyped, mistyped_kpis
from expectations.nan_facts import write_nan_facts
from expectations.recon_facts import compare_amounts, write_recon_facts
from expectations.record_facts import sum_recorded, write_record_facts
from expectations.rejects import write_reject_facts
from expectations.results import create_results, keep
from expectations.spec_facts import write_spec_facts
from expectations.spec_kpis import spread_failures
from expectations.spine import expected_rows, write_known_slices
from expectations.store import pass_on, publish_audit
from expectations.suites import derive_suites
from expectations.summary import VerdictSummary, summarise
from expectations.unit_facts import write_unit_facts
from expectations.validator import Validator
from expectations.volume_facts import write_volume_facts
from expectations.wording import write_owners
from kpi_specs.language.inputs import with_inputs
from kpi_specs.language.project import Project

if TYPE_CHECKING:
    import duckdb


def judge(
    con: "duckdb.DuckDBPyConnection",
    project: Project,
    *,
    as_of: dt.date,
    run_id: str,
    compute_errors: Mapping[str, str],
) -> VerdictSummary:
    """Judge all KPIs and replace the audit tables.

    What is computed for other KPIs alone (`kpi_specs.language.inputs`) is judged for them, and not
    among the tables written.

    Writes audit.source_days, audit.dataset_days, audit.source_freshness, audit.evidence,
    audit.verdicts and audit.checks in one transaction.

    Args:
        con: Read-write connection to the warehouse, in no transaction.
        project: The specs.
        as_of: The clock: days after it are not seen.
        run_id: Written beside every verdict.
        compute_errors: KPI -> why its table could not be computed.

    Raises:
        RuntimeError: there is no load log.
        ValueError: the clock is before the project's first day.
    """
    if as_of < project.settings.history_from:
        raise ValueError(
            f"The clock ({as_of}) is before the first day of the project's calendar "
            f"(history_from: {project.settings.history_from}), so there is no period to judge. "
            "Set a later clock or an earlier history_from."
        )
    declared, project = project, with_inputs(project)
    found = preflight(con, project)
    errors = {
        **compare_amounts(con, project, found),
        **sum_recorded(con, project, found),
        **uncountable_keys(con, project, found),
        **unusable_tables(con, project, found, compute_errors),
        **compute_errors,
    }
    found, mistyped = _without_mistyped(con, project, found, errors)
    errors = {kpi: said for kpi, said in errors.items() if kpi not in mistyped}
    order = upstream_first(project)
    readable = [k for k in order if k not in found.kpis_left_out and k not in errors]
    failures = spread_failures(project, {**gather(con, project, readable), **errors})
    forget(con, failures)
    usable = [k for k in order if k not in found.kpis_left_out and k not in failures]

    write_spec_facts(con, project, found, mistyped, as_of=as_of, failures=failures)
    write_day_facts(con, project)
    write_reject_facts(con, project)
    write_volume_facts(con)
    write_key_facts(con, project, usable)
    write_domain_facts(con, project)
    write_unit_facts(con, project)
    write_recon_facts(con, project)
    write_entity_facts(con, project)
    write_nan_facts(con, project)
    write_jump_facts(con, project)
    write_record_facts(con, project, as_of)
    write_freshness(con)
    write_owners(con, project)
    write_known_slices(con, project)
    mark_lost_starts(con, project)
    create_evidence(con, order)
    create_results(con)

    suites = derive_suites(project)
    validator = Validator()
    rows = expected_rows(con)
    inputs = {one.kpi for kpi in project.kpis.values() for one in kpi.metric.inputs}
    for kpis in _rounds(project, order):
        add_evidence(con, kpis)
        cases = write_cases(con, kpis, suites)
        batches = {kpi: cases[cases["kpi"] == kpi].reset_index(drop=True) for kpi in kpis}
        outcomes = validator.run_all(suites, batches, expected_rows=rows)
        keep(con, decide(cases, suites, outcomes))
        if passed := [kpi for kpi in kpis if kpi in inputs]:
            pass_on(con, passed)
    publish_audit(con, platform=project.settings.default_owner, run_id=run_id)
    return summarise(con, declared)


def _without_mistyped(
    con: "duckdb.DuckDBPyConnection",
    project: Project,
    found: Preflight,
    failed: Collection[str],
) -> tuple[Preflight, dict[str, Mistyped]]:
    """KPIs of which a mart's column is of another type are left out; each with that column."""
    known = mistyped_kpis(con, project, failed)
    mistyped = {kpi: one for kpi, one in known.items() if kpi not in found.kpis_left_out}
    for kpi in upstream_first(project):
        uses = [one for one in project.kpis[kpi].metric.uses if one in mistyped]
        if uses and kpi not in found.kpis_left_out:
            mistyped.setdefault(kpi, mistyped[uses[0]])
    left_out = found.kpis_left_out.union(kpis_on(project, kpis=mistyped))
    return replace(found, kpis_left_out=left_out), mistyped


def _rounds(project: Project, order: tuple[str, ...]) -> list[list[str]]:
    """KPIs by depth: those computed from data first, then those computed from them, and so on."""
    depth: dict[str, int] = {}
    for kpi in order:
        inputs = [one.kpi for one in project.kpis[kpi].metric.inputs]
        depth[kpi] = max((depth[one] + 1 for one in inputs if one in depth), default=0)
    return [
        [kpi for kpi in order if depth[kpi] == level]
        for level in range(max(depth.values(), default=-1) + 1)
    ]
