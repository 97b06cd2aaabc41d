"""The backend itself: what is here, and the start of a training."""

from __future__ import annotations

from collections.abc import Sequence

import flax
import jax
import optax

from advisor.backend import BackendInfo, Job
from advisor_jax.cache import keep_programs
from advisor_jax.devices import available, choose, models
from advisor_jax.together import JaxTogether, fit_together, worth_joining
from advisor_jax.training import JaxTraining


class JaxBackend:
    """Trains with JAX: many optimiser steps are one compiled program, on CPU, GPU or TPU."""

    name = "jax"

    def info(self) -> BackendInfo:
        versions = {module.__name__: module.__version__ for module in (jax, flax, optax)}
        return BackendInfo(self.name, versions, available(), models())

    def start(self, job: Job) -> JaxTraining:
        name, device = choose(job.device)
        keep_programs()
        return JaxTraining(job, name, device)

    def together(self, jobs: Sequence[Job]) -> JaxTogether | None:
        if len({job.device for job in jobs}) != 1:
            return None
        name, device = choose(jobs[0].device)
        if not worth_joining(jobs, device.platform):
            return None
        keep_programs()
        first, data = jobs[0], None
        members: list[JaxTraining] = []
        for job in jobs:
            same = job.inputs is first.inputs and job.targets is first.targets
            members.append(JaxTraining(job, name, device, data if same else None))
            data = members[0].given.inputs, members[0].given.targets
        return JaxTogether(members) if fit_together(members) else None
