"""Building a module from the user's own code."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

from advisor.backend import Job, OwnCodeError
from advisor.code import load_object, place
from advisor.recipe import Own, Recipe

EXPECTED = "a torch.nn.Module class that model.arguments fit"


def refused(reference: str, problem: str) -> OwnCodeError:
    """The error to raise: what of whose code, and what is the matter."""
    return OwnCodeError(f"model.torch {reference}: {problem}")


def reference_of(recipe: Recipe) -> str:
    model = recipe.model
    if not isinstance(model, Own) or model.torch is None:
        raise OwnCodeError(
            "model.torch is not given, so this model of your own cannot run on backend torch; "
            "give it as FILE.py:CLASS, or use backend jax"
        )
    return model.torch


def built(job: Job) -> nn.Module:
    """The module, on the CPU, initialised from train.seed. Raises OwnCodeError."""
    reference = reference_of(job.recipe)
    made = _loaded(reference)
    if not callable(made):
        raise refused(reference, f"is a {type(made).__name__}; expected is {EXPECTED}")
    with seeded(job.recipe.train.seed, torch.device("cpu")):
        try:
            module = made(**_arguments(made, job))
        except Exception as error:
            where = place(error, reference.rpartition(":")[0])
            problem = f"cannot be built{where}: {type(error).__name__}: {error}"
            raise refused(reference, f"{problem}; expected is {EXPECTED}") from error
    if not isinstance(module, nn.Module):
        raise refused(reference, f"makes a {type(module).__name__}; expected is {EXPECTED}")
    if any(isinstance(one, nn.UninitializedParameter) for one in module.parameters()):
        raise refused(reference, "has lazy layers; give them the sizes of their inputs")
    return module


def _loaded(reference: str) -> Any:
    try:
        return load_object(reference)
    except ValueError as error:
        raise OwnCodeError(f"model.torch: {error}") from error


def _arguments(made: Any, job: Job) -> Mapping[str, Any]:
    """The user's arguments, and those of `input_shape` and `outputs` that it asks for."""
    model, shape = job.recipe.model, tuple(job.inputs.shape[1:])
    assert isinstance(model, Own)
    if len(shape) == 3:
        shape = (shape[2], *shape[:2])
    ours = {"input_shape": shape, "outputs": job.outputs}
    asked = inspect.signature(made).parameters
    return {name: value for name, value in ours.items() if name in asked} | model.arguments


@contextmanager
def seeded(source: torch.Generator | int | None, device: torch.device) -> Iterator[None]:
    """PyTorch's global generators start from this seed inside and go on as before outside."""
    seed = source.initial_seed() if isinstance(source, torch.Generator) else source or 0
    cuda = [device.index or 0] if device.type == "cuda" else []
    with torch.random.fork_rng(devices=cuda):
        torch.default_generator.manual_seed(seed)
        for index in cuda:
            torch.cuda.default_generators[index].manual_seed(seed)
        yield
