from __future__ import annotations

import importlib.util
import itertools
import os
import signal
from collections.abc import Iterator, Mapping

import hypothesis
import pytest

from advisor.facts import FactDefinition
from advisor.rulebook import Rule, folders

pytest.register_assert_rewrite("advisor.testing")

# A loaded machine is no fault of the code: what a test must not do is judged by its asserts.
hypothesis.settings.register_profile(
    "any-speed", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("any-speed")


if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # a shell's background jobs ignore Ctrl+C, and so would the processes that tests interrupt
    signal.signal(signal.SIGINT, signal.default_int_handler)


# XLA spends a quarter of the time on the contract's many small programs without LLVM's optimisation
# and its own code for fusions. Workers take the same flags, and so the programs compiled already.
COMPILE_QUICKLY = (
    "--xla_backend_optimization_level=0",
    "--xla_cpu_use_fusion_emitters=false",
    "--xla_cpu_parallel_codegen_split_count=1",
)
os.environ["XLA_FLAGS"] = " ".join((*COMPILE_QUICKLY, os.environ.get("XLA_FLAGS", "")))


_READ: dict[tuple[str, str, int], tuple[Rule, Mapping[str, FactDefinition]]] = {}
_parse = folders.parse_rule


def _read_once(text: str, vocabulary: Mapping[str, FactDefinition], name: str = "<rule>") -> Rule:
    """The bundled rules are read in many tests, half a second each time; rules are immutable."""
    key = text, name, id(vocabulary)
    if key not in _READ:
        _READ[key] = _parse(text, vocabulary, name), vocabulary  # which keeps its id its own
    return _READ[key][0]


pytest.MonkeyPatch().setattr(folders, "parse_rule", _read_once)


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Compiled programs go neither to the user's cache nor come from it.

    All processes of a run share one: many tests train the same small programs.
    """
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ADVISOR_CACHE", str(shared / "cache"))
        patch.setenv("ADVISOR_CONFIG", str(tmp_path_factory.mktemp("config")))
        patch.setenv("ADVISOR_DATA", str(tmp_path_factory.mktemp("data") / "shared"))
        yield


_NUMBERS = itertools.count()


@pytest.fixture(autouse=True)
def own_experience(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No test learns from the user's sessions, nor from those of another test."""
    folder = tmp_path_factory.getbasetemp() / "learned" / str(next(_NUMBERS))
    monkeypatch.setenv("ADVISOR_DATA", str(folder))


@pytest.fixture(params=["torch", "jax"])
def backend_name(request: pytest.FixtureRequest) -> str:
    """Each installed backend."""
    name: str = request.param
    if importlib.util.find_spec(name) is None:
        pytest.skip(f"{name} is not installed")
    return name
