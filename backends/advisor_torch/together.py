"""K small MLPs on the CPU, trained in one program.

Small products leave a core mostly waiting between operations; with K members each operation does
K times the work. Forward and backward pass are joint, in batched products; each member keeps its
own optimiser, which updates its row of the matrix of all parameters.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from advisor.architecture import Dropout, Layer, Residual, drop_rates, is_trainable, parameter_count
from advisor.backend import Batches, Job, StepReport, Training
from advisor_torch import stacked
from advisor_torch.devices import DTYPES
from advisor_torch.examples import Batch
from advisor_torch.losses import smoothed
from advisor_torch.telemetry import Telemetry
from advisor_torch.training import TorchTraining

ALIGNMENT = 16
"""numbers; rows of the matrix begin on a cache line"""
FEWEST, LARGEST = 3, 100_000
"""members, and parameters of each, between which one program was faster on a core: 1.6 to 1.7
times with 4 members of 17,000 parameters, 2.2 to 3.3 with 16; 300,000 parameters gain nothing"""


def stackable(jobs: Sequence[Job]) -> bool:
    """Whether these jobs differ in nothing but numbers that each member keeps to itself."""
    if len(jobs) < FEWEST or parameter_count(jobs[0].weights) > LARGEST:
        return False
    first = jobs[0]
    return (
        first.recipe.model.kind == "mlp"
        and first.precision in ("float32", "float64")
        and stacked.known(first.layers)
        and all(_key(job) == _key(first) for job in jobs[1:])
        and first.recipe.train.accumulation == 1
    )


def _key(job: Job) -> tuple[object, ...]:
    """What stacked members must have in common."""
    recipe = job.recipe
    factors = None if job.target_weights is None else job.target_weights.tolist()
    inputs = (job.inputs.shape[1:], str(job.inputs.dtype), job.device, job.precision)
    train = (recipe.train.accumulation, recipe.model.kind)
    return recipe.task, recipe.loss, factors, inputs, train, _structure(job.layers)


def _structure(layers: Sequence[Layer]) -> tuple[object, ...]:
    return tuple(_bare(layer) for layer in layers)


def _bare(layer: Layer) -> object:
    """The layer without its rate."""
    if isinstance(layer, Residual):
        return layer.name, _structure(layer.body), _structure(layer.shortcut)
    if isinstance(layer, Dropout):
        return layer.name
    return layer


class TorchTogether:
    """Implements `advisor.backend.Together` for jobs that are `stackable`."""

    def __init__(self, jobs: Sequence[Job], device: torch.device) -> None:
        self._layers = jobs[0].layers
        vectors, statistics = (_matrix(jobs, device, learned) for learned in (True, False))
        self._members = [
            TorchTraining(job, device, home)
            for job, home in zip(jobs, zip(vectors, statistics, strict=True), strict=True)
        ]
        self.members: Sequence[Training] = self._members
        first = self._members[0].parameters
        self._leaves = {
            name: one.requires_grad_() for name, one in _columns(vectors, first.trainable).items()
        }
        self._tensors = self._leaves | _columns(statistics, first.state)
        each = [drop_rates(job.layers) for job in jobs]
        self._rates = {name: [rates[name] for rates in each] for name in each[0]}
        smoothing = [job.recipe.regularization.label_smoothing for job in jobs]
        self._smoothing = smoothing if len(set(smoothing)) > 1 else None
        self._weights = self._members[0].target_weights

    def run(self, batches: Sequence[Batches]) -> list[StepReport]:
        if not _alike(batches):
            pairs = zip(self._members, batches, strict=True)
            return [member.run(own) for member, own in pairs]
        return self._run(batches)

    def _run(self, batches: Sequence[Batches]) -> list[StepReport]:
        telemetry = [Telemetry(member.parameters) for member in self._members]
        losses, norms = [], []
        for member, own in zip(self._members, batches, strict=True):
            member.updates.begin(own)
        orders = [
            member.examples.in_order(own)
            for member, own in zip(self._members, batches, strict=True)
        ]
        last = len(batches[0].rows) - 1
        for i, parts in enumerate(zip(*orders, strict=True)):
            loss, gradient = self._differentiated(parts, [own.step + i for own in batches])
            norm = torch.linalg.vector_norm(gradient, dim=1)
            losses.append(loss)
            norms.append(norm)
            if i == last:
                for one, row in zip(telemetry, gradient.unbind(), strict=True):
                    one.before(row)
            self._update(gradient, norm, batches, i)
        for one, *measured in zip(
            telemetry, torch.stack(losses, 1), torch.stack(norms, 1), strict=True
        ):
            one.note_all(*measured)
        return [one.report() for one in telemetry]

    def _differentiated(
        self, parts: Sequence[Batch], steps: Sequence[int]
    ) -> tuple[Tensor, Tensor]:
        """(K,) losses, and (K, parameters) gradients of loss plus penalties."""
        pairs = zip(self._members, steps, strict=True)
        drops = any(member.network.drops for member in self._members)
        generators = [member.masks.of(step) for member, step in pairs] if drops else []
        inputs = torch.stack([part.inputs for part in parts])
        targets = torch.stack([part.targets for part in parts])
        draws = stacked.Draws(generators, self._rates)
        losses = self._losses(stacked.forward(self._layers, self._tensors, inputs, draws), targets)
        found = torch.autograd.grad(losses.sum(), list(self._leaves.values()))
        gradient = torch.cat([one.flatten(1) for one in found], 1)
        for member, row in zip(self._members, gradient.unbind(), strict=True):
            member.updates.penalized(row)
        return losses.detach(), gradient

    def _losses(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """(K,) mean losses."""
        flat, truth = outputs.flatten(0, 1), targets.flatten(0, 1)
        if self._smoothing is None:
            each = self._members[0].loss.each(flat, truth)
        else:
            share = torch.tensor(self._smoothing, dtype=flat.dtype)
            each = smoothed(flat, truth, share.repeat_interleave(outputs.shape[1]), self._weights)
        return each.view(outputs.shape[:2]).mean(1)

    def _update(self, gradient: Tensor, norm: Tensor, batches: Sequence[Batches], i: int) -> None:
        rows = zip(self._members, gradient.unbind(), norm.unbind(), batches, strict=True)
        for member, row, length, own in rows:
            member.updates.take(row, length, own, i)
            member.updates.average(own, i)


def _alike(batches: Sequence[Batches]) -> bool:
    """Whether all have the same shape, and one target an example."""
    shapes = {own.rows.shape for own in batches}
    return len(shapes) == 1 and all(own.partners is None for own in batches)


def _matrix(jobs: Sequence[Job], device: torch.device, learned: bool) -> Tensor:
    """(K, numbers) room for the parameters, or for the running statistics, of all members."""
    arrays = jobs[0].weights.items()
    size = sum(array.size for name, array in arrays if is_trainable(name) == learned)
    width = -(-size // ALIGNMENT) * ALIGNMENT
    dtype = DTYPES.get(jobs[0].precision, torch.float32)
    return torch.zeros(len(jobs), width, dtype=dtype, device=device)[:, :size]


def _columns(matrix: Tensor, like: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """(K, ...) views of a matrix, in the order and shapes of one member's tensors."""
    parts = torch.split(matrix, [one.numel() for one in like.values()], dim=1)
    return {
        name: part.view(len(matrix), *one.shape)
        for (name, one), part in zip(like.items(), parts, strict=True)
    }
