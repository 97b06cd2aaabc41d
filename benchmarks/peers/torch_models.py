"""The models of the cases as ordinary PyTorch modules, which all peers on PyTorch train."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from advisor import data
from peers.cases import VOCABULARY, Case


def network(case: Case, outputs: int = 10) -> nn.Module:
    """Takes (N, features), (N, channels, height, width) or (N, time); raw outputs (N, outputs)."""
    match case.family:
        case "mlp":
            return _dense(int(np.prod(case.shape)), (*case.model["hidden"], outputs))
        case "cnn":
            return _cnn(case, outputs)
        case "transformer":
            return Transformer(case, outputs)


def tensors(case: Case, split: data.Split) -> tuple[Tensor, Tensor]:
    """Inputs as `network` takes them (images in channels-last memory), int64 targets."""
    inputs = torch.from_numpy(np.ascontiguousarray(split.inputs))
    if case.family == "mlp":
        inputs = inputs.flatten(1)
    elif case.family == "cnn":
        inputs = inputs.permute(0, 3, 1, 2)
    else:
        inputs = inputs.long()
    return inputs, torch.from_numpy(split.targets.astype(np.int64))


def _dense(features: int, sizes: tuple[int, ...]) -> nn.Sequential:
    layers: list[nn.Module] = []
    for units in sizes:
        layers += [nn.Linear(features, units), nn.ReLU()]
        features = units
    return nn.Sequential(*layers[:-1])


def _cnn(case: Case, outputs: int) -> nn.Sequential:
    height, width, features = case.shape
    layers: list[nn.Module] = []
    for channels in case.model["channels"]:
        layers += [nn.Conv2d(features, channels, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
        features, height, width = channels, height // 2, width // 2
    sizes = (*case.model["hidden"], outputs)
    return nn.Sequential(*layers, nn.Flatten(), *_dense(features * height * width, sizes))


class Transformer(nn.Module):
    """Pre-norm blocks over tokens, where token 0 is padding; the mean of the rest is classified."""

    def __init__(self, case: Case, outputs: int) -> None:
        super().__init__()
        units, model = case.model["units"], case.model
        self.embedding = nn.Embedding(VOCABULARY, units)
        self.positions = nn.Parameter(torch.randn(case.shape[0], units) * 0.02)
        self.blocks = nn.ModuleList(
            Block(units, model["heads"], model["feedforward"]) for _ in range(model["layers"])
        )
        self.norm = nn.LayerNorm(units)
        self.output = nn.Linear(units, outputs)

    def forward(self, tokens: Tensor) -> Tensor:
        filled = tokens != 0
        x = self.embedding(tokens) + self.positions
        mask = filled[:, None, None, :]
        for block in self.blocks:
            x = block(x, mask)
        share = filled.to(x.dtype) / filled.sum(1, keepdim=True)
        made: Tensor = self.output(torch.einsum("nt,ntu->nu", share, self.norm(x)))
        return made


class Block(nn.Module):
    """Self-attention and two dense layers, each added to what came in."""

    def __init__(self, units: int, heads: int, feedforward: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(units), nn.LayerNorm(units)
        self.project, self.out = nn.Linear(units, 3 * units), nn.Linear(units, units)
        self.wide, self.narrow = nn.Linear(units, feedforward), nn.Linear(feedforward, units)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        n, time, units = x.shape
        parts = self.project(self.norm1(x)).view(n, time, 3, self.heads, -1)
        query, key, value = parts.permute(2, 0, 3, 1, 4).unbind()
        seen = F.scaled_dot_product_attention(query, key, value, mask)
        x = x + self.out(seen.transpose(1, 2).reshape(n, time, units))
        made: Tensor = x + self.narrow(F.gelu(self.wide(self.norm2(x))))
        return made
