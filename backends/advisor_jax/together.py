"""K models in training that take their steps as one program."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from advisor.backend import Batches, Job, StepReport, Training
from advisor_jax.program import Averages, Given, State, Steps
from advisor_jax.training import Box, JaxTraining, report_of


def worth_joining(jobs: Sequence[Job], platform: str) -> bool:
    """On CPU dense networks gain a little; convolutions lose a third."""
    dense = all(job.recipe.model.kind == "mlp" for job in jobs)
    return len(jobs) > 1 and (dense or platform != "cpu")


def fit_together(members: Sequence[JaxTraining]) -> bool:
    """Whether these differ in numbers only."""
    first, *others = members
    return all(
        (one.program, one.on, one.compiled) == (first.program, first.on, first.compiled)
        and _form(one) == _form(first)
        for one in others
    )


def _form(training: JaxTraining) -> Any:
    leaves, tree = jax.tree.flatten((training.given, training.box.state))
    return tree, [(leaf.shape, leaf.dtype) for leaf in leaves]


class _Stack:
    """The states of all members as one, each array with a first axis of K."""

    def __init__(self, states: Sequence[State]) -> None:
        self.whole: State = jax.tree.map(lambda *arrays: jnp.stack(arrays), *states)

    def part(self, index: int) -> State:
        state: State = _part(self.whole, np.int32(index))
        return state

    def replace(self, index: int, state: State) -> None:
        """Both get the parts that only one of them has."""
        whole = _with_parts_of(self.whole, state)
        self.whole = _replaced(whole, np.int32(index), _with_parts_of(state, whole))


def _with_parts_of(state: State, other: State) -> State:
    """A velocity of zeros, and averages that are the state's own; both are not used yet."""
    if state.velocity is None and other.velocity is not None:
        leaves, tree = jax.tree.flatten(other.velocity)  # none at a momentum of 0
        zeros = jax.tree.leaves(jax.tree.map(jnp.zeros_like, state.parameters))
        state = state._replace(velocity=jax.tree.unflatten(tree, zeros[: len(leaves)]))
    if state.average is None and other.average is not None:
        copies = jax.tree.map(jnp.copy, (state.parameters, state.statistics))
        state = state._replace(average=Averages(*copies))
    return state


@jax.jit
def _part(whole: State, index: Any) -> State:
    part: State = jax.tree.map(lambda array: array[index], whole)
    return part


@jax.jit
def _replaced(whole: State, index: Any, state: State) -> State:
    replaced: State = jax.tree.map(lambda array, new: array.at[index].set(new), whole, state)
    return replaced


class _Slot(Box):
    """One member's state in the stack."""

    def __init__(self, stack: _Stack, index: int) -> None:
        self._stack, self._index = stack, index

    @property
    def state(self) -> State:
        return self._stack.part(self._index)

    @state.setter
    def state(self, state: State) -> None:
        self._stack.replace(self._index, state)


class JaxTogether:
    """Implements `advisor.backend.Together`."""

    def __init__(self, members: Sequence[JaxTraining]) -> None:
        self.members: Sequence[Training] = members
        self._members = members
        first = members[0]
        self._shared = all(one.given.inputs is first.given.inputs for one in members)
        with first.here():
            self._stack = _Stack([one.box.state for one in members])
            self._given = self._stacked_given()
        for index, one in enumerate(members):
            one.box = _Slot(self._stack, index)

    def run(self, batches: Sequence[Batches]) -> list[StepReport]:
        """One after the other where their batches have not the same form."""
        first = self._members[0]
        steps = [one.steps_of(its) for one, its in zip(self._members, batches, strict=True)]
        programs = {one.program_of(its) for one, its in zip(self._members, batches, strict=True)}
        if len(programs) > 1 or any(_axes(each) != _axes(steps[0]) for each in steps):
            return [one.run(its) for one, its in zip(self._members, batches, strict=True)]
        with first.here():
            for one, its in zip(self._members, batches, strict=True):
                one.prepare(its)
            joined: Steps = jax.tree.map(lambda *arrays: np.stack(arrays), *steps)
            self._stack.whole, found = first.compiled.run_together(
                programs.pop(), self._stack.whole, self._given, joined, shared=self._shared
            )
            return [report_of(first.program, each) for each in np.asarray(found)]

    def _stacked_given(self) -> Given:
        every = [one.given for one in self._members]
        given: Given = jax.tree.map(
            lambda *arrays: jnp.stack(arrays),
            *(each._replace(inputs=(), targets=()) for each in every),
        )
        if self._shared:
            return given._replace(inputs=every[0].inputs, targets=every[0].targets)
        return given._replace(
            inputs=jnp.stack([each.inputs for each in every]),
            targets=jnp.stack([each.targets for each in every]),
        )


def _axes(steps: Steps) -> Any:
    leaves, tree = jax.tree.flatten(steps)
    return tree, [leaf.shape for leaf in leaves]
