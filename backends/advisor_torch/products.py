"""The products inside Dense, Conv and Attention, in a low precision where that is asked for.

With a low precision, both factors are rounded to it and so is their product, which then goes back
to the type of the input; the bias is added to that. No autocast: each rounding stands here.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812


def dense(x: Tensor, kernel: Tensor, bias: Tensor, low: torch.dtype | None) -> Tensor:
    """(..., inputs) times (inputs, outputs), plus (outputs,)."""
    if low is not None:
        return (x.to(low) @ kernel.to(low)).to(x.dtype) + bias
    if x.ndim == 2:
        return torch.addmm(bias, x, kernel)
    return F.linear(x, kernel.t(), bias)


def conv(x: Tensor, kernel: Tensor, bias: Tensor, stride: int, low: torch.dtype | None) -> Tensor:
    """(N, I, H, W) with (O, I, size, size); zero padding of size // 2 on every side."""
    padding = kernel.shape[-1] // 2
    if padding == 0 and stride > 1:
        # what the stride passes over is not read; torch 2.13's gradient of such a convolution
        # of fewer than 8 channels writes beyond its memory on CPU
        x, stride = x[:, :, ::stride, ::stride], 1
    if low is None:
        return F.conv2d(x, kernel, bias, stride, padding)
    product = F.conv2d(x.to(low), kernel.to(low), None, stride, padding)
    return product.to(x.dtype) + bias[:, None, None]
