"""Small good logs of each format, as bytes."""

from __future__ import annotations

import csv
import io
import json
import struct
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from advisor.events import (
    DataReport,
    Evaluated,
    LayerReport,
    StepsDone,
    TrialFinished,
    TrialStarted,
    to_json,
)

Row = Mapping[str, Any]
LOSSES = [round(2.3 * 0.9**i, 4) for i in range(20)]


def rows() -> list[dict[str, Any]]:
    """Twenty steps of a run, of two epochs, with an evaluation in each."""
    found: list[dict[str, Any]] = []
    for i, loss in enumerate(LOSSES):
        found.append({"step": i + 1, "epoch": (i + 1) / 10, "loss": loss, "lr": 0.1})
        if i % 10 == 9:
            done = {"step": i + 1, "epoch": (i + 1) / 10}
            found.append({**done, "eval_loss": loss + 0.1, "eval_accuracy": 0.5 + i / 100})
    return found


def json_lines(made: Sequence[Row] | None = None) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in made or rows()).encode()


def json_list() -> bytes:
    return json.dumps(rows(), indent=1).encode()


def keras_history() -> bytes:
    return json.dumps({"loss": LOSSES, "val_loss": [x + 0.1 for x in LOSSES]}).encode()


def csv_text(made: Sequence[Row] | None = None, delimiter: str = ",") -> bytes:
    made = made or rows()
    names = list(dict.fromkeys(name for row in made for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, names, delimiter=delimiter, lineterminator="\n")
    writer.writeheader()
    writer.writerows(made)
    return text.getvalue().encode()


def lightning() -> bytes:
    """CSVLogger: train and validation in rows of their own, epochs and steps from 0."""
    made: list[Row] = []
    for i, loss in enumerate(LOSSES):
        made.append({"epoch": i // 10, "lr-Adam": 0.1, "step": i, "train_loss_step": loss})
        if i % 10 == 9:
            made.append({"epoch": i // 10, "step": i, "val_acc": 0.5 + i / 100, "val_loss": loss})
            made.append({"epoch": i // 10, "step": i, "train_loss_epoch": loss + 0.2})
    return csv_text(made)


def trainer_state(losses: Sequence[float] | None = None) -> bytes:
    """What Hugging Face's Trainer saves with each checkpoint."""
    history: list[Row] = []
    for i, loss in enumerate(LOSSES if losses is None else losses):
        head = {"epoch": (i + 1) / 10, "step": (i + 1) * 5}
        rate = {"grad_norm": 1.5, "learning_rate": 5e-05}
        history.append({**head, **rate, "loss": loss})
        if i % 10 == 9:
            speed = {"eval_runtime": 1.2, "eval_samples_per_second": 80.0}
            history.append({**head, **speed, "eval_loss": 0.9, "eval_accuracy": 0.6})
    history.append({"epoch": 2.0, "step": 100, "train_loss": 1.1, "train_runtime": 30.0})
    state = {"best_metric": None, "epoch": 2.0, "global_step": 100, "log_history": history}
    return json.dumps(state, indent=2).encode()


def events(starts: int = 1) -> bytes:
    data = DataReport(100, 30, [4], 3, [0.3, 0.3, 0.4], 1.0, 2.0, 0.0, 1.0)
    lines = []
    for _ in range(starts):
        lines.append(to_json(TrialStarted("torch", "cpu", 10, 10, 2, 2.3, 1.1, 0.4, data)))
        for i in (0, 10):
            part, step = LOSSES[i : i + 10], i + 10
            layers = {"dense1.kernel": LayerReport(1.0, 2.0, 0.001)}
            chunk = StepsDone(step, step / 10, part, [1.0] * 10, [0.1] * 10, layers, 0.5)
            done = Evaluated(step, step / 10, part[-1], 0.7, 1.0, 0.6, True, 0.4, {}, 0.6)
            lines += [to_json(chunk), to_json(done)]
        end = TrialFinished("finished", 2.0, 20, 200, 1.0, 0.5, 0.7, 1.0, 0.6, 20)
        lines.append(to_json(end))
    return "".join(line + "\n" for line in lines).encode()


def tensorboard() -> bytes:
    """As torch's SummaryWriter (simple values) and TensorFlow 2 (tensors) write."""
    records = [_field(1, 1, struct.pack("<d", 1e9)) + _field(3, 2, b"brain.Event:2")]
    for i, loss in enumerate(LOSSES):
        records.append(event(i, [simple("loss/train", loss)]))
        if i % 10 == 9:
            records.append(event(i, [tensor("loss/val", loss + 0.1), tensor("acc/val", 0.5)]))
            records.append(event(i, [tensor("note", 0.0, dtype=7)]))
    return tf_records(records)


def tf_records(records: Sequence[bytes]) -> bytes:
    return b"".join(
        head + struct.pack("<I", crc(head)) + record + struct.pack("<I", crc(record))
        for record in records
        for head in [struct.pack("<Q", len(record))]
    )


def event(step: int, values: Sequence[bytes], time: float = 1e9) -> bytes:
    summary = b"".join(_field(1, 2, value) for value in values)
    clock = _field(1, 1, struct.pack("<d", time + step))
    return clock + _field(2, 0, varint(step)) + _field(5, 2, summary)


def simple(tag: str, value: float) -> bytes:
    return _field(1, 2, tag.encode()) + _field(2, 5, struct.pack("<f", value))


def tensor(tag: str, value: float, dtype: int = 1, content: bool = True) -> bytes:
    """A scalar tensor, in tensor_content or in float_val / double_val."""
    packed = struct.pack("<d" if dtype == 2 else "<f", value)
    place = 4 if content else 6 if dtype == 2 else 5
    return _field(1, 2, tag.encode()) + _field(
        8, 2, _field(1, 0, varint(dtype)) + _field(2, 2, b"") + _field(place, 2, packed)
    )


def crc(data: bytes) -> int:
    """Masked CRC-32C, bit by bit from its definition."""
    value = 0xFFFFFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
    value ^= 0xFFFFFFFF
    return ((value >> 15 | value << 17) + 0xA282EAD8) & 0xFFFFFFFF


def varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    found = bytearray()
    while value > 127:
        found.append(value & 127 | 128)
        value >>= 7
    return bytes([*found, value])


def _field(number: int, wire: int, content: bytes) -> bytes:
    size = varint(len(content)) if wire == 2 else b""
    return varint(number << 3 | wire) + size + content


def long_json_lines(n: int) -> bytes:
    losses = np.exp(-np.arange(n) / n)
    return "".join(
        f'{{"step": {i}, "epoch": {i / 1000}, "train_loss": {loss:.6f}, "lr": 0.001}}\n'
        for i, loss in enumerate(losses)
    ).encode()


def long_csv(n: int) -> bytes:
    losses = np.exp(-np.arange(n) / n)
    body = "".join(f"{i},{i / 1000},{loss:.6f},0.001,\n" for i, loss in enumerate(losses))
    return ("step,epoch,train_loss,lr,val_loss\n" + body).encode()


MAKERS: Mapping[str, tuple[str, Callable[[], bytes]]] = {
    "json lines": ("json lines", json_lines),
    "list": ("json", json_list),
    "keras history": ("json", keras_history),
    "csv": ("csv", csv_text),
    "tsv": ("csv", lambda: csv_text(delimiter="\t")),
    "lightning": ("csv", lightning),
    "trainer state": ("trainer state", trainer_state),
    "events": ("events", events),
    "tensorboard": ("tensorboard", tensorboard),
}
"""Name -> the format that it is recognised as, and what makes it."""
