"""Do two backends train the same thing? Five gates, each with numbers; see docs/parity.md.

1 to 3 hold outputs, gradients and losses of the same steps together, 4 tests whole trainings for
equivalence, 5 reports what each backend took.
"""

from advisor.compare.agreement import Agreement
from advisor.compare.comparison import SEEDS, Plan, compare
from advisor.compare.equivalence import Equivalence, judge, tost
from advisor.compare.gates import FULL_STEPS, LIMITS, Gate, step_gates
from advisor.compare.json_summary import summary
from advisor.compare.speed import Speed
from advisor.compare.trainings import Trained, Trainings
from advisor.compare.workers import Unwatched, Watcher, Worker

__all__ = [
    "FULL_STEPS",
    "LIMITS",
    "SEEDS",
    "Agreement",
    "Equivalence",
    "Gate",
    "Plan",
    "Speed",
    "Trained",
    "Trainings",
    "Unwatched",
    "Watcher",
    "Worker",
    "compare",
    "judge",
    "step_gates",
    "summary",
    "tost",
]
