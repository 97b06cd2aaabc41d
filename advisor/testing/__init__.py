"""The contract that every backend keeps, as tests to inherit; and small jobs to try things on.

For a backend of your own:

    class TestMine(BackendContract):
        @pytest.fixture
        def backend(self) -> Backend:
            return MyBackend()

What a layer, a loss or an optimiser must compute is in `advisor.reference`. For readable
failures, call `pytest.register_assert_rewrite("advisor.testing")` before importing this package.
"""

from advisor.testing.base import (
    assert_same,
    assert_slopes,
)
from advisor.testing.basics import BasicsContract
from advisor.testing.chance import ChanceContract
from advisor.testing.families import (
    ACTIVATIONS,
    FAMILIES,
    LOSS_CASES,
    NORMALIZATIONS,
    OPTIMIZERS,
    RATES,
    TASKS,
)
from advisor.testing.jobs import (
    CLASSES,
    CLOSE,
    EXACT,
    SHAPES,
    family_job,
    float32,
    scattered,
    small_batches,
    small_data,
    small_job,
    small_recipe,
    varied,
)
from advisor.testing.losses import LossesContract
from advisor.testing.predictions import PredictionsContract
from advisor.testing.resuming import PrecisionContract, ResumingContract, TogetherContract
from advisor.testing.steps import StepsContract

__all__ = [
    "ACTIVATIONS",
    "CLASSES",
    "CLOSE",
    "EXACT",
    "FAMILIES",
    "LOSS_CASES",
    "NORMALIZATIONS",
    "OPTIMIZERS",
    "RATES",
    "SHAPES",
    "TASKS",
    "BackendContract",
    "assert_same",
    "assert_slopes",
    "family_job",
    "float32",
    "scattered",
    "small_batches",
    "small_data",
    "small_job",
    "small_recipe",
    "varied",
]


class BackendContract(
    BasicsContract,
    PredictionsContract,
    LossesContract,
    StepsContract,
    ChanceContract,
    ResumingContract,
    PrecisionContract,
    TogetherContract,
):
    """Inherit, and provide the fixture `backend`; `device` names where the tests run."""
