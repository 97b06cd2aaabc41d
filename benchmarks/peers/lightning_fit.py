"""Lightning with its defaults: logger and checkpoints on, validation each epoch, no bar."""

from __future__ import annotations

import os
import tempfile
import warnings
from importlib import import_module
from typing import Any

import torch
from torch.nn import functional as F  # noqa: N812
from torch.utils.data import DataLoader, TensorDataset

from peers import cases
from peers.protocol import Fit, Variants, Work
from peers.torch_models import network, tensors

lightning: Any = import_module("lightning")


def variants(argument: str) -> Variants:
    del argument
    warnings.simplefilter("ignore")
    return {"lightning": _loop}


class Model(lightning.LightningModule):  # type: ignore[misc]
    """As Lightning's introduction writes one."""

    def __init__(self, work: Work) -> None:
        super().__init__()
        self.net = network(work.case, work.dataset.outputs)

    def training_step(self, batch: Any, index: int) -> Any:
        loss = F.cross_entropy(self.net(batch[0]), batch[1])
        self.log("train_loss", loss)
        return loss

    def validation_step(self, batch: Any, index: int) -> None:
        outputs = self.net(batch[0])
        self.log("validation_loss", F.cross_entropy(outputs, batch[1]))
        self.log("accuracy", (outputs.argmax(1) == batch[1]).float().mean())

    def configure_optimizers(self) -> Any:
        return torch.optim.AdamW(self.parameters(), cases.LR, weight_decay=cases.WEIGHT_DECAY)


def _loop(work: Work) -> Fit:
    os.chdir(tempfile.gettempdir())
    batch = work.case.batch
    examples = TensorDataset(*tensors(work.case, work.dataset.train))
    validation = TensorDataset(*tensors(work.case, work.dataset.validation))

    def fit(epochs: int) -> int:
        model = Model(work)
        with tempfile.TemporaryDirectory() as folder:
            trainer = lightning.Trainer(
                max_epochs=epochs,
                default_root_dir=folder,
                accelerator="cpu",
                enable_progress_bar=False,
                enable_model_summary=False,
            )
            train = DataLoader(examples, batch, shuffle=True, drop_last=True)
            trainer.fit(model, train, DataLoader(validation, batch))
        return sum(each.numel() for each in model.parameters())

    return fit
