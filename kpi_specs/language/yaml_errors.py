"""What is wrong with a text that is not YAML, in words of somebody who writes specs.

The parser tells where it gave up, in its own words. What has to be mended often stands before: the
bracket or quote that was opened and never closed.
"""

import re

import yaml

_QUOTES = "put the text in quotes"
_TAB = re.compile(r"^ *\t")


def explain(error: yaml.YAMLError, text: str) -> tuple[int, str]:
    """The line to mend, counted from 1, and what to do there."""
    if isinstance(error, yaml.reader.ReaderError):
        line = text.count("\n", 0, error.position) + 1
        return line, f"the character U+{int(error.character):04X} cannot stand in a spec; remove it"
    here = getattr(error, "problem_mark", None)
    if not isinstance(error, yaml.MarkedYAMLError) or here is None:
        return 1, "this is not YAML"
    problem, begun = str(error.problem), error.context_mark or here
    lines = text.splitlines()
    for number in range(begun.line, here.line + 1):
        if number < len(lines) and _TAB.match(lines[number]) and "quoted" not in str(error.context):
            return number + 1, "a tab in the indentation; write blanks, two for each level"
    shown = lines[here.line] if here.line < len(lines) else ""
    before, after = shown[: here.column], shown[here.column :]
    if "expected ',' or" in problem:
        return _in_brackets(lines, begun, here)
    if "did not find expected key" in problem:
        return here.line + 1, _no_key(before, after)
    if "mapping values are not allowed" in problem:
        if re.search(r":\s", before):
            return here.line + 1, f"a text with ': ' in it is read as a key; {_QUOTES}"
        return here.line + 1, "indented more than the line above, which has its value already"
    if "could not find expected ':'" in problem:
        return begun.line + 1, _no_colon(lines[begun.line].strip())
    if "unexpected end of stream" in problem:
        return begun.line + 1, "the quote that opens here is not closed"
    if "another document" in problem or "<document start>" in problem:
        return here.line + 1, "a second document begins here; a file holds one, without '---'"
    if "escape" in problem:
        return here.line + 1, "in double quotes '\\' has a meaning; write single quotes around it"
    if "node content" in problem and not after.strip():
        return len(text.rstrip().splitlines()), "the file ends within brackets; close them"
    if "node content" in problem:
        return here.line + 1, f"a value is missing before '{after[:1]}'"
    if "nesting" in problem:
        return here.line + 1, "brackets within brackets, deeper than any spec has them"
    if "unhashable" in problem or "unacceptable" in problem:
        return here.line + 1, f"brackets cannot be a key; {_QUOTES} that begins with '{{'"
    if "stands twice" in problem or "between its digits" in problem:
        return here.line + 1, problem
    first = "%" if "directive" in str(error.context) else _first_of_value(shown, here.column)
    if first:
        return here.line + 1, f"a text must not begin with '{first}'; {_QUOTES}"
    return here.line + 1, "this line is not YAML; compare it with a spec that is"


def _first_of_value(line: str, column: int) -> str:
    """The character that a parser took for a sign of its own: at the column or just before it."""
    near = line[max(column - 2, 0) : column + 1]
    return next((one for one in near if one in "%@`*&!|>?"), "")


def _in_brackets(lines: list[str], begun: yaml.Mark, here: yaml.Mark) -> tuple[int, str]:
    """A bracket that is not closed, or something missing between its items."""
    opened = lines[begun.line][begun.column]
    indented = [len(line) - len(line.lstrip()) for line in lines]
    goes_on = here.line < len(lines) and indented[here.line] > indented[begun.line]
    if here.line > begun.line and not goes_on:
        return begun.line + 1, f"the '{opened}' that opens here is not closed"
    before, after = lines[here.line][: here.column], lines[here.line][here.column :]
    if before.count("(") > before.count(")"):
        return here.line + 1, f"a text with a comma in it, within '{opened}'; {_QUOTES}"
    if before.rstrip()[-1:] in ("'", '"'):
        return here.line + 1, _after_a_quote(before)
    missing_before = after if not after.startswith(":") else before.split()[-1]
    word = re.split(r"[\s,:\]}]", missing_before.strip(), maxsplit=1)[0]
    return here.line + 1, f"a ',' is missing before '{word}', or a bracket is not closed"


def _no_key(before: str, after: str) -> str:
    """Why a line of a block does not begin with a key."""
    if after[:1] in ("}", "]"):
        return f"a '{after[0]}' too much"
    if before.rstrip()[-1:] in ("'", '"'):
        return _after_a_quote(before)
    if after.startswith("- "):
        return "an item of a list stands between keys; indent it under the key that it belongs to"
    return "indented otherwise than the keys beside it; the same number of blanks for each"


def _after_a_quote(before: str) -> str:
    if before.rstrip().endswith("'"):
        return "the text goes on after its closing quote; a ' inside of it is written ''"
    return "the text goes on after its closing quote; quote all of it, or nothing"


def _no_colon(line: str) -> str:
    if ":" in line:
        key, _, value = line.partition(":")
        return f"'{line}' has no blank after the colon; write '{key}: {value}'"
    return f"'{line}' is neither 'key: value' nor an item of a list"
