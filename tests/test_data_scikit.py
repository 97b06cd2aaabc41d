from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from advisor.data import scikit


@pytest.mark.parametrize("name", scikit.NAMES)
def test_as_scikit_learn_loads_them(name: str) -> None:
    own, theirs = scikit.READERS[name](scikit._folder()), scikit._loaded_by_scikit_learn(name)
    assert own.names == theirs.names
    for mine, wanted in ((own.inputs, theirs.inputs), (own.targets, theirs.targets)):
        assert mine.dtype == wanted.dtype
        np.testing.assert_array_equal(mine, wanted)


def test_without_its_files_its_loaders_are_asked(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(scikit, "_folder", lambda: tmp_path)
    assert scikit.load("iris").inputs.shape == (150, 4)


def test_scikit_learn_is_not_imported() -> None:
    code = "import sys; from advisor.data import scikit; scikit.load('digits')"
    code += "; sys.exit('sklearn' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
