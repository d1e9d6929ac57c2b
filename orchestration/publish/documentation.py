"""The published tables as a page: `python -m orchestration.publish.documentation > docs/...`."""

from collections.abc import Sequence

from orchestration.publish.schema import CONTRACT_VERSION, fixed_tables

PAGE = "docs/published_tables.md"
_HEAD = (
    f"# The published tables (contract version {CONTRACT_VERSION})",
    "Written from `orchestration/publish/schema.py`; edit that, not this. `kpi_<id>` has the "
    "columns of\n`kpi_values` and the KPI's dimensions.",
)


def tables_as_markdown(languages: Sequence[str]) -> str:
    """The fixed tables as Markdown, for a project with these languages."""
    parts = [*_HEAD]
    for table in fixed_tables(languages):
        rows = [
            f"| `{column.name}` | {column.type}{', never NULL' if column.required else ''} "
            f"| {column.comment.replace('|', chr(92) + '|')} |"
            for column in table.columns
        ]
        head = ["| column | type | meaning |", "|---|---|---|"]
        parts.append("\n".join([f"## `{table.name}`", "", table.comment, "", *head, *rows]))
    return "\n\n".join(parts) + "\n"


if __name__ == "__main__":
    print(tables_as_markdown(("en", "fa")), end="")
