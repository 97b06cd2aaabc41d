"""The forward pass in evaluation mode."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from advisor import reference
from advisor.architecture import PADDING, Activation, walk
from advisor.backend import Backend, Precision
from advisor.testing.base import Contract, assert_same
from advisor.testing.families import FAMILIES
from advisor.testing.jobs import CLOSE, EXACT, small_batches, small_data

ROUNDED: dict[Precision, tuple[float, float]] = {
    "float32": (0.0, 1e-5),
    "bfloat16": (1e-4, 0.05),
    "float16": (1e-5, 0.01),
}
"""Least and largest difference from float64, of the largest output."""


class PredictionsContract(Contract):
    @pytest.mark.parametrize("name", FAMILIES)
    def test_predictions_are_the_references(self, backend: Backend, name: str) -> None:
        job = self.family(name)
        expected = reference.forward(job.layers, job.weights, job.inputs)["output"]
        found = backend.start(job).predict(job.inputs)
        assert_allclose(found, expected, rtol=CLOSE, atol=CLOSE)

    @pytest.mark.parametrize("name", ["mlp-residual", "transformer"])
    def test_activations_are_the_references(self, backend: Backend, name: str) -> None:
        job = self.family(name)
        expected = reference.forward(job.layers, job.weights, job.inputs)
        found = backend.start(job).activations(job.inputs)
        assert list(found) == [one.name for one in walk(job.layers) if isinstance(one, Activation)]
        for layer, values in found.items():
            assert_allclose(values, expected[layer], rtol=CLOSE, atol=CLOSE, err_msg=layer)

    def test_predictions_do_not_depend_on_their_company(self, backend: Backend) -> None:
        job = self.job({"model.normalization": "batch"})
        inputs, _ = small_data("classification", (6,), 2500)
        training = backend.start(job)
        alone = [training.predict(inputs[:3]), training.predict(inputs[3:])]
        assert_allclose(training.predict(inputs), np.concatenate(alone), rtol=EXACT, atol=EXACT)

    def test_what_follows_the_padding_is_not_seen(self, backend: Backend) -> None:
        """The vector of the padding itself matters to no example but the one of padding alone."""
        job = self.family("transformer")
        training, weights = backend.start(job), dict(job.weights)
        before = training.predict(job.inputs)
        kernel = weights["embedding.kernel"] = weights["embedding.kernel"].copy()
        kernel[PADDING] += np.arange(kernel.shape[1])
        training.load(weights)
        moved = np.abs(training.predict(job.inputs) - before).max(axis=1) > EXACT
        assert_array_equal(moved, (job.inputs == PADDING).all(axis=1))

    def test_a_causal_model_does_not_see_the_future(self, backend: Backend) -> None:
        job = self.family("language_model")
        training, inputs = backend.start(job), job.inputs.copy()
        before = training.predict(inputs)
        inputs[:, 3] = inputs[:, 3] % 5 + 1
        changed = np.abs(training.predict(inputs) - before).max(axis=2) > EXACT
        assert not changed[:, :3].any()
        assert changed[:, 3:].any(axis=0).all()

    def test_looking_changes_nothing(self, backend: Backend) -> None:
        job = self.job({"model.normalization": "batch", "regularization.dropout": 0.5})
        watched, alone = backend.start(job), backend.start(job)
        for step in range(3):
            first = watched.predict(job.inputs)
            watched.activations(job.inputs)
            watched.gradients(job.inputs[:16], job.targets[:16])
            watched.weights()
            watched.state()
            assert_array_equal(watched.predict(job.inputs), first)
            batches = small_batches(job, 1, start=step)
            assert_array_equal(watched.run(batches).loss, alone.run(batches).loss)
        assert_same(watched.weights(), alone.weights())

    @pytest.mark.parametrize(
        ("name", "precision"),
        [
            ("mlp", "float32"),
            ("cnn", "float16"),
            ("rnn", "bfloat16"),
            ("transformer", "bfloat16"),
        ],
    )
    def test_lower_precision_is_close(
        self, backend: Backend, name: str, precision: Precision
    ) -> None:
        job = self.family(name, precision=precision)
        exact = reference.forward(job.layers, job.weights, job.inputs)["output"]
        found = backend.start(job).predict(job.inputs)
        assert found.dtype == np.float32
        least, most = ROUNDED[precision]
        assert least <= np.abs(found - exact).max() / np.abs(exact).max() < most
