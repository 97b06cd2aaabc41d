"""The terminal session. `advisor.cli.tui` starts it; nothing else imports it.

What it shows comes from files: the journal of a session and the events of its trials, read in a
thread (`reader`), turned into frozen views (`model`) and handed to widgets. What people want goes
the other way, as commands to the process that drives the session.
"""
