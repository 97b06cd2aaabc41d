"""`python -m advisor.cli` is `advisor`."""

import sys

from advisor.cli import main

sys.exit(main())
