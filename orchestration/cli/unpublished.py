"""Why nothing is published of a KPI whose spec is there, or of a whole project."""

from orchestration.paths import ProjectPaths

_SHOWN = 5


def why_not_published(paths: ProjectPaths, kpi: str) -> str | None:
    """Why a KPI that has a spec is not in the live publication; None: it has no spec."""
    from kpi_specs.language import load_project
    from kpi_specs.language.last_valid import problems_by_kpi

    wrong, _ = problems_by_kpi(paths.root, load_project(paths.root).errors, [kpi])
    if problems := wrong.get(kpi):
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        return (
            f"the spec of '{kpi}' is invalid, and no valid version of it is known, so nothing is "
            f"published of it: {problems[0]}{more} Correct it ('kpi validate' lists what is "
            "wrong), then run 'kpi run'."
        )
    if any(file.stem == kpi for file in (paths.root / "kpi_specs/kpis").rglob("*.yml")):
        return f"'{kpi}' is in the specs, and not in what was published last; run 'kpi run'."
    return None


def no_valid_spec(paths: ProjectPaths) -> str | None:
    """What to say where nothing can be published since no KPI's spec is valid; None: not so."""
    from kpi_specs.language.last_valid import problems_by_kpi
    from orchestration.last_valid_specs import load_for_run

    loaded = load_for_run(paths)
    wrong, others = problems_by_kpi(paths.root, loaded.errors, ())
    if loaded.project is not None or others or not wrong:
        return None
    names = list(wrong)
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    one = len(names) == 1
    return (
        f"nothing is published, since the {'spec' if one else 'specs'} of "
        f"{', '.join(names[:_SHOWN])}{more} {'is' if one else 'are'} invalid and no valid version "
        "of any KPI is known. 'kpi validate' lists what is wrong; correct it, then run 'kpi run'."
    )
