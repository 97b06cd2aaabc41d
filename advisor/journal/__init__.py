"""What a session says while it works, as lines that anyone may read: `journal.jsonl` in its folder.

`lines` and `values` turn what a session asks and is told into plain objects, `teller` keeps them
in order, and `writer` writes them down. docs/json.md describes every line.
"""

FILE = "journal.jsonl"
"""In the session's folder."""
