"""Hypothesis strategies for recipes: every kind of every section, valid by construction."""

from __future__ import annotations

import json
from typing import Any, get_args

from hypothesis import strategies as st

from advisor import recipe as r
from advisor.recipe.fit import NEEDS_MODEL, SEQUENCES

Draw = Any


def numbers(
    low: float, high: float, exclude_min: bool = False, exclude_max: bool = False
) -> st.SearchStrategy[float]:
    return st.floats(low, high, exclude_min=exclude_min, exclude_max=exclude_max)


SHARE = numbers(0, 1, exclude_max=True)
INNER = numbers(0, 1, exclude_min=True, exclude_max=True)
WIDTH = st.integers(1, 65536)
UNITS = st.lists(WIDTH, max_size=4)
CHARACTERS = st.characters(exclude_categories=["Cs"])
NAMES = st.text(CHARACTERS, min_size=1, max_size=80)
POSITIVE = numbers(0, 1e3, exclude_min=True)
STAGES = ["sanity", {"name": "quantize", "until": 0.97, "trials": 2}, "finish"]
DEPTH = st.integers(1, 100)
CODE = st.none() | st.just("/nets.py:Net")
WEIGHTS = st.none() | st.just("balanced")

HANDOVER = st.fixed_dictionaries(
    {},
    optional={
        "at": INNER,
        "lr": POSITIVE,
        "momentum": numbers(0.01, 0.99),
        "nesterov": st.booleans(),
    },
)
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "hidden": UNITS,
    "channels": st.lists(WIDTH, min_size=1, max_size=4),
    "convolutions": DEPTH,
    "blocks": DEPTH,
    "layers": DEPTH,
    "kernel_size": st.sampled_from([3, 5, 7]),
    "stride": st.sampled_from([1, 2]),
    "pooling": st.sampled_from(["max", "average", "none"]),
    "head": st.sampled_from(["flatten", "average"]),
    "activation": st.sampled_from(get_args(r.ActivationKind)),
    "normalization": st.sampled_from(["none", "layer"]),
    "residual": st.booleans(),
    "order": st.sampled_from(["pre", "post"]),
    "cell": st.sampled_from(["lstm", "gru"]),
    "readout": st.sampled_from(["last", "mean"]),
    "units": WIDTH,
    "heads": st.just(1),
    "embedding": WIDTH,
    "feedforward": WIDTH,
    "positions": st.sampled_from(["learned", "sinusoidal"]),
    "torch": CODE,
    "jax": CODE,
    "arguments": st.dictionaries(
        NAMES, st.booleans() | st.integers(-99, 99) | numbers(-1, 1) | NAMES, max_size=3
    ),
    "delta": POSITIVE,
    "class_weights": WEIGHTS | st.lists(POSITIVE, min_size=1, max_size=3),
    "positive_weight": WEIGHTS | POSITIVE,
    "lr": POSITIVE,
    "clip_norm": st.none() | POSITIVE,
    "momentum": numbers(0.01, 0.99),
    "momentum_decay": numbers(0, 1),
    "nesterov": st.booleans(),
    "handover": st.none() | HANDOVER,
    "alpha": INNER,
    "beta1": SHARE,
    "beta2": SHARE,
    "eps": POSITIVE,
    "warmup": numbers(0, 0.5),
    "gamma": INNER,
    "milestones": st.lists(numbers(0, 1), min_size=1, max_size=3),
    "final": INNER,
    "power": numbers(0.1, 10),
    "restarts": st.integers(0, 100),
    "rise": INNER,
    "factor": INNER,
    "patience": st.integers(0, 100),
    "threshold": SHARE,
}
MIXTURE = numbers(0, 10)
AUGMENTATION = st.fixed_dictionaries(
    {},
    optional={
        "flip": st.booleans(),
        "crop": st.integers(0, 32),
        "rotation": numbers(0, 180),
        "translation": numbers(0, 0.5),
        "color": numbers(0, 1),
        "cutout": st.integers(0, 256),
        "noise": MIXTURE,
        "mixup": MIXTURE,
        "cutmix": MIXTURE,
    },
)
AVERAGE = st.none() | st.fixed_dictionaries(
    {}, optional={"kind": st.sampled_from(["ema", "swa"]), "decay": INNER, "start": numbers(0, 1)}
)
TRANSFERS = st.fixed_dictionaries(
    {},
    optional={
        "weights": st.none() | st.just("/best.safetensors"),
        "head": st.sampled_from(["replace", "keep"]),
        "layer_decay": numbers(0.01, 1),
        "multipliers": st.dictionaries(NAMES, numbers(0, 1000), max_size=3),
    },
)
EARLY = st.none() | st.fixed_dictionaries({"patience": st.integers(1, 99), "min_delta": POSITIVE})


@st.composite
def sections(draw: Draw, section: str, allowed: tuple[str, ...] = ()) -> dict[str, Any]:
    classes = r.sections_with_kinds()[section]
    kind = draw(st.sampled_from([k for k in classes if not allowed or k in allowed]))
    names = [name for name in classes[kind].model_fields if name != "kind"]
    chosen = draw(st.sets(st.sampled_from(names))) if names else set()
    if "nesterov" in chosen:
        chosen.add("momentum")
    if kind == "transformer":
        chosen.add("heads")
    made = {"kind": kind, **{name: draw(FIELDS[name]) for name in sorted(chosen)}}
    if kind == "own" and not made.get("torch"):
        made["jax"] = "/nets.py:Net"
    return made


