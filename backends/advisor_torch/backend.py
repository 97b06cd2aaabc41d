"""The backend itself: what is here, and the start of a training."""

from __future__ import annotations

import torch

from advisor.backend import BackendInfo, Job
from advisor_torch.devices import available, choose
from advisor_torch.memory import tune_allocator
from advisor_torch.training import TorchTraining


class TorchBackend:
    """Trains with PyTorch, eagerly, on CPU, CUDA or MPS.

    `keep_memory` lets the process keep freed memory (Linux with glibc): see `memory.py`. It is
    the one setting of the whole process that the backend changes.
    """

    name = "torch"

    def __init__(self, keep_memory: bool = True) -> None:
        self._keep_memory = keep_memory

    def info(self) -> BackendInfo:
        versions = {"torch": str(torch.__version__), "threads": str(torch.get_num_threads())}
        if torch.version.cuda:
            versions["cuda"] = torch.version.cuda
        return BackendInfo(self.name, versions, available())

    def start(self, job: Job) -> TorchTraining:
        device = choose(job.device, job.precision)
        if self._keep_memory and device.type == "cpu":
            tune_allocator()
        return TorchTraining(job, device)
