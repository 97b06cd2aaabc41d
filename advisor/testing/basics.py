"""What a backend is, and how weights go in and come out."""

from __future__ import annotations

import pytest

from advisor.backend import Backend, Precision, Training
from advisor.testing.base import Contract, assert_same
from advisor.testing.families import FAMILIES
from advisor.testing.jobs import float32, scattered, small_job


class BasicsContract(Contract):
    def test_it_is_a_backend(self, backend: Backend) -> None:
        assert isinstance(backend, Backend)
        info = backend.info()
        assert info.name == backend.name
        assert info.versions
        training = backend.start(self.job())
        assert isinstance(training, Training)
        assert training.device in info.devices

    def test_auto_is_the_best_device(self, backend: Backend) -> None:
        job = small_job(device="auto", precision="float32")
        assert backend.start(job).device == backend.info().devices[0]

    def test_a_device_that_is_not_here(self, backend: Backend) -> None:
        with pytest.raises(ValueError, match="abacus:7") as raised:
            backend.start(small_job(device="abacus:7"))
        for name in backend.info().devices:
            assert name in str(raised.value)

    @pytest.mark.parametrize("name", FAMILIES)
    def test_weights_come_back_as_they_went_in(self, backend: Backend, name: str) -> None:
        job = self.family(name)
        kept = {one: array.copy() for one, array in job.weights.items()}
        training = backend.start(job)
        assert_same(training.weights(), job.weights)
        changed = scattered(job.weights, 1)
        training.load(changed)
        found = training.weights()
        assert_same(found, changed)
        for array in found.values():
            array += 1
        assert_same(training.weights(), changed)
        assert_same(job.weights, kept)

    @pytest.mark.parametrize("precision", ["float32", "bfloat16", "float16"])
    def test_weights_are_rounded_once(self, backend: Backend, precision: Precision) -> None:
        job = self.family("cnn", precision=precision)
        rounded = {name: float32(array) for name, array in job.weights.items()}
        assert_same(backend.start(job).weights(), rounded)
