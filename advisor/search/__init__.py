"""Search where rules have nothing to say: the space round a recipe, and ways to sample it.

Pure: nothing is trained here. A search asks for changes to a recipe, is told what they came to,
and asks again; docs/search-space.md says what is searched.
"""

from advisor.search.dimension import Dimension, size
from advisor.search.ranges import around, widened
from advisor.search.samplers import KINDS, Kind, Search
from advisor.search.space import space
from advisor.search.steps import Step, fewer, steps

__all__ = [
    "KINDS",
    "Dimension",
    "Kind",
    "Search",
    "Step",
    "around",
    "fewer",
    "size",
    "space",
    "steps",
    "widened",
]
