from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from advisor.tui.logs import texts
from advisor.tui.logs.look import looks
from tests.tui.logs.made import OVERFITTING, SUMMARY, curves, whole

VALUES = st.none() | st.text(max_size=5) | st.floats() | st.booleans()


def test_each_summary_ends_a_look() -> None:
    first, second = looks(iter([*whole(), curves(3), SUMMARY]))
    assert [one.symptom for one in first.findings] == ["overfitting", "train_validation_gap"]
    assert first.groups == ("loss", "metric", "learning rate")
    assert len(first.of("loss")["train_loss"].x) == 30
    assert second.findings == ()
    assert len(second.of("loss")["train_loss"].x) == 3


def test_a_finding_is_told_whole() -> None:
    [look] = looks(iter(whole()))
    text = texts.whole(look.findings[0]).plain
    for part in ("18 %", "epochs 13 to 30", "early_stopping.patience none -> 5", "Prechelt",
                 "The metric still rises", "Add dropout"):  # fmt: skip
        assert part in text
    assert "comes of overfitting" in texts.row(look.findings[1]).plain
    assert "not in the log: grad norm, layers" in texts.rest(look).plain
    assert texts.heading(look) == "30 epochs, classification judged by accuracy"


def test_names_out_of_a_log_are_shown_not_obeyed() -> None:
    odd = {**OVERFITTING, "reads": "\x1b[2J\x9b", "first": "[red]x[/red]", "about": "a\x07"}
    [look] = looks(iter([odd, {**SUMMARY, "notes": [{"text": "\x1b]0;t\x07"}]}]))
    shown = [texts.row(look.findings[0]), texts.whole(look.findings[0]), texts.rest(look)]
    for text in shown:
        assert all(line.isprintable() for line in text.plain.split("\n"))
    assert "[red]x[/red]" in shown[0].plain


@given(st.dictionaries(st.sampled_from(sorted(OVERFITTING)), VALUES))
def test_odd_lines_do_no_harm(line: dict[str, Any]) -> None:
    for name in ("unless", "references", "others"):
        line.pop(name, None)
    for look in looks(iter([{**OVERFITTING, **line, "event": "finding"}, SUMMARY])):
        for found in look.findings:
            assert texts.row(found).plain
            assert isinstance(texts.whole(found).plain, str)
