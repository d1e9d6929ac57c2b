"""YAML with the line of every key and value kept.

YAML 1.1 reads `on`, `off`, `yes` and `no` as booleans; a spec has a key `on` (when it changed) and
a country code may be `no`, so here only `true` and `false` are booleans, as in YAML 1.2.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from kpi_specs.language.problems import Problem

_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times faster where built with C

YamlPath = tuple[str | int, ...]


class _Loader(_Base):  # type: ignore[misc]
    pass


_Loader.yaml_implicit_resolvers = {
    first: [(tag, regexp) for tag, regexp in resolvers if tag != "tag:yaml.org,2002:bool"]
    for first, resolvers in _Base.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(true|false)$"), list("tf"))


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


def read_yaml(text: str) -> Any:
    """The data of a YAML text that is known to be right, by the same reading of words as specs."""
    return yaml.load(text, Loader=_Loader)


def read_document(path: Path, root: Path) -> Document | Problem:
    """Read one file; a syntax error, a duplicate key or bytes that are not UTF-8 are a Problem."""
    name = path.relative_to(root).as_posix()
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        return Problem(name, line, "bad-yaml", "not UTF-8 text; save the file as UTF-8.")
    try:
        loader = _Loader(text)
        try:
            node = loader.get_single_node()
            data = None if node is None else loader.construct_document(node)
        finally:
            loader.dispose()
        lines: dict[YamlPath, int] = {}
        if node is not None:
            _collect_lines(node, (), lines)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        said = ", ".join(part for part in (error.context, error.problem) if part)
        return Problem(name, mark.line + 1 if mark else 1, "bad-yaml", f"cannot be read: {said}.")
    except (yaml.YAMLError, ValueError) as error:  # ValueError: a date such as 2017-02-30
        return Problem(name, 1, "bad-yaml", f"cannot be read: {error}.")
    return Document(name, data, lines)


def _collect_lines(node: Any, path: YamlPath, lines: dict[YamlPath, int]) -> None:
    lines[path] = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if key.value in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key '{key.value}' stands twice", key.start_mark
                )
            seen.add(key.value)
            _collect_lines(value, (*path, key.value), lines)
            lines[(*path, key.value)] = key.start_mark.line + 1
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            _collect_lines(value, (*path, index), lines)
