"""A peer's process: `python -m peers.serve MODULE ARGUMENT`."""

import sys

from peers.protocol import serve

if __name__ == "__main__":
    serve(*sys.argv[1:3])
