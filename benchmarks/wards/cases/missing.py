"""Cases of the list that cannot be put to the program, and why. They stay in the table."""

from __future__ import annotations

from wards.case import Missing

MISSING = (
    Missing("52", "float16 without loss scaling", "float16 always scales its loss here"),
    Missing("53", "a batch that does not fit memory", "no allocator limit can be simulated"),
    Missing(
        "69", "classes counted from 1", "class numbers are encoded, so they may start anywhere"
    ),
    Missing("71", "fine-tuning at a rate for training", "needs a pretrained model"),
    Missing("72", "from scratch although weights exist", "needs a pretrained model"),
    Missing("74", "unseeded randomness", "the program seeds all randomness, own code included"),
    Missing("78", "half of five informative inputs dropped", "no recipe drops inputs"),
    Missing("H10", "one spike that recovers", "no recipe makes one; among the generated curves"),
    Missing("H13", "fine-tuning that starts fitted", "needs weights; among the generated curves"),
)
