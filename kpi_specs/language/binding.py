"""Asks DuckDB whether an expression fits its columns' types, on tables of one row of NULLs."""

from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any

from kpi_specs.language.expressions import to_sql
from kpi_specs.language.sql_words import refusal
from kpi_specs.mart_columns import in_sql

if TYPE_CHECKING:
    import duckdb


class Binder:
    """One in-memory DuckDB with a table per model; use it as a context manager.

    The one row is needed: a text that is no number is found only when it is cast.
    """

    def __init__(self) -> None:
        self._con: duckdb.DuckDBPyConnection | None = None
        self._tables: dict[str, bool] = {}  # model -> whether its declared types could be read
        self._answers: dict[tuple[str, str, str | None], str | None] = {}

    def __enter__(self) -> "Binder":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._con is not None:
            self._con.close()

    def refusal(
        self, text: str, model: str, columns: Mapping[str, str], *, wanted: str | None
    ) -> str | None:
        """Why DuckDB does not compute an expression over a model's columns; None where it does.

        A model with undeclared or unknown types is not asked about. With `wanted` (boolean) the
        expression's own type is compared too.
        """
        key = (model, text, wanted)
        if key not in self._answers:
            self._answers[key] = self._ask(text, model, columns, wanted)
        return self._answers[key]

    def _ask(
        self, text: str, model: str, columns: Mapping[str, str], wanted: str | None
    ) -> str | None:
        import duckdb

        if text == "*" or not self._table(model, columns):
            return None
        try:
            found: Any = self._connection().execute(
                f'select typeof(value), value from (select {to_sql(text)} as value from "{model}")'
            )
            kind = str(found.fetchall()[0][0]).lower()
        except duckdb.Error as error:
            return refusal(str(error))
        if wanted is not None and kind != wanted:
            return f"it is {kind}, a filter is {wanted}"
        return None

    def _connection(self) -> "duckdb.DuckDBPyConnection":
        import duckdb

        if self._con is None:
            self._con = duckdb.connect()
        return self._con

    def _table(self, model: str, columns: Mapping[str, str]) -> bool:
        import duckdb

        if model not in self._tables:
            typed = bool(columns) and all(columns.values())
            if typed:
                declared = ", ".join(f'"{in_sql(name)}" {kind}' for name, kind in columns.items())
                try:
                    self._connection().execute(f'create table "{model}" ({declared})')
                    nulls = ", ".join("null" for _ in columns)
                    self._connection().execute(f'insert into "{model}" values ({nulls})')
                except duckdb.Error:  # a type of another dialect: no answer rather than a wrong one
                    typed = False
            self._tables[model] = typed
        return self._tables[model]
