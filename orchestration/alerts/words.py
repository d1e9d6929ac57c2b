"""How alerts call KPIs, owners, causes and times."""

import datetime as dt

from kpi_specs.language.project import Project

_RUNS = {"failed": "the last run", "missed": "the run that was due", "specs": "the specs"}


def title_of(project: Project, kpi: str) -> str:
    """A KPI's title; its id where it is no longer in the specs."""
    spec = project.kpis.get(kpi)
    return words_in(spec.title, project) if spec else kpi


def owner_name(project: Project, owner: str) -> str:
    """An owner's name; the id where it is no longer in the specs."""
    spec = project.owners.get(owner)
    return words_in(spec.name, project) if spec else owner


def root_title(project: Project, root: str) -> str:
    """A cause in words: `source Ad platform (ads)`."""
    kind, _, name = root.partition(":")
    if kind == "source" and name in project.sources:
        return f"source {words_in(project.sources[name].title, project)} ({name})"
    if kind == "kpi" and name in project.kpis:
        return f"KPI {title_of(project, name)} ({name})"
    if kind == "spec":
        return f"the spec of {title_of(project, name)} ({name})"
    if kind == "check":
        return f"the judge, which could not make its check '{name}'"
    if kind == "run":
        return _RUNS.get(name, f"run {name}")
    if kind == "platform":
        return f"the platform ({name.replace('_', ' ')}), no model and no source"
    return f"{kind} {name}".strip()


def words_in(text: dict[str, str], project: Project) -> str:
    """Alerts are in English where there is any, else in the project's first language."""
    return text.get("en") or text.get(project.settings.languages[0]) or next(iter(text.values()))


def duration(lasted: dt.timedelta) -> str:
    """`3 days`, `5 hours`, `40 minutes`."""
    hours = int(lasted.total_seconds() // 3600)
    if hours >= 48:
        return f"{hours // 24} days"
    if hours >= 2:
        return f"{hours} hours"
    minutes = int(lasted.total_seconds() // 60)
    return "less than a minute" if minutes == 0 else f"{minutes} minute{'s' if minutes > 1 else ''}"
