"""Short experiments that are not trials: they share no state with any trial, and cost steps."""

from advisor.probes.batch_sizes import batch_size
from advisor.probes.capacity import capacity
from advisor.probes.noise import noise_scale
from advisor.probes.pick import Pick, suggest
from advisor.probes.range_test import POINTS, STEPS_A_POINT, lr_range
from advisor.probes.registry import PROBES, Probe, probe_epochs, probe_key

__all__ = [
    "POINTS",
    "PROBES",
    "STEPS_A_POINT",
    "Pick",
    "Probe",
    "batch_size",
    "capacity",
    "lr_range",
    "noise_scale",
    "probe_epochs",
    "probe_key",
    "suggest",
]
