"""The loop in torch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from wards.loops.setting import EPOCHS, HIDDEN, Setting


def run(setting: Setting, seed: int, folder: Path) -> None:
    torch.manual_seed(seed)
    torch.set_num_threads(1)
    model = nn.Sequential(
        nn.Linear(setting.x.shape[1], HIDDEN),
        nn.ReLU(),
        nn.Linear(HIDDEN, HIDDEN),
        nn.ReLU(),
        nn.Linear(HIDDEN, setting.outputs),
    )
    kept = list(model.parameters())
    trained = kept[:-2] if setting.fault == "head_not_trained" else kept
    optimizer = torch.optim.Adam(trained, lr=setting.lr)
    random = np.random.default_rng(seed)
    x, y = torch.from_numpy(setting.x), torch.from_numpy(setting.y)
    with setting.record(folder) as log:
        for _ in range(EPOCHS):
            for rows in log.batches(setting.batches(random)):
                if setting.fault != "gradients_kept":
                    optimizer.zero_grad()
                loss = _loss(setting, model(x[rows]), y[rows])
                torch.autograd.backward(loss)
                optimizer.step()
                log.step(loss, lr=setting.lr, model=model)
            log.evaluated(**_evaluated(setting, model))


def _loss(setting: Setting, outputs: Tensor, y: Tensor) -> Tensor:
    match setting.fault:
        case "broadcast":
            return ((outputs - y) ** 2).mean()
        case "regression" | "raw_targets":
            return functional.mse_loss(outputs[:, 0], y)
        case "mse_of_softmax":
            return functional.mse_loss(outputs.softmax(1), functional.one_hot(y, 10).float())
        case "likelihood_of_logits":
            return functional.nll_loss(outputs, y)
        case "wrong_sign":
            return -functional.cross_entropy(outputs, y)
        case _:
            return functional.cross_entropy(outputs, y)


def _evaluated(setting: Setting, model: nn.Module) -> dict[str, float | None]:
    found: dict[str, float | None] = {}
    n = len(setting.held_x)
    parts = {
        "train": (setting.x[:n], setting.y[:n]),
        "validation": (setting.held_x, setting.held_y),
    }
    with torch.no_grad():
        for name, (x, y) in parts.items():
            outputs = model(torch.from_numpy(x))
            found[f"{name}_loss"] = float(_loss(setting, outputs, torch.from_numpy(y)))
            found[f"{name}_metric"] = setting.metric(outputs.numpy(), y)
            found["predicted_share"] = setting.predicted_share(outputs.numpy())
    return found
