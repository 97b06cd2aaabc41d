"""What is measured in a run, kept on the device until its end."""

from __future__ import annotations

import torch
from torch import Tensor

from advisor.backend import StepReport
from advisor.events import LayerReport
from advisor_torch.parameters import Parameters


class Telemetry:
    """Losses and norms of each step; of each kernel, what happens at the last one."""

    def __init__(self, parameters: Parameters) -> None:
        self._parameters = parameters
        self._losses: list[Tensor] = []
        self._norms: list[Tensor] = []

    def note(self, loss: Tensor, norm: Tensor) -> None:
        self._losses.append(loss)
        self._norms.append(norm)

    def note_all(self, losses: Tensor, norms: Tensor) -> None:
        """Of all steps at once, (S,) each."""
        self._losses += losses.unbind()
        self._norms += norms.unbind()

    def before(self, gradient: Tensor) -> None:
        """Just before the last update, which may overwrite the gradient."""
        self._gradient_norms = self._parameters.kernel_norms(gradient)
        self._before = self._parameters.kernels.clone()

    def report(self) -> StepReport:
        """Everything in one transfer: the first time that the host waits for the device."""
        norms = self._parameters.kernel_norms
        weight_norms, changes = norms(self._before), norms(self._parameters.kernels - self._before)
        layers = [self._gradient_norms, weight_norms, changes / (weight_norms + 1e-9)]
        steps, names = len(self._losses), self._parameters.kernel_names
        parts = [torch.stack(self._losses), torch.stack(self._norms), *layers]
        flat = torch.cat(parts).cpu().numpy()
        by_layer = flat[2 * steps :].reshape(3, len(names)).T.tolist()
        reports = {
            name: LayerReport(*measured) for name, measured in zip(names, by_layer, strict=True)
        }
        return StepReport(flat[:steps], flat[steps : 2 * steps], reports)
