"""The backend itself: what is here, and the start of a training."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from advisor.backend import BackendInfo, Job
from advisor_torch.devices import available, choose, models, prepare
from advisor_torch.memory import tune_allocator
from advisor_torch.threads import use_threads
from advisor_torch.together import TorchTogether, stackable
from advisor_torch.training import TorchTraining


class TorchBackend:
    """Trains with PyTorch, eagerly, on CPU, CUDA or MPS.

    Of the whole process it changes the number of threads (`threads.py`) and, unless `keep_memory`
    is off, that freed memory is kept (`memory.py`, Linux with glibc); a deterministic job on CUDA
    also sets the environment variable CUBLAS_WORKSPACE_CONFIG, unless it is set.
    """

    name = "torch"

    def __init__(self, keep_memory: bool = True) -> None:
        self._keep_memory = keep_memory

    def info(self) -> BackendInfo:
        versions = {"torch": str(torch.__version__), "threads": str(torch.get_num_threads())}
        if torch.version.cuda:
            versions["cuda"] = torch.version.cuda
        return BackendInfo(self.name, versions, available(), models())

    def start(self, job: Job) -> TorchTraining:
        return TorchTraining(job, self._device(job))

    def together(self, jobs: Sequence[Job]) -> TorchTogether | None:
        """MLPs on the CPU; see `together.py`."""
        if not stackable(jobs) or self._device(jobs[0]).type != "cpu":
            return None
        return TorchTogether(jobs, self._device(jobs[0]))

    def _device(self, job: Job) -> torch.device:
        device = choose(job.device, job.precision)
        prepare(device, job.deterministic)
        use_threads(job)
        if self._keep_memory and device.type == "cpu":
            tune_allocator()
        return device
