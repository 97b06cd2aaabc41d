"""Records somebody's own training loop for `advisor diagnose`; one line at each step.

from advisor import record

with record.start("runs/mine", epochs=10, task="classification", classes=10) as log:
    ...
    log.step(loss, lr=lr, model=model)
    ...
    log.evaluated(train_loss=..., validation_loss=..., validation_metric=...)
"""

from advisor.record.about import About, read_about
from advisor.record.arguments import RecordError
from advisor.record.recorder import Recorder, start

__all__ = ["About", "RecordError", "Recorder", "read_about", "start"]