@st.composite
def losses(draw: Draw, task: Any) -> dict[str, Any]:
    made: dict[str, Any] = draw(sections("loss", r.LOSSES[task]))
    if task != "classification":
        made.pop("class_weights", None)
    if task not in ("binary", "multilabel"):
        made.pop("positive_weight", None)
    return made


@st.composite
def sources(draw: Draw, task: Any) -> str:
    schemes = ["text", "python"]
    if task != "language_model":
        schemes += ["sklearn", "npz", "csv", "parquet", "memmap"]
    if task in ("classification", "binary"):
        schemes.append("images")
    scheme = draw(st.sampled_from(schemes))
    name = draw(NAMES)
    if scheme == "python":
        return "python:/made.py:load"
    return f"sklearn:{name}" if scheme == "sklearn" else f"{scheme}:/{name}"


@st.composite
def datas(draw: Draw, task: Any) -> dict[str, Any]:
    split = draw(st.sampled_from(["random", "group", "time"]))
    column = NAMES | st.integers(-5, 5)
    return {
        "source": draw(sources(task)),
        "target": draw(st.none() | column),
        "header": draw(st.none() | st.booleans()),
        "validation": draw(numbers(0.01, 0.4)),
        "split": split,
        "group": draw(column if split == "group" else st.none() | column),
        "time": draw(st.none() | column),
        "split_seed": draw(st.integers(0, 2**70)),
        "normalization": draw(st.sampled_from(["standard", "none"])),
        "image_size": draw(st.none() | st.integers(4, 1024)),
        "tokens": draw(st.sampled_from(["characters", "words"])),
        "vocabulary": draw(st.integers(2, 1_000_000)),
        "length": draw(st.integers(2, 65536)),
    }


@st.composite
def regularizations(draw: Draw, raw: dict[str, Any], text: bool) -> dict[str, Any]:
    model, made = raw["model"], {"l2": draw(numbers(0, 10)), "l1": draw(numbers(0, 10))}
    for name, kinds in NEEDS_MODEL.items():
        if model["kind"] in kinds:
            made[name] = draw(SHARE)
    if model["kind"] == "mlp" and not model.get("residual"):
        del made["stochastic_depth"]
    if raw["optimizer"]["kind"] in r.DECOUPLED:
        made["weight_decay"] = draw(numbers(0, 10))
    if raw["loss"]["kind"] == "cross_entropy":
        made["label_smoothing"] = draw(SHARE)
    return {**made, "average": draw(AVERAGE), "augmentation": {} if text else draw(AUGMENTATION)}


@st.composite
def trains(draw: Draw, task: Any) -> dict[str, Any]:
    balanced = ["balanced"] if task in ("classification", "binary") else []
    portions = draw(st.integers(1, 1000))
    return {
        "batch_size": portions * draw(st.integers(1, 1000)),
        "accumulation": portions,
        "epochs": draw(st.integers(1, 100_000)),
        "seed": draw(st.integers(0, 2**32 - 1)),
        "sampling": draw(st.sampled_from(["shuffle", *balanced])),
        "precision": draw(st.sampled_from(["float32", "bfloat16", "float16"])),
        "early_stopping": draw(EARLY),
    }


@st.composite
def recipes(draw: Draw) -> r.Recipe:
    task = draw(st.sampled_from(get_args(r.Task)))
    data = draw(datas(task))
    text = data["source"].startswith("text:")
    kinds = (*SEQUENCES, "own") if text or task == "language_model" else ()
    model = draw(sections("model", kinds))
    own = model["kind"] == "own"
    raw: dict[str, Any] = {
        "name": draw(NAMES),
        "task": task,
        "data": data,
        "model": model,
        "initialization": {
            "kind": draw(st.sampled_from(get_args(r.InitializationKind))),
            "gain": draw(numbers(0, 100, exclude_min=True)),
            "output_bias": draw(st.sampled_from(["zeros"] if own else ["zeros", "prior"])),
        },
        "transfer": {
            **draw(TRANSFERS),
            **draw(
                st.fixed_dictionaries({"frozen": st.lists(NAMES, max_size=2)})
                | st.fixed_dictionaries({"thaw": numbers(0, 1)})
            ),
            **({"weights": None} if own else {}),
        },
        "loss": draw(losses(task)),
        "optimizer": draw(sections("optimizer")),
        "schedule": draw(sections("schedule")),
        "train": draw(trains(task)),
        "metric": draw(st.sampled_from(r.METRICS[task])),
        "tune": {
            "budget": f"{draw(st.integers(1, 999))}{draw(st.sampled_from('etm'))}",
            "ensemble": draw(st.sampled_from([0, 2, 10])),
            "stages": draw(st.sampled_from([None, STAGES])),
            "locked": draw(
                st.lists(st.sampled_from(["optimizer", "train.seed", "transfer.multipliers"]))
            ),
        },
    }
    raw["regularization"] = draw(regularizations(raw, text))
    return r.Recipe.model_validate_json(json.dumps(raw))
