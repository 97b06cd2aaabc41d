from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor import recipe_file
from advisor.recipe import Recipe, sections_with_kinds
from advisor.recipe_file import RecipeError
from tests.recipe_strategies import recipes

MINIMAL = "task: classification\ndata: {source: sklearn:digits}\nmodel: mlp\n"
EXAMPLES = sorted((Path(__file__).parent.parent / "examples").glob("*.yaml"))


def problems(text: str, *overrides: str) -> list[str]:
    with pytest.raises(RecipeError) as caught:
        recipe_file.parse(text, "recipe.yaml", overrides)
    assert str(caught.value) == "\n".join(str(each) for each in caught.value.problems)
    return [str(each) for each in caught.value.problems]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (
            "optimizer:\n  kind: adam\n  lr: fast\n",
            "recipe.yaml:6: optimizer.lr: found 'fast'; "
            "allowed: a number greater than 0 and at most 1000",
        ),
        (
            "optimizer:\n  kind: adam\n  learning_rate: 1\n",
            "recipe.yaml:6: optimizer.learning_rate: unknown field 'learning_rate'; allowed: "
            "lr, clip_norm, handover, beta1, beta2, eps, kind; did you mean 'lr'?",
        ),
        (
            "optimizer:\n  kind: adm\n",
            "recipe.yaml:5: optimizer.kind: found 'adm'; "
            "allowed: sgd, rmsprop, adagrad, adam, adamw, nadam, lion; did you mean 'adam'?",
        ),
        (
            "optimizer: {momentum: 0.9}\n",
            "recipe.yaml:4: optimizer.momentum: optimizer adam has no field 'momentum' (sgd, "
            "rmsprop have); allowed: lr, clip_norm, handover, beta1, beta2, eps, kind",
        ),
        (
            "schedule: cosin\n",
            "recipe.yaml:4: schedule.kind: found 'cosin'; allowed: constant, step, exponential, "
            "linear, polynomial, cosine, one_cycle, plateau; did you mean 'cosine'?",
        ),
        (
            "metric: acuracy\n",
            "recipe.yaml:4: metric: found 'acuracy'; allowed: accuracy, balanced_accuracy, f1, "
            "roc_auc, r2, rmse, mae, perplexity; did you mean 'accuracy'?",
        ),
        (
            "loss: mse\n",
            "recipe.yaml:4: loss: mse does not fit task classification; "
            "allowed: cross_entropy, focal",
        ),
        (
            "train:\n  epochs: 0\n",
            "recipe.yaml:5: train.epochs: found 0; allowed: a whole number from 1 to 100000",
        ),
        (
            "train:\n  early_stopping: 3\n",
            "recipe.yaml:5: train.early_stopping: found 3; "
            "allowed: a section with patience, min_delta",
        ),
        (
            "tune:\n  budget: much\n",
            "recipe.yaml:5: tune.budget: found 'much'; "
            "allowed: a whole number and a unit: 40e, 12t or 10m",
        ),
        (
            "regularization:\n  l2: 0.1\n  weight_decay: 0.1\n",
            "recipe.yaml:6: regularization.weight_decay is decoupled and needs optimizer.kind "
            "adamw, nadam, lion; regularization.l2 works with any optimizer",
        ),
        (
            "loss: {class_weights: balance}\n",
            "recipe.yaml:4: loss.class_weights: found 'balance'; allowed: balanced or a list, each "
            "item a number greater than 0 or null; did you mean 'balanced'?",
        ),
        (
            "loss: {class_weights: [1, -1]}\n",
            "recipe.yaml:4: loss.class_weights.1: found -1; allowed: a number greater than 0",
        ),
        (
            "optimizer: {handover: {mometum: 0.5}}\n",
            "recipe.yaml:4: optimizer.handover.mometum: unknown field 'mometum'; allowed: "
            "momentum, nesterov, at, lr; did you mean 'momentum'?",
        ),
        (
            "regularization:\n  ema: 0.9\n",
            "recipe.yaml:5: regularization.ema: unknown field 'ema'; allowed: dropout,",
        ),
        (
            "regularization: {average: ema}\n",
            "recipe.yaml:4: regularization.average: found 'ema'; allowed: a section with kind, "
            "decay, start",
        ),
        (
            "transfer: {multipliers: {conv1: -1}}\n",
            "recipe.yaml:4: transfer.multipliers.conv1: found -1; allowed: a number from 0 to 1000",
        ),
        (
            "transfer: {multipliers: 3}\n",
            "recipe.yaml:4: transfer.multipliers: found 3; allowed: a mapping of names, each value "
            "a number from 0 to 1000",
        ),
        (
            "train: {batch_size: 10, accumulation: 3}\n",
            "recipe.yaml:4: train: train.batch_size must be a multiple of train.accumulation; "
            "found 10 and 3",
        ),
        (
            "regularization:\n  stochastic_depth: 0.1\n",
            "recipe.yaml:5: regularization.stochastic_depth needs model.residual with "
            "model.kind mlp",
        ),
        ("task: binary\n", "recipe.yaml:4: field 'task' is given twice"),
        ("name: [a\n", "recipe.yaml:4: is not readable YAML: [ is opened here"),
        ("---\ntask: binary\n", "recipe.yaml:4: holds several YAML documents; one is allowed"),
        ("name: !!python/name:os.system\n", "recipe.yaml:4: "),
        ("name: a\x07b\n", "recipe.yaml:4: holds the control character 0x0007"),
        ('name: "\\ud800"\n', "recipe.yaml:4: name: text that is not valid Unicode"),
        ("train: {epochs: !!float 'x'}\n", "recipe.yaml:4: "),
    ],
)
def test_a_mistake_is_told_with_line_field_and_advice(lines: str, expected: str) -> None:
    (told,) = problems(MINIMAL + lines)
    assert told.startswith(expected)
    assert "\n" not in told


