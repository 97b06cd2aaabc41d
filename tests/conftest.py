from __future__ import annotations

import importlib.util
from collections.abc import Iterator

import hypothesis
import pytest

pytest.register_assert_rewrite("advisor.testing")

# A loaded machine is no fault of the code: what a test must not do is judged by its asserts.
hypothesis.settings.register_profile(
    "any-speed", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("any-speed")


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Compiled programs go neither to the user's cache nor come from it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ADVISOR_CACHE", str(tmp_path_factory.mktemp("cache")))
        patch.setenv("ADVISOR_CONFIG", str(tmp_path_factory.mktemp("config")))
        yield


@pytest.fixture(params=["torch", "jax"])
def backend_name(request: pytest.FixtureRequest) -> str:
    """Each installed backend."""
    name: str = request.param
    if importlib.util.find_spec(name) is None:
        pytest.skip(f"{name} is not installed")
    return name
