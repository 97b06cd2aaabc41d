from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor import yaml_lines
from advisor.yaml_lines import Document, YamlError

RULES = sorted(Path("rules").rglob("*.yaml"))
PIECES = (
    *("a", "key", "1e-3", "0x1f", "1_000", "2001-01-01", "yes", "~", "null", ".inf", "'", '"'),
    *(": ", ":", "- ", "-", "? ", "[", "]", "{", "}", ", ", "#", "&a ", "*a", "!!bool ", "!!str "),
    *("\n", "\n  ", "\n    ", "\t", "|\n", ">-\n", "---\n", "...\n", "%YAML 1.1\n", "<<: ", "\x07"),
)


def outcome(text: str, quickly: bool) -> object:
    try:
        found: Document = (yaml_lines.read_quickly if quickly else yaml_lines.read)(text)
    except YamlError as error:
        return str(error), error.line
    return repr(found.content), found.lines


@pytest.mark.parametrize("path", RULES[::10], ids=lambda path: path.stem)
def test_rules_read_quickly_are_the_same(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert outcome(text, quickly=True) == outcome(text, quickly=False)


@given(st.lists(st.sampled_from(PIECES), max_size=25).map("".join))
def test_whatever_is_read_quickly_is_the_same(text: str) -> None:
    if "\t" not in text:  # as white space, libyaml takes it in more places
        assert outcome(text, quickly=True) == outcome(text, quickly=False)


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? "])
def test_what_is_nested_deeply_is_refused(opening: str) -> None:
    with pytest.raises(YamlError):
        yaml_lines.read_quickly("a: \n  " + opening * 4000)


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        ("a: 1\nb: {c: 2\nd: {e: 3}\nf: 4\n", 2, "{ is opened here and not closed"),
        ("a: 1\nb: {c: 2", 2, "{ is opened here and not closed"),
        ("a:\n  b: [8, 8\n  c: mlp\nd: {e: 3}\n", 2, "[ is opened here and not closed"),
        ("a: [1,\n  {b: 2},\n  '] }', # ]\n\n\n", 1, "[ is opened here and not closed"),
        ("a: {b: [1, 2}\nc: 3\n", 1, "[ is opened here and not closed"),
        ("a: 'one\nb: two\nc: 3\n", 1, "' is opened here and not closed"),
        ("a: 1\nb\nc: 3\n", 2, "could not find expected ':'"),
        ("a: [1, it's,\n  2: : 3,\n  4]\nb: 2\n", 2, "expected the node content"),
        ("a: 1\nb: {c: 2}}\n", 2, "found '}'"),
    ],
)
def test_what_is_never_closed_is_told_where_it_was_opened(text: str, line: int, told: str) -> None:
    with pytest.raises(YamlError) as caught:
        yaml_lines.read(text)
    assert caught.value.line == line
    assert told in str(caught.value)
