"""`text:PATH`: running text for a language model, or texts with a class each."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from advisor.data.columns import typed
from advisor.data.folders import Files, class_folders
from advisor.data.tokens import Tokenizer, Units, blocks, units_of
from advisor.data.values import Array, DataError, Part, Source, suggestion
from advisor.recipe import Data, Task

LONGEST_TEXT = 1 << 30
DELIMITERS = {".csv": ",", ".tsv": "\t"}


def read_text(path: Path, data: Data, task: Task) -> Source:
    """Tokens for a language model; else texts, made tokens once the training rows are known.

    Raises DataError, OSError.
    """
    if task == "language_model":
        return _language_model(path, data)
    if task not in ("classification", "binary"):
        raise DataError(
            f"data.source: {data.source} does not fit task {task}; "
            f"allowed: language_model, classification, binary"
        )
    if path.is_dir():
        return _by_folder(path)
    if path.suffix.lower() not in DELIMITERS:
        path.open("rb").close()  # a missing file is the better complaint
        raise DataError(
            f"data.source: {path} is no folder; allowed for task {task}: a folder with one "
            f"subfolder per class, or a .csv or .tsv file with columns text and label"
        )
    return _by_table(path, DELIMITERS[path.suffix.lower()])


def _language_model(path: Path, data: Data) -> Source:
    if data.split == "group":
        raise DataError("data.split: group does not fit task language_model; allowed: time, random")
    paths = sorted(path.glob("*.txt")) if path.is_dir() else [path]
    if not paths:
        raise DataError(f"data.source: {path} holds no .txt file")
    texts, digest = _read(paths)
    segments = _segments(path, units_of("\n".join(texts), data), data)
    tokenizer = Tokenizer.learned([segments[0]], data.vocabulary)
    train, validation, test = (
        Part(*blocks(tokenizer.encode(units), data.length), f"the {name} text", "the next tokens")
        for name, units in zip(("training", "validation", "test"), segments, strict=True)
    )
    return Source(
        f"text:{path}",
        train,
        validation,
        test,
        digest,
        vocabulary=len(tokenizer.names),
        tokens=tokenizer.names,
    )


def _segments(path: Path, units: Units, data: Data) -> tuple[Units, Units, Units]:
    """Training, validation and test, one after the other, each of a block at least."""
    n, fewest = len(units), data.length + 1
    if n < 3 * fewest:
        raise DataError(
            f"data.source: {path} has {n} tokens, too few for blocks of data.length "
            f"{data.length} in each of three splits; allowed: at least {3 * fewest}"
        )
    test = min(max(round(n * data.test), fewest), n - 2 * fewest)
    validation = min(max(round(n * data.validation), fewest), n - test - fewest)
    start = n - test - validation
    return units[:start], units[start : n - test], units[n - test :]


def _by_folder(folder: Path) -> Source:
    found = class_folders(folder, (".txt",))
    digest, parts = hashlib.sha256(), list[Part | None]()
    for name, files in (
        ("texts", found.train), ("val", found.validation), ("test", found.test)
    ):  # fmt: skip
        parts.append(None if files is None else _part(folder, name, files, digest))
    train, validation, test = parts
    assert train is not None
    return Source(
        f"text:{folder}", train, validation, test, digest.hexdigest(), found.classes, True,
        ordered=False, texts=True,
    )  # fmt: skip


def _part(folder: Path, name: str, files: Files, digest: Any) -> Part:
    texts, content = _read(files.paths)
    names = "\0".join(str(path.relative_to(folder)) for path in files.paths)
    digest.update(names.encode() + content.encode())
    return Part(_strings(texts), np.array(files.labels), name, f"the classes of {name}")


def _by_table(path: Path, delimiter: str) -> Source:
    (content,), digest = _read([path])
    texts, labels = list[str](), list[str]()
    try:
        for text, label in _rows(path, content, delimiter):
            texts.append(text)
            labels.append(label)
    except csv.Error as error:
        raise DataError(f"data.source: {path} is not readable as a table: {error}") from error
    part = Part(_strings(texts), typed(labels), "column 'text'", "column 'label'")
    return Source(f"text:{path}", part, None, None, digest, texts=True)


def _rows(path: Path, content: str, delimiter: str) -> Iterator[tuple[str, str]]:
    with _long_cells():
        reader = csv.reader(io.StringIO(content, newline=""), delimiter=delimiter, strict=True)
        header = [cell.strip() for cell in next(reader, [])]
        for name in ("text", "label"):
            if header.count(name) != 1:
                raise DataError(
                    f"data.source: {path} has {header.count(name)} columns called {name!r}; "
                    f"allowed: a first row that names one text and one label; it has: "
                    f"{', '.join(header[:20]) or 'nothing'}{suggestion(name, header)}"
                )
        text, label = header.index("text"), header.index("label")
        for row in reader:
            if not row:
                continue
            if len(row) != len(header) or not row[label].strip():
                raise DataError(
                    f"data.source: {path}: line {reader.line_num} has {len(row)} cells and "
                    f"{'no' if len(row) != len(header) else 'an empty'} label; "
                    f"expected {len(header)} cells with a label"
                )
            yield row[text], row[label].strip()


@contextmanager
def _long_cells() -> Iterator[None]:
    """The csv module refuses cells of more than 128 KiB unless told otherwise."""
    before = csv.field_size_limit(LONGEST_TEXT)
    try:
        yield
    finally:
        csv.field_size_limit(before)


def _read(paths: Sequence[Path]) -> tuple[list[str], str]:
    """The texts, with lines that end in one character, and a digest of all."""
    texts, digest = list[str](), hashlib.sha256()
    for path in paths:
        content = path.read_bytes()
        digest.update(len(content).to_bytes(8, "little") + content)
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise DataError(f"data.source: {path} is not UTF-8 text: byte {error.start}") from error
        texts.append(text.replace("\r\n", "\n"))
    return texts, digest.hexdigest()


def _strings(texts: Sequence[str]) -> Array:
    made = np.empty(len(texts), dtype=object)
    made[:] = texts
    return made
