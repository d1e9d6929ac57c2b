"""The published tables as a page: `python -m orchestration.publish.documentation > docs/...`."""

from collections.abc import Sequence

from orchestration.publish.columns import Table
from orchestration.publish.schema import CONTRACT_VERSION, fixed_tables
from orchestration.publish.value_columns import LIMIT_COLUMNS

PAGE = "docs/published_tables.md"
_HEAD = (
    f"# The published tables (contract version {CONTRACT_VERSION})",
    "Written from `orchestration/publish/{schema,value_columns,history_tables}.py`; edit those.",
)
_KPI = Table(
    "kpi_<id>",
    "The rows of one KPI: the columns of `kpi_values`, these, and each dimension as a column.",
    LIMIT_COLUMNS,
)


def tables_as_markdown(languages: Sequence[str]) -> str:
    """The fixed tables as Markdown, for a project with these languages."""
    values, *others = fixed_tables(languages)
    return "\n\n".join([*_HEAD, *map(_section, (values, _KPI, *others))]) + "\n"


def _section(table: Table) -> str:
    rows = [
        f"| `{column.name}` | {column.type}{', never NULL' if column.required else ''} "
        f"| {column.comment.replace('|', chr(92) + '|')} |"
        for column in table.columns
    ]
    head = ["| column | type | meaning |", "|---|---|---|"]
    return "\n".join([f"## `{table.name}`", "", table.comment, "", *head, *rows])


if __name__ == "__main__":
    print(tables_as_markdown(("en", "fa")), end="")
