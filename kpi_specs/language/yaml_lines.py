"""YAML with the line of every key and value kept.

YAML 1.1 reads `on`, `off`, `yes` and `no` as booleans, `010` as 8, `12:30` as 750 and `1_000` as a
number. A spec has a key `on` (when it changed), and a country code may be `no`: here only `true`
and `false` are booleans, and numbers are written with digits, as in YAML 1.2. What looks like a
date and is none (`2017-02-30`) stays a text, and the field that needs a date tells it.
"""

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from kpi_specs.language.problems import Problem
from kpi_specs.language.yaml_errors import explain

_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times faster where built with C

YamlPath = tuple[str | int, ...]

# A spec has some hundred parts, eight deep. An alias repeats a part, and aliases of aliases double
# it each time: a few lines may stand for more than fits into memory.
_MOST_PARTS = 100_000
_DEEPEST = 40

_TAG = "tag:yaml.org,2002:"
_PLAIN = {
    "bool": (re.compile(r"^(true|false)$"), "tf"),
    "int": (re.compile(r"^[-+]?(0|[1-9][0-9]{0,17})$"), "-+0123456789"),
    "float": (
        re.compile(r"^[-+]?([0-9]+\.[0-9]*|\.[0-9]+|[0-9]+(?=[eE]))([eE][-+]?[0-9]+)?$"),
        "-+.0123456789",
    ),
}


class _Loader(_Base):  # type: ignore[misc]
    def construct_date(self, node: Any) -> dt.date | str:
        try:
            found: dt.date = super().construct_yaml_timestamp(node)
        except ValueError:
            return str(node.value)
        return found


_Loader.yaml_implicit_resolvers = {
    first: [(tag, regexp) for tag, regexp in resolvers if tag.removeprefix(_TAG) not in _PLAIN]
    for first, resolvers in _Base.yaml_implicit_resolvers.items()
}
for _name, (_pattern, _first) in _PLAIN.items():
    _Loader.add_implicit_resolver(_TAG + _name, _pattern, list(_first))
_Loader.add_constructor(f"{_TAG}timestamp", _Loader.construct_date)


@dataclass(frozen=True)
class Document:
    """One parsed YAML file: its data and where each part of it stands."""

    file: str  # relative to the project
    data: Any
    lines: dict[YamlPath, int]

    def line(self, *path: str | int) -> int:
        """Line of the deepest known part of `path`."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def lines_by_item(self, name: str) -> list[dict[YamlPath, int]]:
        """The lines inside each item of the list under the key `name`, paths from the item on."""
        items: list[dict[YamlPath, int]] = [{} for _ in self.data[name]]
        for path, line in self.lines.items():
            if len(path) > 1 and path[0] == name and isinstance(path[1], int):
                items[path[1]][path[2:]] = line
        return items


def data_at(data: Any, path: YamlPath) -> Any:
    """The part of some data at `path`; None where there is none."""
    for step in path:
        if isinstance(data, dict):
            data = data.get(step)
        elif isinstance(data, list) and isinstance(step, int) and step < len(data):
            data = data[step]
        else:
            return None
    return data


def read_yaml(text: str) -> Any:
    """The data of a YAML text that is known to be right, by the same reading of words as specs."""
    return yaml.load(text, Loader=_Loader)


def read_document(path: Path, root: Path) -> Document | Problem:
    """Read one file; what is not a text, not YAML or without an end is a Problem with its line."""
    text = read_text(path, root)
    return text if isinstance(text, Problem) else parse(path.relative_to(root).as_posix(), text)


def read_text(path: Path, root: Path) -> str | Problem:
    """The text of one file; what cannot be opened, or is not a text, is a Problem."""
    name = path.relative_to(root).as_posix()
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        return Problem(name, line, "bad-yaml", "not UTF-8 text; save the file as UTF-8.")
    except IsADirectoryError:
        return Problem(name, 1, "bad-yaml", "a folder, and a file is expected; rename the folder.")
    except OSError as error:
        said = (error.strerror or "cannot be read").lower()
        return Problem(name, 1, "bad-yaml", f"the file cannot be opened: {said}.")


def parse(name: str, text: str) -> Document | Problem:
    """The text of the file `name` as a document; what is not YAML or has no end is a Problem."""
    try:
        loader = _Loader(text)
        try:
            node = loader.get_single_node()
            lines = dict(_lines(loader, node)) if node is not None else {}
            data = None if node is None else loader.construct_document(node)
        finally:
            loader.dispose()
    except yaml.YAMLError as error:
        line, said = explain(error, text)
        return Problem(name, line, "bad-yaml", f"cannot be read: {said}.")
    except _TooLargeError as error:
        return Problem(name, error.line, "bad-yaml", f"cannot be read: {error}.")
    except (ValueError, TypeError):  # `!!int x`: nothing else converts a word
        line = text[: text.find("!!")].count("\n") + 1
        said = "a value does not fit its '!!' tag; leave the tag out"
        return Problem(name, line, "bad-yaml", f"cannot be read: {said}.")
    return Document(name, data, lines)


class _TooLargeError(Exception):
    """More than a spec can be."""

    def __init__(self, line: int, said: str) -> None:
        super().__init__(said)
        self.line = line


def _lines(loader: Any, root: Any) -> Iterator[tuple[YamlPath, int]]:
    """The line of every part; a key that stands twice is an error."""
    waiting: list[tuple[YamlPath, Any, int]] = [((), root, root.start_mark.line + 1)]
    count = 0
    while waiting:
        path, node, line = waiting.pop()
        yield path, line
        count += 1
        if count > _MOST_PARTS:
            said = f"more than {_MOST_PARTS:,} parts; write it without anchors and aliases"
            raise _TooLargeError(line, said)
        if len(path) > _DEEPEST:
            said = f"more than {_DEEPEST} levels deep, as where an alias stands in its own anchor"
            raise _TooLargeError(line, said)
        if isinstance(node, yaml.MappingNode):
            for step, key, value in _keys(loader, node):
                waiting.append(((*path, step), value, key.start_mark.line + 1))
        elif isinstance(node, yaml.SequenceNode):
            for index, value in enumerate(node.value):
                waiting.append(((*path, index), value, value.start_mark.line + 1))


def _keys(loader: Any, node: Any) -> Iterator[tuple[str | int, Any, Any]]:
    """Each key as the data has it, its node and its value's; refused where it cannot be meant."""
    seen: set[Any] = set()
    number = ""  # the value before, where it is one: `1,000` between braces is 1, then a key 000
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode):
            raise _refused("found unhashable key", key)
        # Numbers, dates and the like are not spelled as the data has them.
        plain = key.tag in (f"{_TAG}str", f"{_TAG}merge")
        step = key.value if plain else loader.construct_object(key)
        if number and node.flow_style and re.fullmatch(r"\d{3}", key.value) and not value.value:
            said = f"a number has no comma between its digits; write {number}{key.value}"
            raise _refused(said, key)
        if step in seen:
            raise _refused(f"the key '{key.value}' stands twice", key)
        seen.add(step)
        found = value.value if isinstance(value, yaml.ScalarNode) else ""
        number = found if re.fullmatch(r"[-+]?\d{1,3}", found) else ""
        yield step, key, value


def _refused(said: str, node: Any) -> yaml.MarkedYAMLError:
    return yaml.constructor.ConstructorError(None, None, said, node.start_mark)
