"""Where the rows of a database source come from."""

from typing import Annotated

from pydantic import Field, model_validator

from kpi_specs.language.base import SpecModel

TABLE_PATTERN = r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*){0,2}$"


class Database(SpecModel):
    """A table or a query of a database, read whole by every run."""

    file: str | None = None
    """A SQLite or DuckDB file, relative to the project. E.g. `landing/shop.sqlite`."""
    env: str | None = None
    """Else the environment variable with the address of a server, as SQLAlchemy writes it
    (`postgresql+psycopg://user:password@host/shop`); it is never printed.
    E.g. `SHOP_DATABASE_URL`."""
    table: Annotated[str, Field(pattern=TABLE_PATTERN)] | None = None
    """A table or a view, all of whose columns are read. E.g. `sales.orders`."""
    query: str | None = None
    """Else a query in the database's own SQL; nothing that it changes is kept.
    E.g. `select id, day, amount from orders where is_test = 0`."""

    @property
    def words(self) -> str:
        """`orders of landing/shop.sqlite`; of a server the variable that holds its address."""
        where = self.file if self.file is not None else f"${self.env}"
        return f"{self.table or 'a query'} of {where}"

    @model_validator(mode="after")
    def _is_one_place(self) -> "Database":
        if (self.file is None) == (self.env is None):
            raise ValueError("write one of the two: 'file', or 'env' with the name of a variable")
        if (self.table is None) == (self.query is None):
            raise ValueError("write one of the two: 'table', or a 'query'")
        return self
