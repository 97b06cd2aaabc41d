"""Hypothesis strategies for recipes: every kind of every section, valid by construction."""

from __future__ import annotations

import json
from typing import Any, get_args

from hypothesis import strategies as st

from advisor import recipe as r

Draw = Any


def numbers(
    low: float, high: float, exclude_min: bool = False, exclude_max: bool = False
) -> st.SearchStrategy[float]:
    return st.floats(low, high, exclude_min=exclude_min, exclude_max=exclude_max)


SHARE = numbers(0, 1, exclude_max=True)
INNER = numbers(0, 1, exclude_min=True, exclude_max=True)
UNITS = st.lists(st.integers(1, 65536), max_size=4)
NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=80)
POSITIVE = numbers(0, 1e3, exclude_min=True)

FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "hidden": UNITS,
    "channels": st.lists(st.integers(1, 65536), min_size=1, max_size=4),
    "kernel_size": st.sampled_from([1, 3, 5, 7]),
    "activation": st.sampled_from(get_args(r.ActivationKind)),
    "normalization": st.sampled_from(get_args(r.NormalizationKind)),
    "delta": POSITIVE,
    "lr": POSITIVE,
    "clip_norm": st.none() | POSITIVE,
    "momentum": numbers(0.01, 0.99),
    "nesterov": st.booleans(),
    "alpha": INNER,
    "beta1": SHARE,
    "beta2": SHARE,
    "eps": POSITIVE,
    "warmup": numbers(0, 0.5),
    "gamma": INNER,
    "milestones": st.lists(numbers(0, 1), min_size=1, max_size=3),
    "final": INNER,
    "rise": INNER,
    "factor": INNER,
    "patience": st.integers(0, 100),
    "threshold": SHARE,
}
SOURCES = NAMES.flatmap(lambda name: st.sampled_from([f"sklearn:{name}", f"csv:/{name}"]))


@st.composite
def sections(draw: Draw, section: str, allowed: tuple[str, ...] = ()) -> dict[str, Any]:
    classes = r.sections_with_kinds()[section]
    kind = draw(st.sampled_from([k for k in classes if not allowed or k in allowed]))
    names = [name for name in classes[kind].model_fields if name != "kind"]
    chosen = draw(st.sets(st.sampled_from(names))) if names else set()
    if "nesterov" in chosen:
        chosen.add("momentum")
    return {"kind": kind, **{name: draw(FIELDS[name]) for name in sorted(chosen)}}


@st.composite
def recipes(draw: Draw) -> r.Recipe:
    task = draw(st.sampled_from(get_args(r.Task)))
    raw: dict[str, Any] = {
        "name": draw(NAMES),
        "task": task,
        "data": {
            "source": draw(SOURCES),
            "target": draw(st.none() | NAMES | st.integers(-5, 5)),
            "header": draw(st.none() | st.booleans()),
            "validation": draw(numbers(0.01, 0.4)),
            "split_seed": draw(st.integers(0, 2**70)),
            "normalization": draw(st.sampled_from(["standard", "none"])),
        },
        "model": draw(sections("model")),
        "initialization": {
            "kind": draw(st.sampled_from(get_args(r.InitializationKind))),
            "gain": draw(numbers(0, 100, exclude_min=True)),
        },
        "loss": draw(sections("loss", r.LOSSES[task])),
        "optimizer": draw(sections("optimizer")),
        "schedule": draw(sections("schedule")),
        "regularization": {
            "dropout": draw(SHARE),
            "l2": draw(numbers(0, 10)),
            "augmentation": {"flip": draw(st.booleans()), "crop": draw(st.integers(0, 32))},
        },
        "train": {
            "batch_size": draw(st.integers(1, 1_000_000)),
            "epochs": draw(st.integers(1, 100_000)),
            "seed": draw(st.integers(0, 2**32 - 1)),
            "early_stopping": draw(
                st.none()
                | st.fixed_dictionaries({"patience": st.integers(1, 99), "min_delta": POSITIVE})
            ),
        },
        "metric": draw(st.sampled_from(r.METRICS[task])),
        "tune": {
            "budget": f"{draw(st.integers(1, 999))}{draw(st.sampled_from('etm'))}",
            "locked": draw(st.lists(st.sampled_from(["optimizer", "train.seed", "model.hidden"]))),
        },
    }
    if raw["optimizer"]["kind"] == "adamw":
        raw["regularization"]["weight_decay"] = draw(numbers(0, 10))
    return r.Recipe.model_validate_json(json.dumps(raw))