def test_all_mistakes_are_told_at_once_in_the_order_of_the_file() -> None:
    told = problems("task: clasification\nepochs: 3\nmodel: {kind: cnn, channels: []}\n")
    assert [each.partition(";")[0] for each in told] == [
        "recipe.yaml:1: task: found 'clasification'",
        "recipe.yaml:1: data: missing",
        "recipe.yaml:2: epochs: unknown field 'epochs'",
        "recipe.yaml:3: model.channels: found []",
    ]
    assert told[2].endswith("did you mean 'train.epochs'?")


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        ("optimzer.lr=1", ": unknown field 'optimzer'; did you mean 'optimizer'?"),
        ("lr=1", ": unknown field 'lr'; did you mean 'optimizer.lr'?"),
        ("optimizer.lrr=1", ": unknown field 'lrr'; did you mean 'lr'?"),
        ("optimizer.lr", ": no '='; allowed: path=value, as in optimizer.lr=0.1"),
        ("=1", ": no path; allowed: path=value, as in optimizer.lr=0.1"),
        ("model.hidden.0=3", ": model.hidden has no fields in it; allowed: model.hidden=value"),
        (
            "optimizer.lr=fast",
            ": found 'fast'; allowed: a number greater than 0 and at most 1000",
        ),
        ("name=\udcff", ": text that is not valid Unicode; allowed: Unicode text"),
        (
            "model=restnet",
            ": found 'restnet'; allowed: mlp, cnn, resnet, rnn, transformer, own; "
            "did you mean 'resnet'?",
        ),
        ("transfer.multipliers.conv1=x", ": found 'x'; allowed: a number from 0 to 1000"),
        ("optimizer.handover.lrr=1", ": unknown field 'lrr'; did you mean 'lr'?"),
        ("ema=1", ": unknown field 'ema'; did you mean 'regularization.average'?"),
        (
            "optimizer.momentum=0.9",
            ": optimizer adam has no field 'momentum' (sgd, rmsprop have); "
            "allowed: lr, clip_norm, handover, beta1, beta2, eps, kind",
        ),
        (
            "regularization.weight_decay=0.1",
            ": regularization.weight_decay is decoupled and needs optimizer.kind adamw, nadam, "
            "lion; regularization.l2 works with any optimizer",
        ),
    ],
)
def test_a_wrong_override_is_told_as_it_was_given(override: str, expected: str) -> None:
    shown = override.replace("\udcff", "\\udcff")
    assert problems(MINIMAL, override) == [f"--set {shown}{expected}"]


def test_an_override_mends_a_mistake_of_the_file() -> None:
    recipe = recipe_file.parse(MINIMAL + "train: {epochs: 0}\n", overrides=["train.epochs=3"])
    assert recipe.train.epochs == 3


