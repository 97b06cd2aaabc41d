"""skorch with its defaults: train loss, validation loss and accuracy each epoch, no printing."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import torch

from peers import cases
from peers.protocol import Fit, Variants, Work
from peers.torch_models import network, tensors

skorch: Any = import_module("skorch")
helper: Any = import_module("skorch.helper")


def variants(argument: str) -> Variants:
    del argument
    return {"skorch": _loop}


def _loop(work: Work) -> Fit:
    inputs, targets = tensors(work.case, work.dataset.train)
    validation = skorch.dataset.Dataset(*tensors(work.case, work.dataset.validation))

    def fit(epochs: int) -> int:
        model = network(work.case, work.dataset.outputs)
        net = skorch.NeuralNetClassifier(
            model,
            criterion=torch.nn.CrossEntropyLoss,
            optimizer=torch.optim.AdamW,
            optimizer__weight_decay=cases.WEIGHT_DECAY,
            lr=cases.LR,
            max_epochs=epochs,
            batch_size=work.case.batch,
            iterator_train__shuffle=True,
            iterator_train__drop_last=True,
            train_split=helper.predefined_split(validation),
            verbose=0,
        )
        net.fit(inputs, targets)
        return sum(each.numel() for each in model.parameters())

    return fit
