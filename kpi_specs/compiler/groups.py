"""Which parts one step computes: those of the same rows, days and way of aggregation."""

from collections.abc import Sequence
from dataclasses import dataclass

from kpi_specs.compiler.plan import Need, PartsTable, used_dimensions
from kpi_specs.language.metrics.parts import Rows, Span
from kpi_specs.language.slices import Slice

OWN = Rows()  # the dataset's own rows


@dataclass(frozen=True)
class Group:
    """Parts that one step computes: the same rows, the same days, aggregated in the same way.

    `beside` are its own needs and those of the same rows and way over other days. What is per
    entity is a group of one part.
    """

    name: str
    needs: tuple[Need, ...]
    beside: tuple[Need, ...]

    @property
    def rows(self) -> Rows:
        """The rows aggregated."""
        return self.needs[0].part.rows

    @property
    def span(self) -> Span | None:
        """The days taken."""
        return self.needs[0].part.span

    @property
    def way(self) -> str:
        """How its parts are aggregated."""
        return self.needs[0].part.way

    @property
    def cadences(self) -> tuple[str, ...]:
        """Every cadence that one of the parts is needed in."""
        return tuple(dict.fromkeys(c for need in self.needs for c in need.cadences))

    @property
    def slices(self) -> tuple[Slice, ...]:
        """Every slice that one of the parts is needed in."""
        return tuple(dict.fromkeys(s for need in self.needs for s in need.slices))


def groups_of(table: PartsTable) -> list[Group]:
    """All parts of a table in groups; the first one tells which slices there are."""
    found: dict[tuple[Rows, str, Span | None, str | None], list[Need]] = {}
    beside: dict[tuple[Rows, str], list[Need]] = {}
    for need in table.needs:
        part = need.part
        alone = part.name if part.per else None
        found.setdefault((part.rows, part.way, part.span, alone), []).append(need)
    for (rows, way, *_), needs in found.items():
        beside.setdefault((rows, way), []).extend(needs)
    groups = []
    for (rows, way, span, alone), needs in found.items():
        name = "rolled_up" if way == "days" else f"{alone or way}_parts"
        if not alone:
            name = name if rows == OWN else f"{rows.name}__{name}"
            name = name if span is None else f"{name}_{span.name}"
        groups.append(Group(name, tuple(needs), tuple(beside[rows, way])))
    # The dataset's own rows first: they say which slices there are.
    return sorted(groups, key=lambda group: group.name != "rolled_up")


def dimensions_of(table: PartsTable, needs: Sequence[Need]) -> tuple[str, ...]:
    """The dimensions that parts are needed by, in the order of the dataset."""
    return used_dimensions(table.dataset, [one for need in needs for one in need.slices])


def slices_of(needs: Sequence[Need]) -> tuple[Slice, ...]:
    """The slices that parts are needed in."""
    return tuple(dict.fromkeys(one for need in needs for one in need.slices))
