"""A tuning session as a pure state machine: it asks, is told, and asks again.

`Session.request` is what it wants now; `Session.tell(answer)` moves it on. It runs nothing and
reads no clock, so telling it the same answers again gives the same state: that is how a session
is resumed. Notes are announcements; they are answered with None.
"""

from __future__ import annotations

from collections.abc import Sequence

from advisor.budget import Budget
from advisor.recipe import Recipe
from advisor.requests import Answer, Choice, Choose, Remark, Request
from advisor.rulebook import Rule
from advisor.session.choices import check
from advisor.session.experiments import Experiments, Flow
from advisor.session.finish import Finish
from advisor.session.leader import leader
from advisor.session.settings import Settings
from advisor.session.shares import Shares
from advisor.session.visit import Visits
from advisor.stages import STAGES, fits_already, place
from advisor.state import State


class Session:
    """Tunes `recipe` with `rules`, one answered request at a time."""

    def __init__(
        self, recipe: Recipe, rules: Sequence[Rule], settings: Settings | None = None
    ) -> None:
        settings = settings or Settings()
        self._rules = rules
        self.state = State(recipe, Budget.of(recipe))
        self._shares = Shares(self.state)
        self._experiments = Experiments(self.state, self._shares, settings)
        self._visits = Visits(self.state, rules, self._experiments, self._shares, settings)
        self._finish = Finish(self.state, self._experiments)
        self._flow = self._tune()
        self.request: Request | None = next(self._flow)

    def tell(self, answer: Answer) -> Request | None:
        """Answer the current request; returns the next one, None when the session is over.

        Raises ChoiceError for a choice that cannot be carried out, and goes on waiting for one.
        """
        if isinstance(self.request, Choose) and isinstance(answer, Choice):
            check(answer, self.request, self.state)
        try:
            self.request = self._flow.send(answer)
        except StopIteration:
            self.request = None
            self.state.finished = True
        return self.request

    def _tune(self) -> Flow:
        state = self.state
        if not state.budget.allows(state.start.train.epochs):
            yield Remark(
                f"the budget is less than one training of {state.start.train.epochs} epochs: "
                "only the starting recipe is trained"
            )
        yield from self._out_of_place()
        yield from self._experiments.check()
        state.incumbent = yield from self._experiments.train("baseline", state.start)
        while state.waiting:
            stage = state.waiting.pop(self._next_stage())
            ended = yield from self._visits.visit(stage)
            if ended:
                break
            if not state.waiting and stage.name != "finish":  # which settles it by itself
                yield from self._visits.settle(stage)
        yield from self._finish.confirm()
        yield from self._finish.combine()
        yield from self._finish.open_test()

    def _out_of_place(self) -> Flow:
        """Say which rules wait for a stage that this recipe does not have."""
        here = {stage.name for stage in self.state.stages}
        for rule in self._rules:
            if rule.stage not in here and place(rule.stage) == len(STAGES):
                yield Remark(
                    f"rule {rule.id} is of stage {rule.stage}, which tune.stages does not name: "
                    "it is left out"
                )

    def _next_stage(self) -> int:
        """Place of the stage to visit now: the next one, but regularisation before whatever would
        only fit better what is fitted. What it passes over comes after it, with its budget."""
        waiting = self.state.waiting
        regularise = next((i for i, s in enumerate(waiting) if s.name == "regularization"), 0)
        fitting = waiting[0].phase == "raise performance"
        findings = leader(self.state).attempt.findings
        if not regularise or not fitting or not fits_already(findings):
            return 0
        self._shares.brought_forward(waiting[regularise], waiting[:regularise])
        return regularise
