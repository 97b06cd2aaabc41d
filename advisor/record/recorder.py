"""The recorder that a user's own training loop calls."""

from __future__ import annotations

import atexit
import logging
import os
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, TypeVar, get_args

from advisor.events import Status
from advisor.record.arguments import RecordError, checked, number
from advisor.record.clock import Batches, Clock
from advisor.record.jax_source import JaxSource
from advisor.record.pace import Pace
from advisor.record.sources import Measured, PlainSource, Source, Watched, by_name
from advisor.record.story import Story
from advisor.record.taken import Taken
from advisor.record.torch_source import TorchSource

_log = logging.getLogger("advisor.record")
Batch = TypeVar("Batch")


def start(
    folder: str | Path,
    *,
    epochs: int,
    batch_size: int,
    task: str = "classification",
    classes: int | None = None,
    metric: str | None = None,
    steps_per_epoch: int | None = None,
    train_examples: int | None = None,
    validation_examples: int | None = None,
    targets: Any = None,
    inputs: Any = None,
    chance_loss: float | None = None,
    chance_metric: float | None = None,
    overwrite: bool = False,
) -> Recorder:
    """Begin to record a training in `folder`, which gets events.jsonl and record.json.

    Only `epochs` and `batch_size` are needed; whatever else is told lets more symptoms be judged.
    `targets`: the training targets, from which the shares of the classes and what chance would
    score follow; `inputs`: some training inputs as the model sees them, (n, ..., features or
    channels). Raises RecordError for wrong arguments and for a folder that holds a recording.
    """
    told = {k: v for k, v in locals().items() if k not in ("folder", "overwrite")}
    setup = checked(told)
    return Recorder(Story(Path(folder), setup, overwrite=overwrite))


