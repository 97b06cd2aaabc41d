"""Logs of trainings that we did not run, in the formats that people have."""

from advisor.logs.log import Format, Kind, Log, LogError, Note, Series
from advisor.logs.reading import read_bytes, read_log

__all__ = ["Format", "Kind", "Log", "LogError", "Note", "Series", "read_bytes", "read_log"]
