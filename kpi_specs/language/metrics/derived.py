"""derived: a formula over named inputs: other KPIs, or measures.

    metric:
      derived:
        formula: (revenue - cost) / revenue
        inputs:
          revenue: {kpi: gross_revenue}
          cost: {sum: cost, dataset: purchases}

A KPI as input brings its value, of the same period and slice; without its verdict there is no
value here either. One of a finer cadence is computed for this KPI in this one's cadence, from the
same rows, and judged there by its own spec; it is never made of values of shorter periods. `where`
takes a KPI's value from one slice; a measure brings its own filter. `shift` takes either from the
previous period or the same one last year, by key; the days of that period have to be there too,
and one that is still open is compared with nothing. Division by zero is no value, wherever it
stands in the formula, and a missing input is never taken for a number.
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from kpi_specs.language.base import Id, SpecModel
from kpi_specs.language.metrics import formulas
from kpi_specs.language.metrics.base import Input, MetricType, Mistake, Path, Shift
from kpi_specs.language.metrics.computed import (
    LEAST_ROWS,
    every,
    final_select,
    one_of,
    operand_value,
    parts_step,
)
from kpi_specs.language.metrics.measure import Measure
from kpi_specs.language.metrics.parts import ROWS, Operand, measure_part
from kpi_specs.language.slices import in_order, slice_name, slice_value
from kpi_specs.sql import PERIOD, cte, lines, quoted, with_ctes

if TYPE_CHECKING:
    from kpi_specs.language.kpi import Kpi
    from kpi_specs.language.metrics.planned import KpiPlan
    from kpi_specs.language.project import Project

_PERIOD_OF: dict[str, str] = {
    "none": "period",
    "previous_period": "previous_period",
    "same_period_last_year": "year_ago_period",
}

_TAKEN = (*PERIOD, "slice", "slice_value", "dimensions", ROWS, LEAST_ROWS)


class KpiInput(SpecModel):
    """Another KPI's value."""

    kpi: Id
    """The KPI. E.g. `gross_revenue`."""
    shift: Shift = "none"
    """Which of its periods, by key. E.g. `previous_period`."""
    where: dict[str, str] = Field(default_factory=dict)
    """One slice of it; absent: the same slice as here. E.g. `{channel: search}`."""


class MeasureInput(Measure):
    """A measure of the KPI's own period, or of an earlier one."""

    shift: Shift = "none"
    """Of which period, by key. E.g. `previous_period`."""


