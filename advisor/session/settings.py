"""What a session is told besides its recipe and rules; written down with it, for its replay."""

from __future__ import annotations

from dataclasses import dataclass, field

from advisor.experience import Experience


@dataclass(frozen=True)
class Settings:
    """How a session may work."""

    workers: int = 1
    """trainings side by side: so many proposals are tried at once"""
    experience: Experience = field(default_factory=Experience)
    """what was known of the rules when the session began"""
