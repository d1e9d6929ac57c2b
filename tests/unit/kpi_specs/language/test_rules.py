"""Every rule says its whole message, with file and line."""

import ast
import inspect
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
import yaml

from kpi_specs.language import load_project, loader
from kpi_specs.language.rules import RULES, Rule

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


def conditions(rule: Rule) -> dict[int, str]:
    """The condition next to each problem that a rule yields, or else its loop: line to text.

    A function that the rule calls for its problems counts as one line of it.
    """
    source, first = inspect.getsourcelines(rule)
    found: dict[int, str] = {}

    def look(node: ast.AST, around: ast.If | ast.For | None) -> None:
        if isinstance(node, ast.Yield) and around is not None:
            line = (around.test if isinstance(around, ast.If) else around.iter).lineno
            found[first - 1 + line] = source[line - 1].strip()
        if isinstance(node, ast.If) or (
            isinstance(node, ast.For) and not isinstance(around, ast.If)
        ):
            around = node
        for child in ast.iter_child_nodes(node):
            look(child, around)

    look(ast.parse("".join(source)), None)
    return found


@contextmanager
def lines_of(rule: Rule, seen: set[int]) -> Iterator[None]:
    """Adds the lines of a rule that are run to `seen`."""

    def of_rule(frame: FrameType, event: str, _: Any) -> Any:
        if frame.f_code is not rule.__code__:
            return None
        if event == "line":
            seen.add(frame.f_lineno)
        return of_rule

    before = sys.gettrace()
    sys.settrace(of_rule)
    try:
        yield
    finally:
        sys.settrace(before)


def test_every_rule_has_an_invalid_and_a_valid_case(tmp_path, monkeypatch):
    """A rule without an invalid case would rot unseen, one without a valid case refuse too much.

    A case is valid for a rule if nothing is told in it and the rule looked: it came to the
    condition of each of its problems. That it found nothing of the kind to look at is no case.
    """
    speaking: set[str] = set()
    looked: dict[str, set[int]] = {rule.__name__: set() for rule in RULES}

    def watched(rule, valid):
        def watch(context):
            with lines_of(rule, looked[rule.__name__] if valid else set()):
                problems = list(rule(context))
            if problems:
                speaking.add(rule.__name__)
            return problems

        return watch

    shops = [(changed_shop(tmp_path / str(n), c), not c["says"]) for n, (_, c) in enumerate(CASES)]
    for root, valid in [*shops, (SHOP, True)]:
        monkeypatch.setattr(loader, "RULES", tuple(watched(rule, valid) for rule in RULES))
        load_project(root)
    assert {rule.__name__ for rule in RULES} - speaking == set()
    unlooked = [
        f"{rule.__name__}: {text}"
        for rule in RULES
        for line, text in conditions(rule).items()
        if line not in looked[rule.__name__]
    ]
    assert unlooked == []  # a case in tests/cases/rules/ that comes to it, and 'says: []'
