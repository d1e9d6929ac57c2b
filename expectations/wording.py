"""What is said of a row, and to whom, as SQL over the evidence: templates with its facts filled in.

In SQL because a row is put into words where its facts are: 40,000 rows with 29 checks each are a
million sentences.
"""

from string import Formatter
from typing import TYPE_CHECKING

from expectations.reasons import Reason
from expectations.sql import NO_DAY, literal, write_temp
from kpi_specs.language.project import Project

if TYPE_CHECKING:
    import duckdb


def words(template: str) -> str:
    """SQL of a template filled with the evidence of a row.

    Args:
        template: Text with `{column}` or `{column:format}`, the format of a number as in Python.
    """
    parts = []
    for text, column, form, _ in Formatter().parse(template):
        if text:
            parts.append(literal(text))
        if column:
            parts.append(
                f"format({literal(f'{{:{form}}}')}, cast({column} as double))"
                if form
                else f"cast({column} as varchar)"
            )
    if not parts:
        return "''"
    return f"trim(replace({' || '.join(parts)}, '{NO_DAY}', 'no day'))"


def facts_in(template: str) -> set[str]:
    """The columns that a template names."""
    return {column for _, column, _, _ in Formatter().parse(template) if column}


def write_owners(con: "duckdb.DuckDBPyConnection", project: Project) -> None:
    """Write the temporary table `spec_owners` (kind, name, owner) that `party` reads."""
    kpis = [("kpi", kpi.kpi, kpi.owner) for kpi in project.kpis.values()]
    sources = [("source", one.source, one.owner) for one in project.sources.values()]
    platform = [("platform", "", project.settings.default_owner)]
    columns = "kind varchar, name varchar, owner varchar"
    write_temp(con, "spec_owners", columns, [*kpis, *sources, *platform])


def party(reason: Reason) -> str:
    """SQL of who answers for a row that fails for this reason; '' where nobody does."""
    if reason.party == "nobody":
        return "''"
    if reason.party == "upstream":
        return "upstream_party"
    if reason.party == "kpi_owner":
        return _owner("kpi", reason.owned)
    platform = _owner("platform", "''")
    if reason.party == "source_owner":  # a source that the project does not know has no owner
        return f"coalesce({_owner('source', reason.source)}, {platform})"
    return platform


def _owner(kind: str, name: str) -> str:
    return f"(select owner from spec_owners where kind = '{kind}' and spec_owners.name = {name})"
