"""Rules about titles and other words for readers."""

from collections.abc import Iterator, Mapping

from kpi_specs.language.problems import Problem, did_you_mean
from kpi_specs.language.rules.context import RuleContext


def words_are_in_every_language(context: RuleContext) -> Iterator[Problem]:
    """Titles, purposes and criteria are written in every language of project.yml, and no other."""
    languages = context.project.settings.languages
    for kind, key, field, words in _words(context):
        missing = [one for one in languages if not words.get(one, "").strip()]
        if missing:
            message = (
                f"'{field}' has no text in {', '.join(missing)}; project.yml lists "
                f"{', '.join(languages)}."
            )
            yield context.problem(kind, key, (field,), "missing-language", message, "warning")
        for other in words:
            if other not in languages:
                message = (
                    f"'{other}' is not among the languages of project.yml."
                    f"{did_you_mean(other, languages, noun='Languages')}"
                )
                place = (field, other)
                yield context.problem(kind, key, place, "unknown-language", message, "warning")


def _words(context: RuleContext) -> Iterator[tuple[str, str, str, Mapping[str, str]]]:
    project = context.project
    yield "project", "project", "title", project.settings.title
    for key, objective in project.objectives.items():
        yield "objective", key, "title", objective.title
    for key, owner in project.owners.items():
        yield "owner", key, "name", owner.name
    for key, source in project.sources.items():
        yield "source", key, "title", source.title
    for key, kpi in project.kpis.items():
        yield "kpi", key, "title", kpi.title
        yield "kpi", key, "purpose", kpi.purpose
        yield "kpi", key, "criterion", kpi.criterion


def titles_are_unique(context: RuleContext) -> Iterator[Problem]:
    """Two KPIs with one title could not be told apart."""
    taken: dict[tuple[str, str], str] = {}
    for key, kpi in context.project.kpis.items():
        for language, title in kpi.title.items():
            other = taken.setdefault((language, title.strip().lower()), key)
            if other != key:
                message = (
                    f"the title '{title}' is also that of '{other}'; a reader could not tell them "
                    "apart."
                )
                place = ("title", language)
                yield context.problem("kpi", key, place, "duplicate-title", message, "warning")
