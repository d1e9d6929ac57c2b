"""The page about the published tables says what the schema says."""

from orchestration.publish.documentation import PAGE, tables_as_markdown
from tests.copies import REPOSITORY


def test_the_page_is_what_the_schema_says():
    page = (REPOSITORY / PAGE).read_text(encoding="utf-8")
    assert page == tables_as_markdown(("en", "fa")), (
        f"run: python -m orchestration.publish.documentation > {PAGE}"
    )
