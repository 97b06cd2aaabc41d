"""Experience in a session: what is tried first, and that a replay knows no more than it did."""

from __future__ import annotations

from advisor.experience import Counts, Experience
from advisor.facts import VOCABULARY
from advisor.requests import Choose
from advisor.rulebook import installed
from advisor.session import Session, Settings
from tests import simulation

RULES = installed(VOCABULARY)


def proposed(experience: Experience) -> list[Choose]:
    """Everything that a make-believe session asks to choose from."""
    session = Session(simulation.recipe(), RULES, Settings(experience=experience))
    asked = []
    while session.request is not None:
        asked += [session.request] if isinstance(session.request, Choose) else []
        session.tell(simulation.answer(session.request))
    return asked


def test_a_session_proposes_first_what_was_kept_and_says_so() -> None:
    plain = proposed(Experience())
    tied = next(
        asked
        for asked in plain
        if len(asked.proposals) > 1
        and asked.proposals[0].order[:2] == asked.proposals[1].order[:2]
        and asked.proposals[1].order[2] - asked.proposals[0].order[2] < 20
    )
    first, second = (proposal.rule.id for proposal in tied.proposals[:2])
    known = Experience({first: Counts(rejected=50), second: Counts(accepted=50)})
    asked = proposed(known)[plain.index(tied)]
    assert asked.proposals[0].rule.id == second
    assert asked.proposals[0].track_record.counts == Counts(accepted=50)
