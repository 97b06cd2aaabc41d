"""The PyTorch backend."""

from advisor_torch.backend import TorchBackend as TorchBackend

__all__ = ["TorchBackend"]