class Recorder:
    """Keeps what each step and each evaluation measured. Made by `start`.

    Wrong arguments raise RecordError at once. Anything else that goes wrong in here is logged
    once, and the recording ends; the training goes on.
    """

    def __init__(self, story: Story) -> None:
        self._story = story
        self._off = False
        self._source: Source = PlainSource()
        self._steps, self._next, self._copy_at = 0, 1, 0
        self._copying = 0.0
        """seconds that the last copy took, for the next look's account"""
        self._warned = False
        self._losses: list[Any] = []
        self._rates: list[Any] = []
        self._norms: list[Any] = []
        self._clock = Clock(time.perf_counter())
        self._pace = Pace(time.perf_counter())
        self._process = os.getpid()
        atexit.register(self._at_exit)

    def batches(self, loader: Iterable[Batch]) -> Batches[Batch]:
        """The batches of `loader`, for the loop to go through in its place, once or each epoch:
        how long it waits for each is recorded."""
        return Batches(loader, self._clock)

    def step(
        self,
        loss: Any,
        *,
        lr: Any = None,
        model: Any = None,
        grads: Any = None,
        params: Any = None,
        grad_norm: Any = None,
    ) -> None:
        """One optimiser step was taken; call it after the step and before gradients are zeroed.

        `loss`: of the batch, a number or an array or tensor with one element, which is not waited
        for; `lr`: the rate of this step (else that of the step before); `model`: a torch module;
        `grads`, `params`: trees of JAX arrays, the parameters after the step; `grad_norm`: the
        global norm before clipping, if the loop has it anyway. Raises RecordError.
        """
        if self._off:
            return
        try:
            if self._steps == 0:
                self._begin(loss, Watched(model, grads, params))
            kept = self._source.keep(loss)
            self._rates.append(lr if lr is None or type(lr) is float else self._keep("lr", lr))
            self._norms.append(
                grad_norm if grad_norm is None else self._keep("grad_norm", grad_norm)
            )
            self._losses.append(kept)
            self._steps += 1
            self._clock.step(time.perf_counter())
            if self._steps >= self._copy_at:
                self._attend(Watched(model, grads, params))
        except RecordError:
            raise
        except Exception as error:
            self._give_up(error)

    def evaluated(
        self,
        *,
        train_loss: Any = None,
        train_metric: Any = None,
        validation_loss: Any = None,
        validation_metric: Any = None,
        predicted_share: Any = None,
        epoch: float | None = None,
    ) -> None:
        """The model was evaluated; what is not measured is left out.

        Before the first step it is the untrained model. `train_loss` and `train_metric` are best
        measured in evaluation mode on a fixed sample; without them the mean of the steps' losses
        is taken. `predicted_share`: the share of the most often predicted class; `epoch`: epochs
        done, if evaluations are not one an epoch. Raises RecordError.
        """
        given = {k: v for k, v in locals().items() if k != "self" and v is not None}
        if self._off:
            return
        values = {name: number(name, value) for name, value in given.items()}
        if not values.keys() - {"epoch"}:
            raise RecordError("evaluated() needs a loss or a metric, such as validation_loss=")
        try:
            self._clock.evaluated(time.perf_counter())
            self._flush()
            self._pace.interrupted()
            self._story.evaluated(self._steps, values)
        except RecordError:
            raise
        except Exception as error:
            self._give_up(error)

    def close(self, status: Status | None = None, message: str = "") -> None:
        """Write what is left and how it ended. Further calls do nothing. Raises RecordError."""
        if status is not None and status not in get_args(Status):
            allowed = ", ".join(get_args(Status))
            raise RecordError(f"status {status!r:.40} is not known; allowed: {allowed}")
        if self._off:
            return
        try:
            self._flush()
            self._story.finished(self._steps, status, message)
        except Exception as error:
            self._give_up(error)
        self._end()

    def __enter__(self) -> Recorder:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> Literal[False]:
        if error is None:
            self.close()
        elif isinstance(error, KeyboardInterrupt):
            self.close("stopped", "interrupted")
        else:
            self.close("failed", f"{type(error).__name__}: {error}"[:500])
        return False

    def _begin(self, loss: Any, watched: Watched) -> None:
        sources: Sequence[Source] = (TorchSource(), JaxSource())
        values = (loss, watched.model, watched.grads, watched.params)
        owning = [source for source in sources if any(map(source.owns, values))]
        source: Source = owning[0] if owning else PlainSource()
        source.check(loss, watched)
        self._source = source
        device, parameters = source.device(loss, watched), source.parameters(watched)
        self._story.described(source.name, device, parameters)

    def _keep(self, name: str, value: Any) -> Any:
        if self._source.owns(value):
            return self._source.keep(value, name)
        return number(name, value)

    def _attend(self, watched: Watched) -> None:
        """Either look, or copy the kernels for the look at the next step."""
        began = time.perf_counter()
        if self._steps >= self._next:
            measured = self._source.measure(watched)
            waiting = self._waited()
            self._flush(measured, waiting)
            if measured is not None and not measured.graded and not self._warned:
                self._warned = True
                _log.warning("no gradients to measure: call step() before they are zeroed")
            now = time.perf_counter()
            self._next = self._pace.looked(self._steps, now - began + self._copying, now, waiting)
            self._copy_at = self._next - 1
            began, self._copying = now, 0.0
        if self._steps == self._copy_at:
            if not watched.nothing:
                self._source.copy(watched)
            self._copy_at = self._next
            self._copying = time.perf_counter() - began

    def _waited(self) -> float:
        """Seconds until the device had come as far as the loop."""
        began = time.perf_counter()
        self._source.wait(self._losses[-1])
        return time.perf_counter() - began

    def _flush(self, measured: Measured | None = None, lag: float | None = None) -> None:
        """Fetch and write all steps that wait. `lag`: of the device, where just measured."""
        if not self._losses:
            return
        seconds = self._clock.seconds(time.perf_counter())
        waits = self._clock.waits(len(self._losses), lag)
        losses, rates, norms = self._losses, self._rates, self._norms
        self._losses, self._rates, self._norms = [], [], []
        layers: Mapping[str, tuple[float, ...]] = {}
        given, kept = self._fetched(norms), None
        if measured is not None:
            found = self._source.numbers(measured)
            layers = by_name(measured.names, found)
            if measured.graded:
                given = {len(losses) - 1: found[0], **given}
                kept = self._source.kept(measured, found)
        known = self._fetched(rates)
        taken = Taken(self._source.fetch(losses), known, given, layers, seconds, waits, kept)
        self._story.stepped(self._steps, taken)

    def _fetched(self, values: Sequence[Any]) -> dict[int, float]:
        """Place -> number of those that were given."""
        places = [i for i, value in enumerate(values) if value is not None]
        given = [values[i] for i in places]
        if not all(isinstance(value, float | int) for value in given):
            given = self._source.fetch(given)
        return dict(zip(places, given, strict=True))

    def _give_up(self, error: Exception) -> None:
        said = f"{type(error).__name__}: {error}"
        _log.warning("recording has stopped, the training goes on: %s", said[:300])
        self._end()

    def _end(self) -> None:
        self._off = True
        self._losses, self._rates, self._norms = [], [], []
        self._source.forget()
        self._source = PlainSource()
        self._story.close()
        atexit.unregister(self._at_exit)

    def _at_exit(self) -> None:
        """The program ends and has not closed the recording."""
        if self._off or os.getpid() != self._process:
            return
        error = getattr(sys, "last_value", None)
        if error is not None:
            self.close("failed", f"{type(error).__name__}: {error}"[:500])
        else:
            self.close()
