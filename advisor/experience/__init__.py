"""Learning from earlier sessions: which rules' proposals were kept on this machine.

`counts` and `experience` are pure; `store` keeps the counts in the user's folder of data, and
`learning` takes them from there into a session and back.
"""

from advisor.experience.counts import Counts, TrackRecord
from advisor.experience.experience import Experience, outcomes, rule_version

__all__ = ["Counts", "Experience", "TrackRecord", "outcomes", "rule_version"]
