"""Why a key does nothing now."""

from __future__ import annotations

from advisor.tui.keys import Needs
from advisor.tui.reader import Snapshot

WATCHED = "`advisor auto` drives this session and decides by itself; here you can only watch"


def why_not(needs: Needs, snapshot: Snapshot, sent: bool) -> str:
    """In words, for a key whose `needs` are not met."""
    session, driver = snapshot.session, snapshot.driver
    if needs == "gone":
        return "the session has ended" if session.summary else "the session is at work already"
    if session.summary or session.ended == "finished":
        return "the session has ended"
    if driver is None:
        return "nothing drives this session now; R goes on with it"
    if driver != "host":
        return WATCHED
    if needs == "training":
        return "no training is under way"
    if sent:
        return "your answer is on its way"
    return "nothing is proposed at the moment"
