"""What the UI shows beside an asset or a check, whichever job made it."""

from typing import Any

from dagster import (
    AssetCheckEvaluation,
    AssetCheckKey,
    AssetCheckResult,
    AssetCheckSeverity,
    MetadataValue,
)

from orchestration.check_facts import CheckFacts, SourceFacts
from orchestration.model_graph import Outcome
from orchestration.session import Session

Metadata = dict[str, Any]
_SHOWN = ("data through", "promised", "days late", "status")


def raw_metadata(report: Any) -> Metadata:
    """Of one source's load."""
    return {
        "status": report.status,
        "files_new": report.files_new,
        "files_known": report.files_known,
        "rows_loaded": report.rows_loaded,
        "rows_rejected": report.rows_rejected,
        "message": report.message or "",
    }


def model_metadata(outcome: Outcome) -> Metadata:
    """Of one dbt model that was built."""
    return {"dbt model": outcome.name}


def verdict_metadata(facts: dict[str, CheckFacts], sources: dict[str, SourceFacts]) -> Metadata:
    """Of all verdicts: the headline, who is missing, and how far each source's data reaches."""
    missing = sorted(kpi for kpi, fact in facts.items() if not fact.measurable)
    late = sorted(source for source, fact in sources.items() if not fact.fresh)
    rows = [
        f"| {source} | {' | '.join(str(fact.metadata[name]) for name in _SHOWN)} |"
        for source, fact in sources.items()
    ]
    table = [f"| source | {' | '.join(_SHOWN)} |", "|---|---|---|---|---|", *rows]
    return {
        "measurable": f"{len(facts) - len(missing)} of {len(facts)} KPIs",
        "unmeasurable": ", ".join(missing),
        "late or missing": ", ".join(late),
        "freshness": MetadataValue.md("\n".join(table)),
    }


def publication_metadata(publication: Any) -> Metadata:
    """Of a publication: the file and the rows of each table."""
    return {"file": str(publication.file), **publication.counts}


def alert_metadata(session: Session) -> Metadata:
    """Of the alerts of a run."""
    return {"incidents": len(session.incidents), "delivery": str(session.delivery)}


def check_result(check: AssetCheckKey, fact: CheckFacts) -> AssetCheckResult:
    """A KPI's check, as an asset operation reports it."""
    return AssetCheckResult(
        asset_key=check.asset_key,
        check_name=check.name,
        passed=fact.measurable,
        severity=_severity(fact),
        metadata=fact.metadata,
    )


def check_evaluation(check: AssetCheckKey, fact: CheckFacts) -> AssetCheckEvaluation:
    """A KPI's check, as the main job logs it."""
    return AssetCheckEvaluation(
        asset_key=check.asset_key,
        check_name=check.name,
        passed=fact.measurable,
        severity=_severity(fact),
        metadata=dict(fact.metadata),
    )


def fresh_result(check: AssetCheckKey, fact: SourceFacts) -> AssetCheckResult:
    """A source's check, as an asset operation reports it."""
    return AssetCheckResult(
        asset_key=check.asset_key,
        check_name=check.name,
        passed=fact.fresh,
        severity=AssetCheckSeverity.WARN,
        metadata=fact.metadata,
    )


def fresh_evaluation(check: AssetCheckKey, fact: SourceFacts) -> AssetCheckEvaluation:
    """A source's check, as the main job logs it."""
    return AssetCheckEvaluation(
        asset_key=check.asset_key,
        check_name=check.name,
        passed=fact.fresh,
        severity=AssetCheckSeverity.WARN,
        metadata=dict(fact.metadata),
    )


def _severity(fact: CheckFacts) -> AssetCheckSeverity:
    """A failure of the machinery is an error; a KPI without data is a warning about the data."""
    return AssetCheckSeverity.ERROR if fact.broken else AssetCheckSeverity.WARN
