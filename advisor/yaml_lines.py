"""YAML with line numbers: plain values, and where each of them stands.

Safe-loader semantics: no tags that make objects. Duplicate keys, several documents and files
that are or expand to more than anyone writes by hand are refused. `1e-3` is a number, as everybody
expects.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import yaml

MOST_CHARACTERS = 1_000_000
MOST_VALUES = 100_000
"""Aliases can make a short file stand for billions of values."""
Path: TypeAlias = tuple[str | int, ...]


class YamlError(ValueError):
    """The text is not usable YAML. The message says what and in which line."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.line = line


@dataclass
class Document:
    """A top-level mapping and the line (from 1) of every value in it, by path."""

    content: dict[str, Any]
    lines: dict[Path, int] = field(default_factory=dict)

    def line(self, path: Path) -> int:
        """The line of this value, or of the nearest value around it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


FLOAT = re.compile(r"^[-+]?(\d+\.?\d*|\.\d+)[eE][-+]?\d+$")
FLOAT_STARTS = list("-+0123456789.")


class _Loader(yaml.SafeLoader):
    """The safe loader with numbers such as 1e-3, which YAML 1.1 reads as text."""


class _FastLoader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """The same on libyaml, where PyYAML was built with it."""


for _loader in (_Loader, _FastLoader):
    _loader.add_implicit_resolver("tag:yaml.org,2002:float", FLOAT, FLOAT_STARTS)
IN_BRACKETS = "while parsing a flow node"
OPENING = (
    IN_BRACKETS,
    "while parsing a flow mapping",
    "while parsing a flow sequence",
    "while scanning a quoted scalar",
)
CLOSING = {"{": "}", "[": "]"}
QUOTED = r"""(?<=[][{},:\s])('(?:[^']|'')*'|"(?:[^"\\]|\\.)*")"""
TOKENS = re.compile(rf"[][{{}}]|(?<=\s)\#[^\n]*|{QUOTED}", re.DOTALL)
"""What tells whether a bracket is closed: brackets, and comments and quoted texts, in which they
mean nothing."""
MOST_FAST, MOST_NESTED = 20_000, 500
"""Characters, and openings of lists and mappings: a hundred-thousandfold list in a list would
overrun libyaml's stack."""


def read(text: str) -> Document:
    """Read one mapping. Raises YamlError."""
    if len(text) > MOST_CHARACTERS:
        raise YamlError(f"the file is longer than {MOST_CHARACTERS:,} characters", 1)
    try:
        document = Document({})
        content = _content(text, _Loader, document.lines)
    except yaml.MarkedYAMLError as error:
        raise _explained(error, text) from None
    except YamlError:
        raise
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise YamlError(f"holds the control character {error.character:#06x}", line) from None
    except (yaml.YAMLError, ValueError, OverflowError, RecursionError) as error:
        raise YamlError(f"is not readable YAML: {error}".splitlines()[0], 1) from None
    if not isinstance(content, dict):
        raise YamlError("must be a mapping of fields, such as `task: classification`", 1)
    document.content = content
    return document


def read_quickly(text: str) -> Document:
    """As `read`, five times as fast for the many small files of a rulebook. Whatever is wrong is
    left to `read`, so that its messages are the same. Raises YamlError."""
    openings = sum(map(text.count, "[{-?"))
    if len(text) > MOST_FAST or openings > MOST_NESTED or not text.isascii():
        return read(text)
    lines: dict[Path, int] = {}
    try:
        content = _content(text, _FastLoader, lines)
    except (yaml.YAMLError, ValueError, OverflowError, RecursionError):
        return read(text)
    # libyaml places values that are left out elsewhere; `None` in a text only costs time
    usual = isinstance(content, dict) and "None" not in repr(content)
    return Document(content, lines) if usual else read(text)


def _content(text: str, kind: type[yaml.SafeLoader], lines: dict[Path, int]) -> Any:
    loader = kind(text)
    try:
        node = loader.get_single_node()
        return _value(loader, node, (), lines) if node is not None else {}
    except yaml.parser.ParserError as error:
        if error.context == IN_BRACKETS and (marks := getattr(loader, "marks", None)):
            error.context_mark = marks[-1]  # where the brackets were opened
        raise
    finally:
        loader.dispose()


def read_value(text: str) -> Any:
    """One scalar or list, as in `--set path=value`. Raises YamlError."""
    return read("value: " + text).content["value"]


def _value(loader: yaml.SafeLoader, node: yaml.Node, path: Path, lines: dict[Path, int]) -> Any:
    if len(lines) > MOST_VALUES:
        raise YamlError(f"holds more than {MOST_VALUES:,} values", node.start_mark.line + 1)
    lines[path] = node.start_mark.line + 1
    if len(path) > 20:
        raise YamlError("is nested too deeply", node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        return _mapping(loader, node, path, lines)
    if isinstance(node, yaml.SequenceNode):
        return [_value(loader, item, (*path, i), lines) for i, item in enumerate(node.value)]
    return _scalar(loader, node)


def _scalar(loader: yaml.SafeLoader, node: yaml.Node) -> Any:
    try:
        return loader.construct_object(node)
    except (ValueError, LookupError, AttributeError, TypeError):
        # PyYAML's own constructors stumble over a tag that does not fit: `!!bool x`, `2001-99-99`
        raise YamlError(
            f"{str(node.value)[:80]!r} is not a {node.tag.rpartition(':')[2]}",
            node.start_mark.line + 1,
        ) from None


def _mapping(
    loader: yaml.SafeLoader, node: yaml.MappingNode, path: Path, lines: dict[Path, int]
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        key = _scalar(loader, key_node)
        if not isinstance(key, str):
            raise YamlError(f"a field's name must be text, found {key!r}", line)
        if key in found:
            raise YamlError(f"field {key!r} is given twice", line)
        found[key] = _value(loader, value_node, (*path, key), lines)
    return found


def _explained(error: yaml.MarkedYAMLError, text: str) -> YamlError:
    """What is wrong, at the line where it is to be mended: where something was opened that is
    never closed, PyYAML only stumbles lines later."""
    mark, opened = error.problem_mark or error.context_mark, error.context_mark
    line = mark.line + 1 if mark else 1
    if "expected a single document" in str(error):
        return YamlError("holds several YAML documents; one is allowed", line)
    if opened is not None and error.context in OPENING and _is_open(text, opened.index):
        sign = text[opened.index]
        return YamlError(
            f"is not readable YAML: {sign} is opened here and not closed", opened.line + 1
        )
    if opened is not None and error.context == "while scanning a simple key":
        line = opened.line + 1
    problem = (error.problem or error.context or "for an unknown reason").strip()
    return YamlError(f"is not readable YAML: {problem}", line)


def _is_open(text: str, start: int) -> bool:
    """Whether what opens at `start`, a bracket or a quote, is never closed."""
    if text[start] in "'\"":
        return True  # or it would have been read
    waiting = [CLOSING[text[start]]]
    for found in TOKENS.finditer(text, start + 1):
        sign = found[0]
        if sign in CLOSING:
            waiting.append(CLOSING[sign])
        elif sign in CLOSING.values() and waiting.pop() != sign:
            return True
        if not waiting:
            return False
    return True
