from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.events import Event, StepsDone
from advisor.symptoms import Watch, detect
from tests import recorded
from tests.symptoms.streams import Stream, healthy, recipe_of

STREAMS = st.integers(0, 50).map(healthy) | st.sampled_from(
    [Stream(recipe_of(optimizer__clip_norm=0.5)), Stream(recipe_of(train__precision="float16"))]
)


@given(STREAMS, st.sets(st.integers(0, 130), max_size=5), st.data())
@settings(max_examples=25, deadline=None)
def test_asked_at_any_moment_it_says_what_detect_says(
    stream: Stream, moments: set[int], data: st.DataObject
) -> None:
    unknown = data.draw(st.sets(st.sampled_from(["lr", "layers", "chance_loss", "recipe"])))
    events = stream.events()
    watch = Watch(stream.recipe, unknown)
    for number, event in enumerate(events):
        watch.add(event)
        if number in moments or number == len(events) - 1:
            assert watch.findings() == detect(stream.recipe, events[: number + 1], unknown)


@given(st.sampled_from(recorded.NAMES), st.integers(1, 40))
@settings(max_examples=15, deadline=None)
def test_steps_may_come_in_any_pieces(name: str, size: int) -> None:
    recipe, events = recorded.load(name)
    pieces = [part for event in events for part in cut(event, size)]
    assert detect(recipe, pieces) == detect(recipe, events)


def cut(event: Event, size: int) -> Iterator[Event]:
    """Steps in parts of `size`, of which only the last has reports of the layers."""
    if not isinstance(event, StepsDone):
        yield event
        return
    for start in range(0, len(event.loss), size):
        part, last = slice(start, start + size), start + size >= len(event.loss)
        yield replace(
            event,
            loss=event.loss[part],
            grad_norm=event.grad_norm[part],
            lr=event.lr[part],
            layers=event.layers if last else {},
        )
