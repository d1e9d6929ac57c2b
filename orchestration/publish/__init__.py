"""The BI tables: built beside the live publication, checked, and put in its place in one rename.

Belongs here: the declaration of every published table (`schema`, `value_columns`), the SQL that
fills them (`rows`, `values`, `catalogue`, `targets` and what is named after them, `signals`,
`restatements`), the checks before the swap (`checks`), the swap, the kept earlier publications and
rollback (`files`).
Does not belong here: computing a KPI (dbt), judging it (`expectations`), showing it (`report`).
Only what has a verdict is published, and a value only where the verdict says it is measured.
"""

from orchestration.publish.catalogue import CompiledKpis
from orchestration.publish.errors import PublishError
from orchestration.publish.files import Publication, publications
from orchestration.publish.publishing import publish, rollback

__all__ = [
    "CompiledKpis",
    "Publication",
    "PublishError",
    "publications",
    "publish",
    "rollback",
]
