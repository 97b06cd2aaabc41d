"""`python -m wards.loops BACKEND FAULT SEED FOLDER`: one recorded loop, in a process of its own."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

from wards.loops.setting import setting_of


def main() -> None:
    backend, fault, seed, folder = sys.argv[1:]
    loop = importlib.import_module(f"wards.loops.{backend}_loop")
    loop.run(setting_of(fault), int(seed), Path(folder))


if __name__ == "__main__":
    main()
