from __future__ import annotations

import importlib.util

import pytest


@pytest.fixture(params=["torch", "jax"])
def backend_name(request: pytest.FixtureRequest) -> str:
    """Each installed backend."""
    name: str = request.param
    if importlib.util.find_spec(name) is None:
        pytest.skip(f"{name} is not installed")
    return name