class Derived(MetricType):
    """A formula over named inputs."""

    formula: str
    """Arithmetic over the inputs' names. E.g. `(revenue - cost) / revenue`."""
    inputs_: Annotated[dict[Id, KpiInput | MeasureInput], Field(alias="inputs", min_length=1)]
    """Name to KPI or measure. E.g. `{revenue: {kpi: gross_revenue}, cost: {kpi: ad_spend}}`."""

    @property
    def words(self) -> str:
        """`(revenue - cost) / revenue with revenue = gross_revenue, cost = sum of cost`."""
        said = ", ".join(f"{name} = {_words(one)}" for name, one in self.inputs_.items())
        return f"{self.formula} with {said}"

    @property
    def _kpis(self) -> dict[str, KpiInput]:
        return {n: one for n, one in self.inputs_.items() if isinstance(one, KpiInput)}

    @property
    def _measures(self) -> dict[str, MeasureInput]:
        return {n: one for n, one in self.inputs_.items() if isinstance(one, MeasureInput)}

    @property
    def shifted(self) -> dict[str, MeasureInput]:
        """The measures of earlier periods, by name: KPIs of their own stand in for them."""
        return {n: one for n, one in self._measures.items() if one.shift != "none"}

    @property
    def _own_measures(self) -> dict[str, MeasureInput]:
        return {n: one for n, one in self._measures.items() if one.shift == "none"}

    def over(self, stand_ins: Mapping[str, str]) -> "Derived":
        """The same formula, these inputs (by name) taken from KPIs that stand in for them."""
        kpis = {
            name: KpiInput(kpi=kpi, shift=self.inputs_[name].shift)
            for name, kpi in stand_ins.items()
        }
        return self.model_copy(update={"inputs_": {**self.inputs_, **kpis}})

    @property
    def measures(self) -> tuple[tuple[Path, Measure], ...]:
        """Those among the inputs."""
        return tuple((("inputs", name), one) for name, one in self._measures.items())

    @property
    def inputs(self) -> tuple[Input, ...]:
        """The KPIs among the inputs."""
        return tuple(
            Input(
                one.kpi,
                one.shift,
                tuple(sorted(one.where.items())) if one.where else None,
                ("inputs", name, "kpi"),
            )
            for name, one in self._kpis.items()
        )

    @property
    def divides(self) -> bool:
        """Whether the formula does."""
        return "/" in self.formula

    @property
    def has_formula(self) -> bool:
        """It is one."""
        return True

    @property
    def compares_whole_periods(self) -> bool:
        """With a period that is over only one that is over is compared."""
        return any(one.shift != "none" for one in self.inputs_.values())

    def operands(self, project: "Project", dataset: str | None) -> tuple[Operand, ...]:
        """The parts of its measures of the own period."""
        del project
        return tuple(
            Operand(one.dataset or dataset or "", measure_part(one))
            for one in self._own_measures.values()
        )

    def mistakes(self, kpi: "Kpi", project: "Project") -> Iterator[Mistake]:
        """The formula keeps to its grammar and its inputs; slices named exist."""
        for said in formulas.mistakes(self.formula, tuple(self.inputs_)):
            yield Mistake(("formula",), "bad-formula", said)
        for name in (n for n in self.inputs_ if n in (*_TAKEN, *kpi.dimensions)):
            said = f"'{name}' is a column of every KPI; give the input a name of its own."
            yield Mistake(("inputs", name), "taken-name", said)
        for name, one in self._kpis.items():
            other = project.kpis.get(one.kpi)
            if other is None or not one.where:
                continue
            if frozenset(one.where) not in {frozenset(dimensions) for dimensions in other.grain}:
                slices = ", ".join(slice_name(dimensions) for dimensions in other.grain)
                said = (
                    f"the slice '{slice_name(sorted(one.where))}' is not in the grain of "
                    f"'{one.kpi}'. Slices: {slices}."
                )
                yield Mistake(("inputs", name, "where"), "unknown-dimension", said)
        if not self._own_measures and all(
            k.shift != "none" or k.where for k in self._kpis.values()
        ):
            said = "one input has to be of the row's own period and slice: without shift or where."
            yield Mistake(("inputs",), "no-own-input", said)

    def model(self, plan: "KpiPlan", *, top: str) -> str:
        """Every period and slice of its own inputs, the others joined by key."""
        steps = [parts_step(plan, dataset) for dataset in plan.datasets]
        steps += [self._kpi_step(name, one, plan) for name, one in self._kpis.items()]
        steps += [self._joined(plan)] if plan.stands_on else [self._spine(plan), self._joined(plan)]
        quotient = formulas.quotient_sql(self.formula)
        divisors = formulas.divisors_sql(self.formula)
        numerator, denominator = quotient or ("cast(null as double)", _smallest(divisors))
        final = final_select(
            plan,
            "inputs",
            (LEAST_ROWS,) if plan.datasets else (),
            value=formulas.value_sql(self.formula),
            numerator=numerator,
            denominator=denominator,
        )
        return top + with_ctes(steps) + final

    def _kpi_step(self, name: str, one: KpiInput, plan: "KpiPlan") -> str:
        chosen, reason = plan.chosen, f"{name}: the values of {one.kpi}."
        if one.where:
            named = in_order(one.where, next(k.grain for k in plan.inputs if k.kpi == one.kpi))
            value = slice_value([one.where[d] for d in named])
            chosen = f"slice = {quoted(slice_name(named))}\n    and slice_value = {quoted(value)}"
            reason = f"{name}: the values of {one.kpi} for {value}."
        body = f"select *\nfrom {{{{ ref('kpi_{one.kpi}') }}}}\nwhere {chosen}"
        return cte(f"input_{name}", reason, body)

    def _own(self, plan: "KpiPlan") -> list[str]:
        """The steps whose periods and slices are the KPI's own."""
        own = [n for n, one in self._kpis.items() if one.shift == "none" and not one.where]
        return [*plan.steps, *(f"input_{name}" for name in own)]

    def _spine(self, plan: "KpiPlan") -> str:
        slices = ("slice", "slice_value", "dimensions", *plan.kpi.dimensions)
        body = f"select *\nfrom {every(self._own(plan), PERIOD, slices)}"
        return cte("spine", "Every period and slice that one of them has.", body)

    def _joined(self, plan: "KpiPlan") -> str:
        own, columns = self._own(plan), ["spine.*"]
        spine, reason = "spine", "All inputs side by side."
        if plan.stands_on:
            spine = own[0]
            keys = (*PERIOD, "slice", "slice_value", "dimensions", *plan.kpi.dimensions)
            columns = [f"{spine}.{key}" for key in keys]
            reason = f"All inputs side by side; all have the rows of {plan.stands_on}."
        counts = {
            step: f"coalesce({step}.{plan.row_count.name if step in plan.steps else ROWS}, 0)"
            for step in own
        }
        operands = zip(self._own_measures, plan.operands, strict=True)
        selected = [
            *columns,
            *(f"cast({operand_value(plan, o)} as double) as {name}" for name, o in operands),
            *(f"input_{name}.value as {name}" for name in self._kpis),
            f"{one_of('greatest', list(counts.values()))} as {ROWS}",
        ]
        if plan.steps:
            of_datasets = [counts[step] for step in plan.steps]
            selected.append(f"{one_of('least', of_datasets)} as {LEAST_ROWS}")
        joins = {step: _join(step, spine, "period", same_slice=True) for step in plan.steps}
        for name, one in self._kpis.items():
            step, period = f"input_{name}", _PERIOD_OF[one.shift]
            joins[step] = _join(step, spine, period, same_slice=not one.where)
        joins.pop(spine, None)
        joined = "".join(f"\n{join}" for join in joins.values())
        return cte("inputs", reason, f"select\n    {lines(selected)}\nfrom {spine}{joined}")


def _words(one: KpiInput | MeasureInput) -> str:
    shift = "" if one.shift == "none" else f" of the {one.shift.replace('_', ' ')}"
    if isinstance(one, MeasureInput):
        return f"{one.words}{shift}"
    where = f" for {', '.join(one.where.values())}" if one.where else ""
    return f"{one.kpi}{shift}{where}"


def _join(step: str, spine: str, period: str, *, same_slice: bool) -> str:
    on = [f"{step}.cadence = {spine}.cadence", f"{step}.period = {spine}.{period}"]
    if same_slice:
        on += [f"{step}.{key} = {spine}.{key}" for key in ("slice", "slice_value")]
    return f"left join {step}\n    on " + "\n    and ".join(on)


def _smallest(divisors: tuple[str, ...]) -> str:
    """Zero if one of them is; NULL without any."""
    if not divisors:
        return "cast(null as double)"
    return f"least({', '.join(f'abs({one})' for one in divisors)})"
