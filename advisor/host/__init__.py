"""The host of a session: a process of its own that drives it and outlives whoever watches.

`client` is what front ends use: it starts a host or finds one, and tells it what people want. It
imports little. The host itself is `python -m advisor.host`: it holds the session, writes
`journal.jsonl` for all who watch, and reads `commands.jsonl`.
"""
