"""How a forward pass is to be done, and what it finds on its way."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import torch
from torch import Tensor

from advisor.architecture import PADDING


@dataclass
class Mode:
    """How a forward pass treats normalisation and dropout; evaluation unless told otherwise."""

    batch_statistics: bool = False
    update_statistics: bool = False
    masks: torch.Generator | None = None
    """draws what is dropped; None drops nothing"""
    seen: dict[str, Tensor] | None = None
    """collects the outputs of activation layers, channels last"""
    low: torch.dtype | None = None
    """the type of the factors of products; None: the type of everything else"""
    padded: bool = True
    """tokens may be padding"""
    repeatable: bool = False
    """only operations whose results repeat bit for bit on every device"""
    counting: Tensor | None = None
    """(N, time) the steps that are no padding, from the Embedding on; None: all"""

    def note_padding(self, tokens: Tensor) -> None:
        """Of an example that is all padding, the first step counts."""
        if self.padded:
            self.counting = tokens != PADDING
            self.counting[:, 0] = True


class Masks:
    """The random numbers of a step: the same whatever was drawn before it."""

    def __init__(self, device: torch.device, seed: int) -> None:
        self._generator, self._seed = torch.Generator(device), seed

    def of(self, step: int, portion: int = 0) -> torch.Generator:
        """Hashed, because generators on CPU look at no more than the low 32 bits of a seed."""
        key = f"{self._seed} {step} {portion}" if portion else f"{self._seed} {step}"
        digest = hashlib.blake2b(key.encode(), digest_size=8).digest()
        return self._generator.manual_seed(int.from_bytes(digest, "little") >> 1)