@pytest.mark.parametrize(
    ("override", "path", "value"),
    [
        ("optimizer.lr=1e-3", "optimizer.lr", 1e-3),
        ("schedule=cosine", "schedule.kind", "cosine"),
        ("schedule.kind=cosine", "schedule.kind", "cosine"),
        ("initialization=orthogonal", "initialization.kind", "orthogonal"),
        ("model.hidden=[10, 20]", "model.hidden", (10, 20)),
        ("model.hidden=[]", "model.hidden", ()),
        ("name=1e-3", "name", "1e-3"),
        ("name='quoted: #1'", "name", "quoted: #1"),
        ("name=a: b #c", "name", "a: b #c"),
        ("data.target=-2", "data.target", -2),
        ("data.target='2'", "data.target", "2"),
        ("data.target=species", "data.target", "species"),
        ("train.early_stopping.patience=4", "train.early_stopping.patience", 4),
        ("train.early_stopping={patience: 4}", "train.early_stopping.patience", 4),
        ("train.early_stopping=null", "train.early_stopping", None),
        ("regularization.augmentation.flip=true", "regularization.augmentation.flip", True),
        ("optimizer.handover.at=0.5", "optimizer.handover.at", 0.5),
        ("optimizer.handover={lr: 0.1}", "optimizer.handover.lr", 0.1),
        ("regularization.average.kind=swa", "regularization.average.kind", "swa"),
        ("loss.class_weights=balanced", "loss.class_weights", "balanced"),
        ("loss.class_weights=[1, 2]", "loss.class_weights", (1.0, 2.0)),
        ("transfer.multipliers.a.b=0.5", "transfer.multipliers.a.b", 0.5),
        ("transfer.multipliers={a.b: 2}", "transfer.multipliers.a.b", 2.0),
        ("tune.locked=[train.seed]", "tune.locked", ("train.seed",)),
    ],
)
def test_an_override_sets_a_field(override: str, path: str, value: Any) -> None:
    assert recipe_file.parse(MINIMAL, overrides=[override]).get(path) == value


def test_another_kind_by_override_keeps_what_both_have_whatever_the_order() -> None:
    text = MINIMAL + "optimizer: {kind: adam, lr: 0.5, beta1: 0.8}\nschedule: {warmup: 0.1}\n"
    overrides = ["optimizer.momentum=0.9", "optimizer=sgd", "schedule=one_cycle"]
    flat = recipe_file.parse(text, overrides=overrides).flat()
    assert (flat["optimizer.lr"], flat["optimizer.momentum"]) == (0.5, 0.9)
    assert "optimizer.beta1" not in flat
    assert "schedule.warmup" not in flat


def test_a_misspelt_field_is_told_although_the_kind_is_overridden() -> None:
    (told,) = problems(MINIMAL + "optimizer: {kind: adam, lrr: 1}\n", "optimizer.kind=sgd")
    assert told.startswith("recipe.yaml:4: optimizer.lrr: unknown field 'lrr'")


def test_shorthands_and_empty_sections() -> None:
    text = MINIMAL + "loss: cross_entropy\ninitialization: xavier_normal\ntrain:\nschedule:\n"
    recipe = recipe_file.parse(text)
    assert recipe.initialization.kind == "xavier_normal"
    assert recipe == recipe_file.parse(MINIMAL + "initialization: {kind: xavier_normal}\n")
    assert recipe_file.parse(MINIMAL, overrides=["task=regression"]).loss.kind == "mse"


def test_code_implies_a_model_of_ones_own() -> None:
    text = "task: binary\ndata: {source: npz:/a.npz}\nmodel: {torch: /nets.py:Net}\n"
    recipe = recipe_file.parse(text, overrides=["model.arguments.width=8", "model.arguments.on=y"])
    assert recipe.model.kind == "own"
    assert recipe.get("model.arguments.width") == 8
    assert recipe.get("model.arguments.on") == "y"
    assert recipe_file.parse(recipe_file.dump(recipe)) == recipe
    (told,) = problems(text.replace("/nets.py:Net", "nets.py"))
    assert told.startswith("recipe.yaml:3: model.torch: found 'nets.py'; allowed: text such as")
    (told,) = problems(text.replace("/nets.py:Net", "/nets.py:Net, arguments: {w: [1]}"))
    assert told.startswith("recipe.yaml:3: model.arguments.w: found [1]; allowed: true or false or")
    (told,) = problems(text.replace("torch: /nets.py:Net", "kind: own"))
    assert told == "recipe.yaml:3: model: model.kind own needs model.torch, model.jax or both"


