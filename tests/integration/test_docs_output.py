"""Outputs in README and docs/commands.md are what the demo prints.

`...` stands for any lines, and a fingerprint for any: each change of the compiler makes new ones.
"""

import re
import shlex
from pathlib import Path

import pytest

from tests.copies import REPOSITORY, copy_project, kpi

pytestmark = pytest.mark.integration

PAGES = ("README.md", "docs/commands.md")


def plain_blocks(page: str) -> list[str]:
    """The code blocks of a page that name no language."""
    text = (REPOSITORY / page).read_text(encoding="utf-8")
    found = re.findall(r"^```(\w*)\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    return [block for language, block in found if not language]


BLOCKS = {
    (page, command): said
    for page in PAGES
    for block in plain_blocks(page)
    for command, said in re.findall(r"^\$ kpi (.*)\n((?:(?!\$ ).*\n)*)", block, re.MULTILINE)
}
SPEC = "kpi_specs/kpis/leads/lead_win_rate.yml"
CHANGES = (("value: 0.1,", "value: 0.11,"), ("warning: 0.09,", "warning: 0.1,"),
           ("denominator: 30", "denominator: 600"))  # fmt: skip


def as_pattern(said: str) -> str:
    """A regular expression of an output; blanks at the ends of lines do not count."""
    lines = [line.rstrip() for line in said.strip("\n").splitlines()]
    text = "\n".join("(?:.*\n)*?.*" if line == "..." else re.escape(line) for line in lines)
    return re.sub(r"\b[0-9a-f]{12}\b", "[0-9a-f]{12}", text)


def printed(root: Path, *arguments: str) -> str:
    done = kpi(root, *arguments, columns=100)
    assert done.returncode == 0, done.stderr
    return "\n".join(line.rstrip() for line in done.stdout.strip("\n").splitlines())


def test_there_are_outputs_to_check():
    commands = {command.split()[0] for _, command in BLOCKS}
    assert {"explain", "why", "test", "diff", "feasibility", "smart", "audit"} <= commands


@pytest.mark.parametrize(("page", "command"), [key for key in BLOCKS if key[1] != "diff"])
def test_an_output_in_the_docs_is_what_the_command_prints(demo, page, command):
    assert re.fullmatch(as_pattern(BLOCKS[page, command]), printed(demo, *shlex.split(command)))


def test_the_differences_in_the_docs_are_what_the_changes_above_them_make(demo, tmp_path):
    changed = copy_project(demo, tmp_path)
    text = (changed / SPEC).read_text(encoding="utf-8")
    for old, new in CHANGES:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    (changed / SPEC).write_text(text, encoding="utf-8")
    shown = printed(demo, "diff", str(demo), str(changed))
    assert re.fullmatch(as_pattern(BLOCKS["docs/commands.md", "diff"]), shown)


def test_the_scorecard_in_the_readme_is_that_of_the_demo(demo):
    (block,) = (b for b in plain_blocks("README.md") if b.startswith("Grocery retailer"))
    *card, sent, published = block.strip("\n").splitlines()
    assert printed(demo, "status") == "\n".join(card)
    assert re.fullmatch(r"4 alerts were sent; 'kpi alerts' lists what is open\.", sent)
    assert re.fullmatch(r"Published in \d+\.\d s: published/kpis\.duckdb", published)
