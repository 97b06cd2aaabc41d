"""Layers over the steps of a sequence (N, time, features)."""

from __future__ import annotations

import functools
import math
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from advisor.architecture import Attention, Positions, Recurrent, sinusoids
from advisor_torch.mode import Mode
from advisor_torch.products import dense


def add_positions(layer: Positions, weights: Mapping[str, Tensor], x: Tensor) -> Tensor:
    if layer.learned:
        return x + weights[f"{layer.name}.kernel"][: x.shape[1]]
    return x + _sinusoids(layer.length, layer.units, x.device, x.dtype)[: x.shape[1]]


@functools.lru_cache(maxsize=16)
def _sinusoids(length: int, units: int, device: torch.device, dtype: torch.dtype) -> Tensor:
    with torch.inference_mode(False):
        return torch.tensor(sinusoids(length, units), device=device, dtype=dtype)


def mean_over_steps(x: Tensor, counting: Tensor | None) -> Tensor:
    """The mean over the steps that count, or over all axes between the first and the last."""
    if counting is None:
        return x.flatten(1, -2).mean(1)
    counted = counting.to(x.dtype)
    return torch.einsum("nt,ntf->nf", counted, x) / counted.sum(1, keepdim=True)


def last_step(x: Tensor, counting: Tensor | None) -> Tensor:
    """The last step that counts."""
    if counting is None:
        return x[:, -1]
    steps = torch.arange(counting.shape[1], device=x.device)
    last = (steps * counting).amax(1)
    return x.gather(1, last[:, None, None].expand(-1, 1, x.shape[2])).squeeze(1)


def recurrent(
    layer: Recurrent, weights: Mapping[str, Tensor], x: Tensor, low: torch.dtype | None
) -> Tensor:
    """All states, by PyTorch's fused kernels.

    With a low precision all inside is in it, the gates and the states too: the kernels know no
    mixture.
    """
    names = ("kernel", "recurrent_kernel", "bias", "recurrent_bias")
    kernel, recurrent_kernel, *biases = (weights[f"{layer.name}.{name}"] for name in names)
    used = [kernel.t(), recurrent_kernel.t(), *biases]
    if low is not None:
        used, wide, x = [each.to(low) for each in used], x.dtype, x.to(low)
    start = x.new_zeros(1, len(x), layer.units)
    training = torch.is_grad_enabled()
    with _quiet() if x.is_cuda else nullcontext():
        if layer.cell == "lstm":
            states = torch.lstm(x, (start, start), used, True, 1, 0.0, training, False, True)[0]
        else:
            states = torch.gru(x, start, used, True, 1, 0.0, training, False, True)[0]
    return states if low is None else states.to(wide)


@contextmanager
def _quiet() -> Iterator[None]:
    """CUDA's kernels warn of weights that lie apart; copying them together costs little."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "RNN module weights are not part of single")
        yield


def attention(layer: Attention, weights: Mapping[str, Tensor], x: Tensor, mode: Mode) -> Tensor:
    n, time, units = x.shape
    kernel, bias = weights[f"{layer.name}.kernel"], weights[f"{layer.name}.bias"]
    projected = dense(x, kernel, bias, mode.low)
    parts = projected.view(n, time, 3, layer.heads, units // layer.heads).permute(2, 0, 3, 1, 4)
    query, key, value = (parts if mode.low is None else parts.to(mode.low)).unbind()
    drops = layer.rate > 0 and mode.masks is not None
    if drops or mode.repeatable:
        mixed = _explicit(layer, query, key, value, mode, x.dtype)
    else:
        allowed = _allowed(layer.causal, time, mode.counting)
        causal = layer.causal and allowed is None
        mixed = F.scaled_dot_product_attention(query, key, value, allowed, is_causal=causal)
    mixed = mixed.to(x.dtype).transpose(1, 2).reshape(n, time, units)
    output, output_bias = (weights[f"{layer.name}.output_{part}"] for part in ("kernel", "bias"))
    return dense(mixed, output, output_bias, mode.low)


def _explicit(
    layer: Attention, query: Tensor, key: Tensor, value: Tensor, mode: Mode, wide: torch.dtype
) -> Tensor:
    """Step by step, so that the attention weights can be dropped; the softmax is wide."""
    time = query.shape[2]
    scores = (query @ key.transpose(-1, -2)).to(wide) / math.sqrt(query.shape[3])
    allowed = _allowed(layer.causal, time, mode.counting)
    if allowed is None and layer.causal:
        allowed = torch.ones(time, time, dtype=torch.bool, device=query.device).tril()
    if allowed is not None:
        scores = scores.masked_fill(~allowed, -math.inf)
    shares = dropout(layer.rate, scores.softmax(-1), mode.masks)
    return shares.to(value.dtype) @ value


def _allowed(causal: bool, time: int, counting: Tensor | None) -> Tensor | None:
    """What each query sees, where padding has a say in it: broadcasts to (N, heads, time, time)."""
    if counting is None:
        return None
    allowed = counting[:, None, None, :]
    if causal:
        allowed = allowed & torch.ones(time, time, dtype=torch.bool, device=allowed.device).tril()
    return allowed


def dropout(rate: float, x: Tensor, masks: torch.Generator | None) -> Tensor:
    """Inverted dropout of single values; as it is where nothing draws."""
    if masks is None or rate == 0:
        return x
    kept = torch.rand(x.shape, generator=masks, device=x.device) >= rate
    return x * kept.to(x.dtype).div_(1 - rate)


def dropped_examples(rate: float, x: Tensor, masks: torch.Generator | None) -> Tensor:
    """Inverted dropout of whole examples."""
    if masks is None or rate == 0:
        return x
    kept = torch.rand(len(x), generator=masks, device=x.device) >= rate
    factors = kept.to(x.dtype).div_(1 - rate)
    return x * factors.view(-1, *[1] * (x.ndim - 1))
