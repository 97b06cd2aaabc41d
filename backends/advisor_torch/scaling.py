"""Scaling of the loss, so that small gradients survive in float16."""

from __future__ import annotations

import torch
from torch import Tensor

FIRST, DOUBLED_AFTER, LEAST = 2.0**16, 2000, 1.0


class LossScale:
    """A factor that halves when gradients overflow and doubles after many good steps."""

    def __init__(self) -> None:
        self.factor = torch.tensor(FIRST, dtype=torch.float64)
        self.good_steps = torch.tensor(0.0, dtype=torch.float64)

    def scaled(self, loss: Tensor) -> Tensor:
        return loss * float(self.factor)

    def unscaled(self, gradient: Tensor) -> Tensor:
        return gradient.div_(float(self.factor))

    def passes(self, norm: Tensor) -> bool:
        """Whether the step may be taken, by the norm of its gradient; waits for the device."""
        good = bool(torch.isfinite(norm))
        self.good_steps.add_(1).mul_(good)
        if not good:
            self.factor.div_(2).clamp_(min=LEAST)
        elif float(self.good_steps) == DOUBLED_AFTER:
            self.factor.mul_(2)
            self.good_steps.zero_()
        return good

    def buffers(self) -> dict[str, Tensor]:
        return {"loss_scale.factor": self.factor, "loss_scale.good_steps": self.good_steps}
