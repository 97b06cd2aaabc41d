"""A model of the user's own: a flax NNX module class, and what it must be like."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax import Array

from advisor.architecture import Weights
from advisor.backend import Job, OwnCodeError
from advisor.code import CodeError, load_object, place
from advisor.recipe import Own
from advisor_jax.packing import Vectors

OFFERED = ("input_shape", "outputs", "rngs")
"""what the class is called with, besides `model.arguments`, where its signature has it"""


@dataclass(frozen=True)
class OwnClass:
    """The class, and what it is called with. Makes models by name of each array."""

    made: type[nnx.Module]
    reference: str
    arguments: tuple[tuple[str, Any], ...]
    input_shape: tuple[int, ...]
    outputs: int

    def build(self, rngs: nnx.Rngs) -> nnx.Module:
        """Raises OwnCodeError."""
        offers = {"input_shape": self.input_shape, "outputs": self.outputs, "rngs": rngs}
        known = inspect.signature(self.made.__init__).parameters
        given = {name: offer for name, offer in offers.items() if name in known}
        given |= dict(self.arguments)
        try:
            return self.made(**given)
        except Exception as error:
            names = ", ".join(given)
            raise self.failure(error, f"cannot be made with the arguments {names}") from error

    def failure(self, error: Exception, what: str) -> OwnCodeError:
        """What is raised for an exception in the user's code."""
        file, _, name = self.reference.rpartition(":")
        text = next(iter(str(error).strip().splitlines()), "")
        where = f"{file}{place(error, file)}"
        return OwnCodeError(f"{where}: {name} {what}: {type(error).__name__}: {text}")


@dataclass(frozen=True)
class OwnModel:
    """The class with the names of the arrays that its models have."""

    of: OwnClass
    names: tuple[str, ...]
    """of all arrays, in the order in which the class sets its attributes"""
    kernels: tuple[str, ...]
    """parameters of two or more dimensions"""
    vectors: Vectors
    """the other parameters"""
    draws: tuple[str, ...]
    """its streams of random numbers"""


def own_model(job: Job) -> OwnModel | None:
    """None for a model of the vocabulary. Raises OwnCodeError."""
    settings = job.recipe.model
    if not isinstance(settings, Own):
        return None
    arguments = tuple(sorted(settings.arguments.items()))
    found = _loaded(settings.jax)
    reference = str(settings.jax)
    made = OwnClass(found, reference, arguments, job.inputs.shape[1:], job.outputs)
    return _described(made)


def _loaded(reference: str | None) -> type[nnx.Module]:
    if reference is None:
        raise OwnCodeError(
            "model.jax is not given, so the backend jax has no model; allowed: FILE.py:CLASS "
            "of a flax.nnx.Module, or the backend torch"
        )
    try:
        found = load_object(reference)
    except CodeError as error:
        raise OwnCodeError(f"model.jax: {error}") from error
    if not (isinstance(found, type) and issubclass(found, nnx.Module)):
        raise OwnCodeError(
            f"model.jax: {reference} is {found!r}; it must be a class that inherits flax.nnx.Module"
        )
    return found


@functools.lru_cache(maxsize=64)
def _described(made: OwnClass) -> OwnModel:
    attributes: list[str] = []

    def built() -> nnx.Module:
        model = made.build(nnx.Rngs(0))
        attributes.extend(vars(model))  # noted here: NNX puts them into alphabetical order
        return model

    variables = arrays(nnx.eval_shape(built))
    places = {name: attributes.index(name.partition(".")[0]) for name in variables}
    variables = {name: variables[name] for name in sorted(variables, key=places.__getitem__)}
    trained = {name: one.shape for name, one in variables.items() if isinstance(one, nnx.Param)}
    kernels = tuple(name for name, shape in trained.items() if len(shape) > 1)
    vectors = tuple((name, shape) for name, shape in trained.items() if len(shape) < 2)
    if not trained:
        raise OwnCodeError(f"{made.reference} has nothing to train: no flax.nnx.Param")
    draws = tuple(name for name, one in variables.items() if isinstance(one, nnx.RngState))
    names = tuple(name for name in variables if name not in draws)
    return OwnModel(made, names, kernels, vectors, draws)


def arrays(model: nnx.Module) -> dict[str, Any]:
    """Every variable of a model, or array that is none, by its name."""
    return {name_of(path): one for path, one in nnx.to_flat_state(nnx.state(model))}


def name_of(path: tuple[Any, ...]) -> str:
    return ".".join(str(part) for part in path)


def own_weights(own: OwnModel, seed: int) -> Weights:
    """What the class initialises a model with from this seed."""
    found: Weights = jax.device_get(_initial(own.of, np.uint32(seed)))
    return {name: found[name] for name in own.names}


@functools.partial(jax.jit, static_argnames="made")
def _initial(made: OwnClass, seed: Array) -> dict[str, Array]:
    variables = arrays(made.build(nnx.Rngs(jax.random.key(seed))))
    return {
        name: one[...] if isinstance(one, nnx.Variable) else one
        for name, one in variables.items()
        if not isinstance(one, nnx.RngState)
    }


def set_mode(model: nnx.Module, *, training: bool, drops: bool) -> None:
    """Batch statistics in training; dropout only where the step has random words."""
    if training:
        model.train()  # type: ignore[no-untyped-call]
        model.set_attributes(deterministic=not drops, raise_if_not_found=False)
    else:
        model.eval()  # type: ignore[no-untyped-call]


def set_products(
    model: nnx.Module,
    dot: Callable[..., Array],
    convolution: Callable[..., Array],
) -> None:
    """Give its Linear and Conv layers other products, where they have flax's own."""
    for _, module in nnx.iter_modules(model):
        if isinstance(module, nnx.Linear) and module.dot_general is jax.lax.dot_general:
            module.dot_general = dot
        plain = jax.lax.conv_general_dilated
        if isinstance(module, nnx.Conv) and module.conv_general_dilated is plain:
            module.conv_general_dilated = convolution


def check_outputs(own: OwnClass, outputs: Any, inputs: Any, *, per_step: bool) -> Array:
    """The outputs as an array. Raises OwnCodeError for anything but raw outputs."""
    lead = inputs.shape[:2] if per_step else inputs.shape[:1]
    expected = (*lead, own.outputs)
    shape = getattr(outputs, "shape", None)
    if shape != expected:
        found = f"an array of shape {shape}" if shape is not None else type(outputs).__name__
        raise OwnCodeError(
            f"{own.reference} gives {found} for inputs of shape {inputs.shape}; it must give raw "
            f"outputs of shape {expected}"
        )
    return jnp.asarray(outputs)
