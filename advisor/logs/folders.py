"""Which files of a folder make up its log."""

from __future__ import annotations

from pathlib import Path

from advisor.logs.log import LogError, shown
from advisor.logs.names import SPLITS
from advisor.logs.tensorboard import is_event_file
from advisor.logs.text import allowed

KNOWN = ("events.jsonl", "trainer_state.json", "metrics.csv", "metrics.jsonl", "log.jsonl")
MOST_FILES = 1000


def files_in(folder: Path, source: str) -> list[tuple[str, Path]]:
    """The files with the prefix of their names: one log, or the event files of one run.

    Splits may lie in folders of their own, as Keras writes them. Raises LogError.
    """
    inside = sorted(folder.iterdir())[:MOST_FILES]
    for name in KNOWN:
        if (folder / name).is_file():
            return [("", folder / name)]
    files = [path for path in inside if path.is_file()]
    found = [("", path) for path in files if _is_event_file(path)]
    below = {path.name: _event_files(path) for path in inside if path.is_dir()}
    runs = [name for name, inner in below.items() if inner and not _split(name)]
    if not found and runs:
        names = ", ".join(shown(name) for name in runs[:5])
        raise LogError(f"{source}: no log, but folders that hold some; name one of them: {names}")
    for name, inner in below.items():
        if _split(name):
            found += [(f"{name}/", path) for path in inner]
    if found:
        return found
    if len(files) == 1:
        return [("", files[0])]
    raise LogError(f"{source}: a folder without a log; name the file. {allowed()}")


def _split(name: str) -> bool:
    return name.lower() in SPLITS


def _event_files(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.iterdir())[:MOST_FILES] if _is_event_file(path)]


def _is_event_file(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return is_event_file(file.read(64))
