"""Nothing is wrong with these, though each looks like some fault: no alarm may be raised."""

from __future__ import annotations

from wards.case import Case
from wards.twins import own

CASES = (
    Case("H1", "MLP, Adam 1e-3, 30 epochs", "digits", {"train.epochs": 30}),
    Case("H2", "batch normalisation, SGD, cosine: the loss goes to zero", "shapes-bn"),
    Case(
        "H3",
        "dropout and augmentation: training looks worse than validation",
        "shapes-adam",
        {
            "regularization.dropout": 0.3,
            "regularization.augmentation": {"translation": 0.08},
            "train.epochs": 25,
        },
    ),
    Case(
        "H4",
        "standardised inputs with heavy tails",
        "table2",
        {"data.source": "npz:heavy-tails.npz"},
    ),
    Case("H5", "most ReLUs are off, none is dead", "digits", {"model.hidden": [256]}),
    Case(
        "H6",
        "small batches, noisy at convergence",
        "table2",
        {"train.batch_size": 8, "train.epochs": 12},
    ),
    Case(
        "H7",
        "full batches at the edge of stability",
        "digits-clean",
        {
            "optimizer": {"kind": "sgd", "lr": 0.5},
            "train.batch_size": 1000,
            "train.epochs": 400,
        },
    ),
    Case("H8", "LSTM, whose gates saturate", "chain"),
    Case(
        "H9",
        "parity: a plateau, then success",
        "table2",
        {
            "data.source": "npz:parity.npz",
            "model.hidden": [128, 128],
            "train.epochs": 25,
        },
    ),
    Case("H11", "a frozen first layer", "shapes-adam", {"transfer.frozen": ["conv1"]}),
    Case("H12", "an easy task, all but solved", "cancer"),
    Case(
        "H14",
        "a residual branch that starts at zero",
        "digits-own",
        {"model": own("Plain", fault="zero_branch")},
    ),
    Case("H15", "float16 with loss scaling", "digits", {"train.precision": "float16"}),
    Case(
        "H16",
        "label smoothing 0.1, whose loss has a floor",
        "digits",
        {"regularization.label_smoothing": 0.1},
    ),
    Case(
        "H17",
        "a balanced sampler",
        "rare91",
        {"loss": {"kind": "binary_cross_entropy"}, "train.sampling": "balanced"},
    ),
    Case("H75", "an easy task at a third of the usual rate", "easy", {"optimizer.lr": 3.3e-4}),
    Case("HL1", "somebody's own loop", "digits", loop="none"),
    Case("HL3", "a loop that leaves out the last small batch", "digits", loop="last_dropped"),
    Case("HL2", "somebody's own loop, on a regression", "friedman", loop="regression"),
)
