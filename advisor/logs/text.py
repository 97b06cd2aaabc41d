"""From the bytes of a file to lines of text."""

from __future__ import annotations

import codecs

from advisor.logs.log import LogError, Note, counted

_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
CONTROLS = bytes(code for code in range(32) if chr(code) not in "\t\n\r")
MOST_CONTROLS, MOST_REPLACED = 0.1, 0.3
"""Shares of control characters, and of bytes in no encoding, beyond which a file is no text."""
ENOUGH = 100
"""Characters; a share of fewer says nothing."""


def decode(data: bytes, source: str) -> tuple[str, list[Note]]:
    """The text and what was odd about it. Raises LogError for what is no text."""
    encoding = next((name for mark, name in _MARKS.items() if data.startswith(mark)), "")
    if not encoding and data[:200].count(0) > len(data[:200]) // 3:
        encoding = "utf-16-le" if data[1:2] == b"\0" else "utf-16-be"
    notes: list[Note] = []
    try:
        text = data.decode(encoding or "utf-8")
    except UnicodeDecodeError as error:
        text = data.decode(encoding or "utf-8", errors="replace")
        line = data[: error.start].count(b"\n") + 1
        notes.append(
            Note("encoding", f"not valid UTF-8 from line {line} on; odd bytes were replaced")
        )
    controls, replaced, size = (
        _controls(text if encoding else data),
        text.count("\ufffd"),
        max(ENOUGH, len(text)),
    )
    if controls > MOST_CONTROLS * size or replaced > MOST_REPLACED * size:
        raise LogError(f"{source}: binary data, and no TensorBoard event file. {allowed()}")
    if controls:
        notes.append(Note("binary", f"{counted(controls, 'control character')} in the text"))
    return text, notes


def lines_of(text: str) -> list[str]:
    """Lines as text files have them: no other character separates them."""
    if "\n" not in text:
        return text.split("\r")
    return text.replace("\r\n", "\n").split("\n") if "\r\n" in text else text.split("\n")


def allowed() -> str:
    return (
        "Looked for: events.jsonl of this program, JSON lines (one object a line), CSV or TSV with "
        "a header, trainer_state.json (Hugging Face), metrics.csv (Lightning), TensorBoard event "
        "files or a folder of them; with numbers under names such as loss, val_loss, lr"
    )


def _controls(text: str | bytes) -> int:
    data = text.encode("utf-8", errors="replace") if isinstance(text, str) else text
    return len(data) - len(data.translate(None, CONTROLS))
