"""Conditions in words: every one that a rule may hold, and none that still looks like code."""

from __future__ import annotations

import re

import pytest

from advisor.diagnosis import condition_names
from advisor.diagnosis.condition_names import FLAGS, flag_of
from advisor.diagnosis.condition_words import in_words, together
from advisor.facts import VOCABULARY
from advisor.symptoms import DETECTORS
from tests.diagnosis import logs

CODE = re.compile(r"[<>=_*/%](?<! %)|\bnot known\b|\bin \(")


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ("train_val_gap > 0.1", "lead of training over validation is above 0.1"),
        ("clipped_share >= 0.25", "clipped share is at least 25 %"),
        ("best_position <= 0.6", "best position is at most 60 % of the planned steps"),
        ("depth == 1", "depth is 1 layer"),
        ("depth < 3", "depth is below 3 layers"),
        ("hidden_layers >= 1", "hidden layers are at least 1"),
        ("lr > 1e-6", "learning rate is above 1e-06"),
        ("optimizer == 'adam'", "optimizer is adam"),
        ("model != 'cnn'", "model is not a CNN"),
        ("model in ('cnn', 'resnet')", "model is a CNN or a ResNet"),
        ("loss not in ('mse', 'mae')", "loss is neither mse nor mae"),
        ("metric not in ('f1',)", "metric is not f1"),
        ("normalization == 'none'", "there is no normalization"),
        ("augment_crop == 0", "crop augmentation is off"),
        ("weight_decay > 0", "weight decay is on"),
        ("image", "the inputs are images"),
        ("not image", "the inputs are no images"),
        ("residual == False", "the model has no residual links"),
        ("not underfitting", '"underfitting" is ruled out'),
        ("overfitting or overtraining", '"overfitting" or "overtraining" is found'),
        ("not (overfitting or divergence)", '"overfitting" and "divergence" are ruled out'),
        ("not known(clip_norm)", "clip norm is not set"),
        ("known(suggested_lr)", "the rate of a range test is measured"),
        ("not known(overfitting)", '"overfitting" cannot be judged'),
        ("0.1 < dropout <= 0.5", "dropout is above 0.1 and dropout is at most 0.5"),
        ("not (0.1 < dropout)", "dropout is at most 0.1"),
        ("-1 < loss_slope", "loss slope is above -1"),
        (
            "batch_size % (accumulation * 2) == 0",
            "batch size is a multiple of accumulation times 2",
        ),
        ("lr * weight_decay > 0.01", "learning rate times weight decay is above 0.01"),
        ("l1 > (l2 - 1) * 3", "L1 penalty is above (L2 penalty minus 1) times 3"),
        ("l1 > l2 - (1 - lr)", "L1 penalty is above L2 penalty minus (1 minus learning rate)"),
        ("narrowest < min(outputs, 8)", "narrowest is below the smallest of outputs and 8"),
        (
            "slow_learning or (underfitting and update_ratio < 0.001)",
            '"slow learning" is found or ("underfitting" is found and update ratio is below 0.001)',
        ),
    ],
)
def test_a_condition_in_words(condition: str, words: str) -> None:
    assert in_words(condition) == words


def test_no_rule_is_told_in_code() -> None:
    for line in {line.text for rule in logs.rules() for line in rule.when}:
        assert not CODE.search(in_words(line)), in_words(line)


@pytest.mark.parametrize("name", VOCABULARY)
def test_every_fact_can_be_told(name: str) -> None:
    compared = {"number": f"{name} > 0.5", "text": f"{name} != 'x'", "flag": name}
    condition = compared[VOCABULARY[name].type]
    assert not CODE.search(in_words(condition))
    assert in_words(f"not ({condition})") != in_words(condition)


def test_flags_without_words_of_their_own_are_told_by_their_meaning() -> None:
    flags = {n for n, fact in VOCABULARY.items() if fact.type == "flag" and n not in DETECTORS}
    assert set(FLAGS) <= flags
    for name in flags:
        assert name in FLAGS or VOCABULARY[name].meaning.startswith("whether ")
    assert flag_of("tokens", False) == "the inputs are no texts of tokens"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(condition_names, "FLAGS", {})
        assert flag_of("weighted_loss", True) == "the loss weighs classes or positives"
        assert flag_of("weighted_loss", False).startswith("it is not so that the loss")


def test_several_conditions() -> None:
    assert together(["image", "augment_crop == 0"]) == (
        "the inputs are images and crop augmentation is off"
    )
    assert together(["overfitting or overtraining", "image"]).endswith(
        "found, and the inputs are images"
    )
    assert together([]) == ""
