"""Every rule says its whole message, with file and line."""

import shutil
from pathlib import Path

import pytest
import yaml

from kpi_specs.language import load_project, loader
from kpi_specs.language.rules import RULES

TESTS = Path(__file__).parents[3]
SHOP = TESTS / "projects" / "shop"
CASES = [
    (path.stem, case)
    for path in sorted((TESTS / "cases" / "rules").glob("*.yml"))
    for case in yaml.safe_load(path.read_text(encoding="utf-8"))
]


def changed_shop(tmp_path: Path, case: dict) -> Path:
    """A copy of the shop with the case's replacements and new files."""
    root = tmp_path / "shop"
    shutil.copytree(SHOP, root)
    for name, replacements in case.get("replace", {}).items():
        path = root / name
        text = path.read_text(encoding="utf-8")
        for old, new in replacements.items():
            assert old in text, f"the case replaces '{old}', which is not in {name}"
            text = text.replace(old, new)
        path.write_text(text, encoding="utf-8")
    for name, text in case.get("write", {}).items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    if "copies" in case:
        original = root / case["copies"]["of"]
        numbered = [f"{original.stem}_{n}" for n in range(case["copies"].get("times", 0))]
        for name in case["copies"].get("as", numbered):
            text = original.read_text(encoding="utf-8")
            text = text.replace(f"kpi: {original.stem}", f"kpi: {name}")
            for old, new in case["copies"].get("replace", {}).items():
                assert old in text, f"the case replaces '{old}', which is not in the copy"
                text = text.replace(old, new.format(name=name))
            original.with_name(f"{name}.yml").write_text(text, encoding="utf-8")
    for name in case.get("remove", []):
        (root / name).unlink()
    return root


def test_the_shop_as_it_is_has_no_problems():
    loaded = load_project(SHOP)
    assert loaded.problems == ()
    assert loaded.project is not None


@pytest.mark.parametrize(("theme", "case"), CASES, ids=[f"{t}: {c['sentence']}" for t, c in CASES])
def test_a_broken_spec_is_told_in_one_readable_message_per_problem(theme, case, tmp_path):
    loaded = load_project(changed_shop(tmp_path, case))
    assert [str(problem) for problem in loaded.problems] == case["says"]
    only_warnings = case.get("severity") == "warning"
    assert all(p.severity == case.get("severity", "error") for p in loaded.problems)
    assert (loaded.project is not None) == only_warnings


def test_every_rule_has_a_sentence():
    assert [rule.__name__ for rule in RULES if not (rule.__doc__ or "").strip()] == []


def test_every_rule_is_told_off_by_at_least_one_case(tmp_path, monkeypatch):
    """A rule without an invalid case would rot unseen."""
    speaking: set[str] = set()

    def watched(rule):
        def watch(context):
            for problem in rule(context):
                speaking.add(rule.__name__)
                yield problem

        return watch

    monkeypatch.setattr(loader, "RULES", tuple(watched(rule) for rule in RULES))
    for index, (_, case) in enumerate(CASES):
        load_project(changed_shop(tmp_path / str(index), case))
    assert {rule.__name__ for rule in RULES} - speaking == set()
