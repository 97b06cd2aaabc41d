"""The backend itself: what is here, and the start of a training."""

from __future__ import annotations

import flax
import jax
import optax

from advisor.backend import BackendInfo, Job
from advisor_jax.cache import keep_programs
from advisor_jax.devices import available, choose
from advisor_jax.training import JaxTraining


class JaxBackend:
    """Trains with JAX: many optimiser steps are one compiled program, on CPU, GPU or TPU."""

    name = "jax"

    def info(self) -> BackendInfo:
        versions = {module.__name__: module.__version__ for module in (jax, flax, optax)}
        return BackendInfo(self.name, versions, available())

    def start(self, job: Job) -> JaxTraining:
        name, device = choose(job.device)
        keep_programs()
        return JaxTraining(job, name, device)
