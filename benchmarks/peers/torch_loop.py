"""The fastest eager loop that is written by hand in PyTorch.

Each epoch is put in order at once, AdamW is the fused one, images lie channels last, and the
allocator keeps freed memory (Linux with glibc). Evaluation is that of the project's own loop:
loss and accuracy of the validation set and of as many training examples, each epoch.
"""

from __future__ import annotations

import ctypes
import platform

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812
from torch.optim import AdamW

from peers import cases
from peers.protocol import Fit, Variants, Work
from peers.torch_models import network, tensors

AT_ONCE = 1024
"""examples in one evaluation"""
MMAP_THRESHOLD, TRIM_THRESHOLD, TOP_PAD = -3, -1, -2
"""glibc's numbers of these options (malloc.h)"""


def variants(argument: str) -> Variants:
    del argument
    _keep_memory()
    return {"hand": lambda work: _loop(work, True), "hand.steps": lambda work: _loop(work, False)}


def _keep_memory() -> None:
    if platform.libc_ver()[0] == "glibc":
        mallopt = ctypes.CDLL("libc.so.6").mallopt
        mallopt(MMAP_THRESHOLD, 1 << 30)
        mallopt(TRIM_THRESHOLD, 2**31 - 1)
        mallopt(TOP_PAD, 64 << 20)


def _loop(work: Work, evaluates: bool) -> Fit:
    inputs, targets = tensors(work.case, work.dataset.train)
    validation = tensors(work.case, work.dataset.validation)
    sample = inputs[: len(validation[0])].clone(), targets[: len(validation[0])]

    def fit(epochs: int) -> int:
        model = network(work.case, work.dataset.outputs)
        model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        optimizer = AdamW(
            model.parameters(), lr=cases.LR, weight_decay=cases.WEIGHT_DECAY, fused=True
        )
        for _ in range(epochs):
            order = torch.randperm(len(inputs))[: work.examples]
            _epoch(model, optimizer, inputs[order], targets[order], work.case.batch)
            if evaluates:
                evaluate(model, *validation)
                evaluate(model, *sample)
        return sum(each.numel() for each in model.parameters())

    return fit


def _epoch(model: nn.Module, optimizer: AdamW, x: Tensor, y: Tensor, batch: int) -> None:
    model.train()
    for inputs, targets in zip(torch.split(x, batch), torch.split(y, batch), strict=True):
        F.cross_entropy(model(inputs), targets).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        optimizer.zero_grad()


def evaluate(model: nn.Module, inputs: Tensor, targets: Tensor) -> tuple[float, float]:
    """Mean loss and accuracy."""
    model.eval()
    with torch.inference_mode():
        outputs = torch.cat([model(part) for part in torch.split(inputs, AT_ONCE)])
        loss = F.cross_entropy(outputs, targets).item()
        return loss, (outputs.argmax(1) == targets).float().mean().item()
