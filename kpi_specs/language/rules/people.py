"""Rules about objectives and owners."""

from collections import Counter
from collections.abc import Iterator

from kpi_specs.language.alert_routes import fault_of
from kpi_specs.language.problems import Problem, did_you_mean
from kpi_specs.language.rules.context import RuleContext

_PARENT_LEVELS = {"operational": ("mid", "strategic"), "mid": ("strategic",)}


def objective_exists(context: RuleContext) -> Iterator[Problem]:
    """A KPI serves an objective of objectives.yml."""
    known = context.project.objectives
    for key, kpi in context.project.kpis.items():
        if kpi.objective not in known:
            message = (
                f"the objective '{kpi.objective}' is not in objectives.yml."
                f"{did_you_mean(kpi.objective, known, noun='Objectives')}"
            )
            yield context.problem("kpi", key, ("objective",), "unknown-objective", message)


def objective_chain_reaches_a_strategic_root(context: RuleContext) -> Iterator[Problem]:
    """Every objective's chain of parents ends at a strategic one, without a cycle."""
    objectives = context.project.objectives
    for key, objective in objectives.items():
        if objective.level == "strategic" and objective.parent is not None:
            said = f"the objective '{key}' is strategic, where chains end; it has no parent."
            yield context.problem("objective", key, ("parent",), "objective-chain", said)
        seen = [key]
        current = objective
        while current.level != "strategic":
            rule, message = "objective-chain", None
            if current.parent is None:
                message = (
                    f"the objective '{current.objective}' is {current.level} and has no parent; "
                    "every chain ends at a strategic objective."
                )
            elif current.parent not in objectives:
                rule = "unknown-objective"
                message = (
                    f"the parent '{current.parent}' is not in objectives.yml."
                    f"{did_you_mean(current.parent, objectives, noun='Objectives')}"
                )
            elif current.parent in seen:
                message = f"the objectives run in a circle: {' > '.join([*seen, current.parent])}."
            elif objectives[current.parent].level not in _PARENT_LEVELS[current.level]:
                message = (
                    f"the parent '{current.parent}' is {objectives[current.parent].level}; a "
                    f"{current.level} objective lies under "
                    f"{' or '.join(_PARENT_LEVELS[current.level])}."
                )
            if message is not None and (current is objective or "circle" in message):
                yield context.problem("objective", key, ("parent",), rule, message)
            if message is not None:
                break
            seen.append(str(current.parent))
            current = objectives[str(current.parent)]


def objective_has_kpis_of_both_kinds(context: RuleContext) -> Iterator[Problem]:
    """An objective in use is served by KPIs and by a KRI: cause and result are both seen."""
    kinds: dict[str, set[str]] = {}
    for kpi in context.project.kpis.values():
        kinds.setdefault(kpi.objective, set()).add(kpi.kind)
    for key, found in kinds.items():
        if len(found) == 1 and key in context.project.objectives and not context.broken:
            only, missing = ("KPIs", "KRI") if found == {"kpi"} else ("KRIs", "KPI")
            message = f"the objective '{key}' has only {only}; add a {missing} to see both sides."
            yield context.problem("objective", key, (), "one-sided-objective", message, "warning")


def objective_has_a_kpi(context: RuleContext) -> Iterator[Problem]:
    """An objective is served by a KPI, or has an objective below it that is."""
    objectives = context.project.objectives
    if context.broken or any(objective_chain_reaches_a_strategic_root(context)):
        return  # what is served cannot be told yet
    served: set[str] = set()
    for kpi in context.project.kpis.values():
        current: str | None = kpi.objective
        while current in objectives and current not in served:
            served.add(current)
            current = objectives[current].parent
    for key in objectives:
        if key not in served:
            message = f"no KPI serves the objective '{key}' or one below it; add one."
            yield context.problem("objective", key, (), "unserved-objective", message, "warning")


def owner_exists(context: RuleContext) -> Iterator[Problem]:
    """Every owner named in a spec is in owners.yml."""
    owners = context.project.owners
    named: list[tuple[str, str, tuple[str | int, ...], str | None]] = [
        ("project", "project", ("default_owner",), context.project.settings.default_owner)
    ]
    named += [("source", k, ("owner",), s.owner) for k, s in context.project.sources.items()]
    named += [("objective", k, ("owner",), o.owner) for k, o in context.project.objectives.items()]
    for key, kpi in context.project.kpis.items():
        named.append(("kpi", key, ("owner",), kpi.owner))
        named += [
            ("kpi", key, ("targets", index, "set_by"), target.set_by)
            for index, target in enumerate(kpi.targets)
        ]
        if kpi.changed is not None:
            named.append(("kpi", key, ("changed", "by"), kpi.changed.by))
        for letter in ("achievable", "relevant"):
            stated = getattr(kpi.smart, letter)
            if stated is not None:
                named.append(("kpi", key, ("smart", letter, "by"), stated.by))
    for kind, key, path, owner in named:
        if owner is not None and owner not in owners:
            message = (
                f"the owner '{owner}' is not in owners.yml."
                f"{did_you_mean(owner, owners, noun='Owners')}"
            )
            yield context.problem(kind, key, path, "unknown-owner", message)


def owner_has_an_alert_route(context: RuleContext) -> Iterator[Problem]:
    """Who owns a KPI or a source can be told; routes are ones that exist."""
    used = {k.owner for k in context.project.kpis.values()}
    used |= {s.owner for s in context.project.sources.values()}
    default = context.project.settings.default_owner
    for key, owner in context.project.owners.items():
        if key in used and not owner.alerts:
            message = f"'{key}' owns KPIs or sources and has no alert route; add 'alerts: [log]'."
            yield context.problem("owner", key, (), "no-alert-route", message)
        elif key == default and not owner.alerts:
            message = (
                f"'{key}' is told where nobody else is (default_owner) and has no alert route; add "
                "'alerts: [log]'."
            )
            yield context.problem("owner", key, (), "no-alert-route", message)
        for index, route in enumerate(owner.alerts):
            fault = fault_of(route, context.project.settings.alerts.webhook)
            if fault is not None:
                yield context.problem("owner", key, ("alerts", index), "unknown-route", fault)


def subscription_is_of_a_kpi(context: RuleContext) -> Iterator[Problem]:
    """An owner subscribes to changes of KPIs that exist."""
    kpis = context.project.kpis
    for key, owner in context.project.owners.items():
        for index, subscription in enumerate(owner.subscriptions):
            for place, kpi in enumerate(subscription.kpis):
                if kpi not in kpis and kpi not in context.broken:
                    near = did_you_mean(kpi, kpis, noun="KPIs")
                    path = ("subscriptions", index, "kpis", place)
                    message = f"the KPI '{kpi}' does not exist.{near}"
                    yield context.problem("owner", key, path, "unknown-kpi", message)


def owner_has_few_kpis(context: RuleContext) -> Iterator[Problem]:
    """KPIs are few: more than ten for one owner is a warning."""
    counts = Counter(kpi.owner for kpi in context.project.kpis.values())
    for owner, count in counts.items():
        if count > 10 and owner in context.project.owners:
            message = f"'{owner}' owns {count} KPIs; more than 10 are seldom looked at."
            yield context.problem("owner", owner, (), "too-many-kpis", message, "warning")
