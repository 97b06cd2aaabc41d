"""A module of the user's own as a network."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.func import functional_call

from advisor.architecture import Weights
from advisor.backend import Inputs, Job
from advisor.code import place
from advisor_torch.mode import Mode
from advisor_torch.own_code import built, reference_of, refused, seeded
from advisor_torch.parameters import Layout
from advisor_torch.tensors import channels_first, to_array, to_tensor


class OwnNetwork:
    """A `torch.nn.Module` of the user's own. Implements `Network`; its arrays are in its layout.

    Images go in as (N, C, H, W). What its code draws at random follows seed and step. With a low
    precision it runs under autocast. Raises OwnCodeError for whatever its code gets wrong.
    """

    drops = True

    def __init__(self, job: Job) -> None:
        self._reference = reference_of(job.recipe)
        self._module = built(job)
        self._outputs = job.outputs
        self._per_step = job.recipe.task == "language_model"
        self._setting: tuple[bool, bool] | None = None

    def weights(self) -> Weights:
        """As the module initialised them: floating point as float64, integers as they are."""
        found = {**self._parameters(), **self._buffers()}
        return {
            name: to_array(one.double() if one.is_floating_point() else one)
            for name, one in found.items()
        }

    def layout(self) -> Layout:
        """Parameters of two and more dimensions count as kernels."""
        learned = {name for name, one in self._parameters().items() if one.requires_grad}
        kernels = {name for name in learned if self._parameters()[name].ndim >= 2}
        if not learned:
            raise refused(self._reference, "it has no parameters to train")
        return Layout(learned.__contains__, kernels.__contains__, canonical=False, used=False)

    def check(self, tensors: Mapping[str, Tensor], inputs: Inputs, low: torch.dtype | None) -> None:
        """Try it on two examples."""
        like = next(iter(tensors.values()))
        array = inputs[:2] if len(inputs) > 1 else np.zeros((2, *inputs.shape[1:]), inputs.dtype)
        floats = next(one.dtype for one in tensors.values() if one.is_floating_point())
        with torch.no_grad():
            self(tensors, to_tensor(array, like.device, floats), Mode(low=low))

    def __call__(self, tensors: Mapping[str, Tensor], x: Tensor, mode: Mode) -> Tensor:
        if not len(x):
            shape = (0, *x.shape[1:2], self._outputs) if self._per_step else (0, self._outputs)
            return x.new_zeros(shape, dtype=torch.float32)
        self._set(training=mode.batch_statistics, drops=mode.masks is not None)
        given = self._given(tensors, mode)
        before = dict(given)
        with seeded(mode.masks, x.device), self._cast(mode.low, x), self._blaming(mode.low):
            outputs = functional_call(self._module, given, (channels_first(x).contiguous(),))
        if mode.update_statistics:
            self._keep(before, given)
        self._check(outputs, x)
        wide = next(one.dtype for one in tensors.values() if one.is_floating_point())
        return outputs.to(wide)  # type: ignore[no-any-return]

    def _parameters(self) -> dict[str, nn.Parameter]:
        return dict(self._module.named_parameters())

    def _buffers(self) -> dict[str, Tensor]:
        return dict(self._module.named_buffers())

    def _set(self, training: bool, drops: bool) -> None:
        """Into training mode, but for its dropout where nothing is to be dropped."""
        if self._setting == (training, drops):
            return
        self._module.train(training)
        if training and not drops:
            for module in self._module.modules():
                if isinstance(module, nn.modules.dropout._DropoutNd):
                    module.eval()
        self._setting = training, drops

    def _given(self, tensors: Mapping[str, Tensor], mode: Mode) -> dict[str, Tensor]:
        """What it may change is a copy unless it is to be changed."""
        if mode.update_statistics or not mode.batch_statistics:
            return dict(tensors)
        buffers = self._buffers()
        return {name: one.clone() if name in buffers else one for name, one in tensors.items()}

    @torch.no_grad()
    def _keep(self, before: Mapping[str, Tensor], after: Mapping[str, Tensor]) -> None:
        """Buffers that its code replaced by new tensors."""
        for name in self._buffers():
            if after[name] is not before[name]:
                before[name].copy_(after[name])

    def _cast(self, low: torch.dtype | None, x: Tensor) -> AbstractContextManager[Any]:
        return nullcontext() if low is None else torch.autocast(x.device.type, low)

    @contextmanager
    def _blaming(self, low: torch.dtype | None) -> Iterator[None]:
        """Errors in its code become one message; that memory is short is not its fault."""
        try:
            yield
        except (torch.OutOfMemoryError, MemoryError):
            raise
        except Exception as error:
            where = place(error, self._reference.rpartition(":")[0])
            where += f", in {low}," if low else ""
            problem = f"forward{where} raised {type(error).__name__}: {error}"
            raise refused(self._reference, problem) from error

    def _check(self, outputs: object, x: Tensor) -> None:
        expected = (
            (len(x), *x.shape[1:2], self._outputs)
            if self._per_step
            else (
                len(x),
                self._outputs,
            )
        )
        inputs = tuple(channels_first(x).shape)
        if not isinstance(outputs, Tensor):
            found = f"a {type(outputs).__name__}"
        elif tuple(outputs.shape) != expected:
            found = f"a tensor of shape {tuple(outputs.shape)}"
        elif not outputs.is_floating_point():
            found = f"a tensor of {outputs.dtype}"
        elif torch.is_grad_enabled() and not outputs.requires_grad:
            found = "outputs that do not depend on its parameters"
        else:
            return
        raise refused(
            self._reference,
            f"forward made {found} of inputs of shape {inputs}; expected is a floating-point "
            f"tensor of shape {expected}: raw outputs, without softmax or sigmoid",
        )