def test_code_and_weights_are_found_from_the_recipes_folder(tmp_path: Path) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text(
        "task: binary\ndata: {source: 'python:load.py:load'}\n"
        "model: {torch: nets.py:Net, jax: ../nets.py:Net}\n"
    )
    flat = recipe_file.read(path).flat()
    assert flat["data.source"] == f"python:{tmp_path}/load.py:load"
    assert flat["model.torch"] == f"{tmp_path}/nets.py:Net"
    assert flat["model.jax"] == f"{tmp_path.parent}/nets.py:Net"
    path.write_text(
        "task: binary\ndata: {source: sklearn:digits}\nmodel: mlp\n"
        "transfer: {weights: a.safetensors}\n"
    )
    flat = recipe_file.read(path).flat()
    assert flat["transfer.weights"] == f"{tmp_path}/a.safetensors"


def test_relative_data_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "recipes").mkdir()
    path = tmp_path / "recipes" / "recipe.yaml"
    path.write_text("task: binary\ndata: {source: csv:../a.csv}\nmodel: mlp\n")
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    assert recipe_file.read(path).data.source == f"csv:{tmp_path / 'a.csv'}"
    assert recipe_file.read("../recipes/recipe.yaml").data.source == f"csv:{tmp_path / 'a.csv'}"
    changed = recipe_file.read(path, ["data.source=npz:b.npz"])
    assert changed.data.source == f"npz:{tmp_path / 'here' / 'b.npz'}"
    assert recipe_file.read(path, ["data.source=sklearn:iris"]).data.source == "sklearn:iris"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "no such file"),
        (b"name: \xff", "not UTF-8 text"),
        (b"x" * 200_000, "longer than"),
        (b"", "task: missing"),
    ],
)
def test_an_unusable_file_gets_one_clear_message(
    tmp_path: Path, content: bytes | None, said: str
) -> None:
    path = tmp_path / "recipe.yaml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(RecipeError, match=said) as caught:
        recipe_file.read(path)
    assert str(caught.value).startswith(str(path))


def test_a_folder_is_not_a_recipe(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="cannot be read"):
        recipe_file.read(tmp_path)


def test_aliases_cannot_blow_up() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 12)]
    (told,) = problems("\n".join(lines))
    assert "values" in told
    assert "YAML" in problems("a: " + "[" * 5000)[0]
    assert problems("a: &a [*a]")


@pytest.mark.parametrize(
    "name", ["\x85", "a\nb", "\u2028", "\ufeff", "1e-3", "null", " x ", "=", "é"]
)
def test_any_name_survives(name: str) -> None:
    recipe = recipe_file.parse(MINIMAL).changed({"name": name, "data.target": name})
    assert recipe_file.parse(recipe_file.dump(recipe)) == recipe


@given(recipes())
@settings(max_examples=40, deadline=None)
def test_what_is_dumped_reads_back_equal(recipe: Recipe) -> None:
    text = recipe_file.dump(recipe)
    assert recipe_file.parse(text) == recipe
    order = [name for name in Recipe.model_fields if name in yaml.safe_load(text)]
    assert list(yaml.safe_load(text)) == order


def test_a_dump_shows_essentials_and_what_was_changed() -> None:
    recipe = recipe_file.parse(MINIMAL, overrides=["optimizer.beta1=0.8", "optimizer.lr=1e-5"])
    assert recipe_file.dump(recipe) == (
        "version: 1\nname: recipe\ntask: classification\ndata:\n  source: sklearn:digits\n"
        "model:\n  kind: mlp\n  hidden: [64]\n  activation: relu\n  normalization: none\n"
        "initialization: kaiming_uniform\nloss: cross_entropy\n"
        "optimizer:\n  kind: adam\n  lr: 1e-5\n  beta1: 0.8\nschedule: constant\n"
        "train:\n  batch_size: 32\n  epochs: 10\n  seed: 0\nmetric: accuracy\n"
        "tune:\n  budget: 12t\n"
    )


PIECES = (
    "task|data|model|optimizer|lr|kind|mlp|source|train|epochs|1e-3|: |\n|  |- |[|]|{|}|&a |*a|"
    "!!int |'|\"|<<|%|sklearn:digits|null|0x_|2024-01-01|classification|~|?|,|#|\t"
)
WORDS = st.sampled_from(PIECES.split("|"))


def outcome(text: str, overrides: Sequence[str] = ()) -> Recipe | RecipeError:
    try:
        return recipe_file.parse(text, overrides=overrides)
    except RecipeError as error:
        return error


