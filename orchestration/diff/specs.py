"""What two versions of the specs say differently, field by field."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from kpi_specs.language.base import SpecModel
from kpi_specs.language.kpi import Kpi
from kpi_specs.language.project import Project
from orchestration.diff.sides import Side

# What decides statuses besides a KPI's fingerprint.
_JUDGED = ("targets", "one of targets", "direction", "availability")
# What decides periods, for every KPI.
_CALENDAR = ("time_zone", "history_from", "calendar", "week_start", "fiscal", "retail")
_WORDS = ("title", "owner", "description")  # of a source: decide nothing


@dataclass(frozen=True)
class FieldChange:
    """One field, e.g. `targets 1.value`; None where the field is not there."""

    field: str
    old: Any
    new: Any

    def __str__(self) -> str:
        if self.old is None:
            return f"{self.field} is new: {_words(self.new)}"
        if self.new is None:
            return f"{self.field} is gone; it was {_words(self.old)}"
        return f"{self.field} was {_words(self.old)}, is {_words(self.new)}"


@dataclass(frozen=True)
class SpecChange:
    """One spec that is not the same in both versions."""

    kind: str  # project, objective, owner, source, dataset or kpi
    id: str
    what: Literal["added", "removed", "changed"]
    fields: tuple[FieldChange, ...] = ()
    old_fingerprint: str | None = None  # of a KPI
    new_fingerprint: str | None = None

    @property
    def is_recomputed(self) -> bool:
        """Whether the KPI's values could change."""
        return self.old_fingerprint != self.new_fingerprint


def spec_changes(old: Side, new: Side) -> tuple[SpecChange, ...]:
    """Every spec that was added, removed or changed, KPIs last.

    A KPI whose own file is the same is listed too where its fingerprint is new, because a dataset
    or a KPI that it is computed from has changed.
    """
    before, after = _specs(old.project), _specs(new.project)
    return tuple(
        change
        for key in dict.fromkeys((*before, *after))
        if (change := _change(key, before.get(key), after.get(key), old, new)) is not None
    )


def field_changes(name: str, old: Any, new: Any) -> tuple[FieldChange, ...]:
    """What two values of a field say differently; both as JSON-ready values."""
    return tuple(_fields(name, _without_nothing(old), _without_nothing(new)))


def concerned_kpis(old: Side, new: Side, changes: Sequence[SpecChange]) -> frozenset[str]:
    """KPIs of either version whose values or statuses could differ."""
    sources = {c.id for c in changes if c.kind == "source" and not _only_of(c, _WORDS)}
    everything = any(c.kind == "project" and _touches(c, _CALENDAR) for c in changes)
    concerned = {c.id for c in changes if c.kind == "kpi" and _matters(c)}
    for side in (old, new):
        for key, kpi in side.project.kpis.items():
            if everything or sources.intersection(side.project.sources_of(kpi)):
                concerned.add(key)
    # A target that is another KPI's value moves with it.
    bases = [
        (key, base)
        for side in (old, new)
        for key, kpi in side.project.kpis.items()
        for base in target_bases(kpi)
    ]
    while follow := {key for key, base in bases if base in concerned} - concerned:
        concerned |= follow
    return frozenset(concerned)


def target_bases(kpi: Kpi) -> tuple[str, ...]:
    """The other KPIs whose values are targets of this one."""
    return tuple(target.kpi for target in kpi.targets if target.kpi is not None)


def _matters(change: SpecChange) -> bool:
    return change.what != "changed" or change.is_recomputed or _touches(change, _JUDGED)


def _touches(change: SpecChange, fields: tuple[str, ...]) -> bool:
    return any(field.field.startswith(fields) for field in change.fields)


def _only_of(change: SpecChange, fields: tuple[str, ...]) -> bool:
    return change.what == "changed" and all(f.field.startswith(fields) for f in change.fields)


def _specs(project: Project) -> dict[tuple[str, str], SpecModel]:
    kinds: dict[str, Mapping[str, SpecModel]] = {
        "project": {project.settings.name: project.settings},
        "objective": project.objectives,
        "owner": project.owners,
        "source": project.sources,
        "dataset": project.datasets,
        "kpi": project.kpis,
    }
    return {(kind, key): spec for kind, specs in kinds.items() for key, spec in specs.items()}


def _change(
    key: tuple[str, str], before: SpecModel | None, after: SpecModel | None, old: Side, new: Side
) -> SpecChange | None:
    kind, id_ = key
    prints: tuple[str | None, str | None] = (None, None)
    if kind == "kpi":
        prints = (old.compiled.fingerprints.get(id_), new.compiled.fingerprints.get(id_))
    if before is None or after is None:
        return SpecChange(kind, id_, "added" if before is None else "removed", (), *prints)
    fields = tuple(_fields("", _data(before), _data(after)))
    if not fields and prints[0] == prints[1]:
        return None
    return SpecChange(kind, id_, "changed", fields, *prints)


def _data(spec: SpecModel) -> Any:
    """The spec with its defaults, without what is empty."""
    return _without_nothing(spec.model_dump(mode="json", by_alias=True))


def _without_nothing(value: Any) -> Any:
    if isinstance(value, dict):
        kept = {key: _without_nothing(one) for key, one in value.items()}
        return {key: one for key, one in kept.items() if one not in (None, {}, [])}
    return [_without_nothing(one) for one in value] if isinstance(value, list) else value


def _fields(name: str, old: Any, new: Any) -> Iterator[FieldChange]:
    if old == new:
        return
    if isinstance(old, dict) and isinstance(new, dict):
        for key in dict.fromkeys((*old, *new)):
            inner = ".".join(part for part in (name, key) if part)
            yield from _fields(inner, old.get(key), new.get(key))
    elif _are_items(old) and _are_items(new):
        yield from _items(name, old, new)
    else:
        yield FieldChange(name, old, new)


def _items(name: str, old: list[Any], new: list[Any]) -> Iterator[FieldChange]:
    """Items of a list: those that differ, side by side where there are as many of them."""
    gone = [item for item in old if item not in new]
    come = [(place, item) for place, item in enumerate(new, start=1) if item not in old]
    if len(gone) == len(come):
        for before, (place, after) in zip(gone, come, strict=True):
            yield from _fields(f"{name} {place}", before, after)
        if not gone:
            yield FieldChange(name, old, new)  # the order
        return
    for item in gone:
        yield FieldChange(f"one of {name}", item, None)
    for _, item in come:
        yield FieldChange(f"one of {name}", None, item)


def _are_items(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, dict) for item in value)


def _words(value: Any) -> str:
    """A value as YAML on one line."""
    import yaml

    text: str = yaml.safe_dump(value, default_flow_style=True, width=10**6, allow_unicode=True)
    return text.removesuffix("\n").removesuffix("\n...").strip()
