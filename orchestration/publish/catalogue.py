"""Rows of the tables that come from the specs: catalogue, objectives, sources."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from kpi_specs.language.kpi import SCALES
from kpi_specs.language.project import Project
from kpi_specs.language.slices import slice_name

Row = dict[str, Any]  # column -> value


class CompiledKpis(Protocol):
    """What publishing needs to know from the compiler."""

    @property
    def kpi_models(self) -> dict[str, str]:
        """The dbt model of each KPI."""

    @property
    def fingerprints(self) -> dict[str, str]:
        """The hash of each KPI's definition."""

    def sql_of(self, kpi: str, /) -> str:
        """The SQL that computes a KPI."""

    def formula_of(self, kpi: str, /) -> str:
        """The formula of a KPI, for people."""


def catalogue_rows(project: Project, compiled: CompiledKpis) -> Iterator[Row]:
    """One row per KPI, in file order."""
    for position, (key, kpi) in enumerate(project.kpis.items()):
        owner = project.owners.get(kpi.owner)
        yield {
            "kpi": key,
            "spec_version": kpi.version,
            "spec_fingerprint": compiled.fingerprints[key],
            "is_current": True,
            "position": position,
            "titles": _json(kpi.title),
            **{
                f"title_{language.replace('-', '_')}": kpi.title.get(language)
                for language in project.settings.languages
            },
            "kind": kpi.kind,
            "leads_to": ",".join(kpi.leads_to),
            "objective": kpi.objective,
            "purpose": _json(kpi.purpose),
            "criterion": _json(kpi.criterion),
            "metric_type": kpi.metric.type,
            "formula": compiled.formula_of(key),
            "sql": compiled.sql_of(key),
            "unit": kpi.unit,
            "currency": project.settings.currency if kpi.unit == "currency" else None,
            "decimals": kpi.decimals,
            "scale": SCALES[kpi.scale] if kpi.scale else None,
            "direction": kpi.direction,
            "cadence": ",".join(kpi.cadence),
            "calendar": kpi.calendar,
            "grain": ",".join(slice_name(dimensions) for dimensions in kpi.grain),
            "additive": kpi.metric.additive,
            "sources": ",".join(project.sources_of(kpi)),
            "owner": kpi.owner,
            "owner_name": _json(owner.name) if owner else None,
            "due_days": kpi.availability.due,
            "mature_days": kpi.availability.mature,
            "missing_resources": "; ".join(one.what for one in kpi.resources if not one.available),
            "changed_on": kpi.changed.on if kpi.changed else None,
            "changed_why": kpi.changed.why if kpi.changed else None,
            "next_review": kpi.review.next if kpi.review else None,
        }


def objective_rows(project: Project) -> Iterator[Row]:
    """One row per objective, in file order."""
    language = project.settings.languages[0]
    for position, (key, objective) in enumerate(project.objectives.items()):
        yield {
            "objective": key,
            "title": objective.title.get(language) or next(iter(objective.title.values())),
            "titles": _json(objective.title),
            "level": objective.level,
            "parent": objective.parent,
            "owner": objective.owner,
            "position": position,
        }


def source_rows(project: Project, freshness: Mapping[str, Row]) -> Iterator[Row]:
    """One row per source that the judge knows how far it reaches.

    Args:
        project: the specs.
        freshness: source -> its row of audit.source_freshness.
    """
    rests = {name: project.sources_of(kpi) for name, kpi in project.kpis.items()}
    for key, source in project.sources.items():
        if key in freshness:
            yield {
                **freshness[key],
                "titles": _json(source.title),
                "owner": source.owner,
                "kpis": ",".join(name for name, sources in rests.items() if key in sources),
            }


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