@given(st.text() | st.lists(WORDS, max_size=30).map("".join), st.lists(st.text(), max_size=2))
@settings(max_examples=300, deadline=None)
def test_any_text_gives_a_recipe_or_a_recipe_error(text: str, overrides: list[str]) -> None:
    for changes in ([], overrides):
        found = outcome(text, changes)
        assert isinstance(found, Recipe) or found.problems


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.dates(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(), inner, max_size=2),
    max_leaves=4,
)
PATHS = sorted(
    set(recipe_file.parse(MINIMAL).flat())
    | {"train", "data", "model", "tune", "loss", "schedule.rise", "model.channels"}
    | {"transfer.multipliers", "transfer.multipliers.conv1", "model.arguments", "model.torch"}
    | {"optimizer.handover.lr", "regularization.average.start", "loss.class_weights"}
)


@given(st.sampled_from(PATHS), VALUES)
@settings(max_examples=300, deadline=None)
def test_any_value_in_any_field_gives_a_recipe_or_a_recipe_error(path: str, value: Any) -> None:
    inner: Any = value
    for name in reversed(path.split(".")):
        inner = {name: inner}
    texts = [yaml.safe_dump(yaml.safe_load(MINIMAL) | inner, allow_unicode=True)]
    flow = yaml.safe_dump(value, default_flow_style=True, width=10**6).partition("\n")[0]
    for text, overrides in ((texts[0], []), (MINIMAL, [f"{path}={flow}"])):
        found = outcome(text, overrides)
        if isinstance(found, RecipeError):
            assert all(each.found for each in found.problems)
        else:
            assert recipe_file.parse(recipe_file.dump(found)) == found


@pytest.mark.parametrize(
    ("budget", "overrides", "told"),
    [
        (
            "19e",
            (),
            "r.yaml:6: tune.budget: 19e is less than one training (20 epochs); allowed: 20e",
        ),
        ("20e", (), ""),
        ("20e", ("train.epochs=21",), "r.yaml:6: tune.budget: 20e is less than one training (21 "),
        ("20e", ("tune.budget=1e",), "--set tune.budget=1e: 1e is less than one training"),
        ("1t", (), ""),
        ("1m", (), ""),
    ],
)
def test_a_budget_holds_at_least_one_training(
    budget: str, overrides: tuple[str, ...], told: str, tmp_path: Path
) -> None:
    path = tmp_path / "r.yaml"
    path.write_text(f"{MINIMAL}train: {{epochs: 20}}\ntune:\n  budget: {budget}\n")
    assert recipe_file.read(path, overrides).train.epochs  # a single training takes none
    if not told:
        recipe_file.read(path, overrides, to_tune=True)
        return
    with pytest.raises(RecipeError) as caught:
        recipe_file.read(path, overrides, to_tune=True)
    assert told in str(caught.value)


def test_schema_knows_the_shorthands() -> None:
    schema = recipe_file.schema()
    for section, kinds in sections_with_kinds().items():
        short, full = schema["properties"][section]["anyOf"]
        assert short["enum"] == list(kinds)
        assert len(full["anyOf"]) == len(kinds)
    assert "kaiming_uniform" in schema["properties"]["initialization"]["anyOf"][0]["enum"]
    assert schema["$defs"]["Own"]["anyOf"] == [{"required": ["torch"]}, {"required": ["jax"]}]
    assert "required" not in schema["$defs"]["Own"]
    assert schema["$defs"]["Sgd"]["required"] == ["kind"]
    assert "required" not in schema["$defs"]["Adam"]
    assert schema["required"] == ["task", "data", "model"]
    assert schema["additionalProperties"] is False


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_every_example_is_a_recipe(path: Path) -> None:
    recipe = recipe_file.read(path)
    assert recipe_file.parse(recipe_file.dump(recipe)) == recipe


def test_there_are_examples() -> None:
    assert len(EXAMPLES) >= 4


OWN_STAGE = """
task: classification
data: {source: "sklearn:digits"}
model: {kind: mlp}
tune: {stages: [sanity, %s]}
"""


@pytest.mark.parametrize(
    ("stage", "field", "allowed"),
    [
        ("lerning_rate", "tune.stages.1", "sanity, initialization"),
        ("{name: quantize, until: 1.9}", "tune.stages.1.until", "a number"),
        ("{name: Big}", "tune.stages.1.name", "text such as quantize"),
        ("{about: x}", "tune.stages.1.name", "text such as quantize"),
    ],
)
def test_a_stage_that_is_wrong_is_told_what_may_stand_there(
    stage: str, field: str, allowed: str
) -> None:
    with pytest.raises(recipe_file.RecipeError) as raised:
        recipe_file.parse(OWN_STAGE % stage)
    (problem,) = raised.value.problems
    assert problem.field == field
    assert problem.allowed.startswith(allowed)
