"""Rules about titles and other words for readers."""

from collections.abc import Iterator, Mapping

from kpi_specs.language.problems import Problem, did_you_mean
from kpi_specs.language.rules.context import RuleContext

_PROJECT = ("project", "project")


def words_are_in_every_language(context: RuleContext) -> Iterator[Problem]:
    """Titles, purposes and criteria are written in every language of project.yml, and no other."""
    languages = context.project.settings.languages
    everything = list(_words(context))
    written = {language for *_, words in everything for language in words}
    # A language that no text has, or that every text has unlisted, is wrong in project.yml.
    nowhere = [one for one in languages if one not in written]
    everywhere = [
        one for one in sorted(written - set(languages)) if all(one in w for *_, w in everything)
    ]
    for index, one in enumerate(languages):
        if one in nowhere:
            message = f"no title is written in '{one}'.{did_you_mean(one, written, noun='Written')}"
            yield _problem(context, _PROJECT, ("languages", index), "missing-language", message)
    for one in everywhere:
        message = f"every title is written in '{one}', which is not listed; add it."
        yield _problem(context, _PROJECT, ("languages",), "unknown-language", message)
    for kind, key, field, words in everything:
        missing = [
            one for one in languages if one not in nowhere and not words.get(one, "").strip()
        ]
        if missing:
            message = (
                f"'{field}' has no text in {', '.join(missing)}; project.yml lists "
                f"{', '.join(languages)}."
            )
            yield _problem(context, (kind, key), (field,), "missing-language", message)
        for other in words:
            if other not in languages and other not in everywhere:
                message = (
                    f"'{other}' is not among the languages of project.yml."
                    f"{did_you_mean(other, languages, noun='Languages')}"
                )
                yield _problem(context, (kind, key), (field, other), "unknown-language", message)


def _problem(
    context: RuleContext,
    spec: tuple[str, str],
    place: tuple[str | int, ...],
    rule: str,
    message: str,
) -> Problem:
    return context.problem(*spec, place, rule, message, "warning")


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
