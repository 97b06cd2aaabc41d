"""Which backend is used when none is named, and what is said of one that is not known."""

from __future__ import annotations

import pytest

from advisor import backend_choice
from advisor.backend import BackendMissingError


def only(*packages: str) -> object:
    return lambda package: package in packages


def test_a_registered_name_is_taken_as_it_is() -> None:
    assert backend_choice.chosen("jax") == "jax"


def test_an_unknown_name_is_refused_with_the_known_ones() -> None:
    with pytest.raises(
        BackendMissingError, match=r"'troch'; did you mean 'torch'\?; registered: jax, torch"
    ):
        backend_choice.chosen("troch")


@pytest.mark.parametrize(
    ("packages", "expected"),
    [
        (("torch", "jax", "flax", "optax"), "torch"),
        (("torch",), "torch"),
        (("jax", "flax", "optax"), "jax"),
        (("torch", "jax"), "torch"),
    ],
)
def test_without_a_name_whichever_is_installed(
    monkeypatch: pytest.MonkeyPatch, packages: tuple[str, ...], expected: str
) -> None:
    monkeypatch.setattr(backend_choice, "_is_here", only(*packages))
    assert backend_choice.chosen(None) == expected


def test_half_an_extra_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backend_choice, "_is_here", only("jax", "flax"))
    assert not backend_choice.is_installed("jax")


def test_no_backend_at_all_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backend_choice, "_is_here", only())
    with pytest.raises(
        BackendMissingError, match=r"tuning-advisor\[jax\].*tuning-advisor\[torch\]"
    ):
        backend_choice.chosen(None)
