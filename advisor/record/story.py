"""From what a loop tells to the events that History and the symptoms read."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from advisor.events import Evaluated, LayerReport, Status, StepsDone, TrialFinished, TrialStarted
from advisor.recipe import LOWER_IS_BETTER
from advisor.record.about import EVENTS, About, write_about
from advisor.record.arguments import RecordError, Setup
from advisor.record.baselines import baseline, data_report
from advisor.record.epochs import EpochSteps
from advisor.record.taken import Taken
from advisor.record.writing import EventFile, layer_reports

EVALUATED = ("train_loss", "train_metric", "validation_loss", "validation_metric")
TOLD = ("lr", "grad_norm", "wait_seconds", "gradient_kept", *EVALUATED, "predicted_share")
NAN = math.nan


class Story:
    """Writes one recording. What nobody told or measured is listed in record.json."""

    def __init__(self, folder: Path, setup: Setup, *, overwrite: bool) -> None:
        self.folder, self.setup = folder, setup
        chance = baseline(setup)
        self._chance = chance
        self._assumed = dict(chance.assumed)
        self._data = data_report(setup, chance)
        self._file = _opened(folder, overwrite)
        self._epochs = EpochSteps(setup)
        self._began = time.perf_counter()
        self._started: TrialStarted | None = None
        self._described = ("python", "cpu", 0)
        self._initial: float | None = None
        self._layers: dict[str, LayerReport] = {}
        self._rate = self._norm = NAN
        self._bad_step: int | None = None
        self._ended_finite = True
        self._sum, self._count = 0.0, 0
        self._evaluations = 0
        self._best: Evaluated | None = None
        self._last: Evaluated | None = None
        self._given: set[str] = set()
        self._about: About | None = None
        self._keep_about()

    def described(self, backend: str, device: str, parameters: int) -> None:
        self._described = (backend, device, parameters)

    def stepped(self, step: int, taken: Taken) -> None:
        """The steps up to this one."""
        losses = taken.losses
        if self._started is None:
            self._begin(losses[0])
        if taken.layers:
            self._layers = layer_reports(taken.layers)
        self._given |= taken.known
        lr = _held(len(losses), taken.rates, self._rate)
        grad_norm = _held(len(losses), taken.norms, self._norm)
        self._rate, self._norm = lr[-1], grad_norm[-1]
        self._account(step, losses)
        event = StepsDone(
            step,
            self._epoch(step),
            losses,
            grad_norm,
            lr,
            self._layers,
            taken.seconds,
            taken.wait_seconds,
            taken.gradient_kept,
        )
        self._file.write_steps(event)
        self._keep_about()

    def evaluated(self, step: int, values: Mapping[str, float]) -> None:
        """Values by the name of their argument; before the first step of the untrained model."""
        if step == 0:
            self._initial = values.get("validation_loss", values.get("train_loss"))
            return
        self._evaluations += 1
        self._given |= values.keys()
        self._count_steps(step, values.get("epoch"))
        told = {name: values.get(name, NAN) for name in EVALUATED}
        if "train_loss" not in values:
            told["train_loss"] = self._sum / self._count if self._count else NAN
            self._assumed["train_loss"] = "mean of the steps' losses since the last evaluation"
        self._sum, self._count = 0.0, 0
        event = Evaluated(
            step,
            values.get("epoch", self._epoch(step)),
            **told,
            best=False,
            predicted_share=values.get("predicted_share"),
            activations={},
            seconds=time.perf_counter() - self._began,
        )
        if self._better(event):
            event = self._best = replace(event, best=True)
        self._last = event
        self._file.write(event)
        self._keep_about()

    def finished(self, step: int, status: Status | None, message: str) -> None:
        if self._started is None:
            self._begin(NAN)
        end, said = self._ending(step)
        best = self._best
        event = TrialFinished(
            status or end,
            self._epoch(step),
            step,
            step * self.setup.batch_size,
            time.perf_counter() - self._began,
            _known(best, "train_loss"),
            _known(best, "train_metric"),
            _known(best, "validation_loss"),
            _known(best, "validation_metric"),
            best.step if best else None,
            message or (said if status in (None, end) else ""),
        )
        self._file.write(event)

    def close(self) -> None:
        self._file.close()

    def _begin(self, first_loss: float) -> None:
        initial = self._initial
        if initial is None:
            initial = first_loss
            self._assumed["initial_loss"] = "the loss of the first batch"
        backend, device, parameters = self._described
        self._started = TrialStarted(
            backend,
            device,
            parameters,
            self._epochs.steps or 0,
            self.setup.epochs,
            initial,
            self._chance.loss,
            self._chance.metric,
            self._data,
        )
        self._file.begin(self._started)

    def _account(self, step: int, losses: Sequence[float]) -> None:
        """What evaluations and the end will need of the steps."""
        self._sum += math.fsum(losses) if all(map(math.isfinite, losses)) else NAN
        self._count += len(losses)
        if self._bad_step is None and not all(map(math.isfinite, losses)):
            place = next(i for i, loss in enumerate(losses) if not math.isfinite(loss))
            self._bad_step = step - len(losses) + place + 1
        self._ended_finite = math.isfinite(losses[-1])

    def _count_steps(self, step: int, epoch: float | None) -> None:
        if self._started is None or not self._epochs.evaluated(step, self._evaluations, epoch):
            return
        if self._epochs.source:
            self._assumed["steps_per_epoch"] = self._epochs.source
        self._started = replace(self._started, steps_per_epoch=self._epochs.steps or 0)
        self._file.correct(self._started)

    def _epoch(self, step: int) -> float:
        return step / self._epochs.steps if self._epochs.steps else 0.0

    def _better(self, event: Evaluated) -> bool:
        """By the metric, or by the loss where no metric is told; ties by the lower loss."""
        merit = self._merit(event)
        if not math.isfinite(merit[0]):
            return False
        return self._best is None or merit > self._merit(self._best)

    def _merit(self, event: Evaluated) -> tuple[float, float]:
        loss = -event.validation_loss if math.isfinite(event.validation_loss) else -math.inf
        if math.isnan(event.validation_metric) and "validation_metric" not in self._given:
            return loss, loss
        sign = -1 if self.setup.metric in LOWER_IS_BETTER else 1
        return sign * event.validation_metric, loss

    def _ending(self, step: int) -> tuple[Status, str]:
        if not self._ended_finite:
            return "diverged", f"the training loss was not finite at step {self._bad_step}"
        if self._last is not None and math.isinf(self._last.validation_loss):
            return "diverged", f"the validation loss was not finite at step {self._last.step}"
        planned = (self._epochs.steps or 0) * self.setup.epochs
        if step < 0.99 * planned:
            done = f"{self._epoch(step):.3g} of {self.setup.epochs} epochs"
            return "early_stopped", f"the loop ended after {done}"
        return "finished", ""

    def _keep_about(self) -> None:
        setup = self.setup
        about = About(
            setup.task,
            setup.metric,
            setup.classes,
            setup.batch_size,
            setup.epochs,
            self._epochs.steps,
            assumed=dict(self._assumed),
            unknown=self._unknown(),
        )
        if about != self._about:
            write_about(self.folder, about)
            self._about = about

    def _unknown(self) -> list[str]:
        told = {"train_loss", *self._given}
        found = [name for name in TOLD if name not in told]
        found += [] if self._layers else ["layers"]
        numbers = {
            "steps_per_epoch": self._epochs.steps or 0,
            "chance_loss": np.nan_to_num(self._chance.loss),
            "chance_metric": 1 if math.isfinite(self._chance.metric) else 0,
            "train_examples": self._data.train_examples,
            "validation_examples": self._data.validation_examples,
            "class_shares": 1 if self._data.class_shares else 0,
            "inputs": 1 if self.setup.inputs is not None else 0,
        }
        return [*found, "activations", *(name for name, known in numbers.items() if not known)]


def _opened(folder: Path, overwrite: bool) -> EventFile:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return EventFile(folder / EVENTS, overwrite=overwrite)
    except FileExistsError as error:
        raise RecordError(
            f"{folder} already holds a recording; name another folder, or pass overwrite=True"
        ) from error
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise RecordError(f"{folder} cannot be written to: {reason}") from error


def _held(n: int, known: Mapping[int, float], before: float) -> list[float]:
    """A value for each step: from where one is known on; what comes before the first gets it.
    NaN while none is."""
    if len(known) == n:
        return [known[i] for i in range(n)]
    value = next(iter(known.values()), NAN) if math.isnan(before) else before
    found = []
    for i in range(n):
        value = known.get(i, value)
        found.append(value)
    return found


def _known(best: Evaluated | None, name: str) -> float | None:
    value: float | None = getattr(best, name, None)
    return None if value is None or math.isnan(value) else value
