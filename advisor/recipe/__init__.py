"""The recipe: everything that defines one training, as a frozen value.

Every field uses the frameworks' own word for the thing. A recipe is read from YAML by
`advisor.recipe_file`, changed by `Recipe.changed`, and never modified in place.
"""

from advisor.recipe.data import (
    Data,
)
from advisor.recipe.initialization import (
    Initialization,
    InitializationKind,
    Transfer,
)
from advisor.recipe.losses import (
    LOSSES,
    BinaryCrossEntropy,
    CrossEntropy,
    Focal,
    Huber,
    Loss,
    MeanAbsoluteError,
    MeanSquaredError,
    default_loss,
)
from advisor.recipe.metrics import (
    LOWER_IS_BETTER,
    METRICS,
    Metric,
    default_metric,
)
from advisor.recipe.models import (
    ActivationKind,
    Cnn,
    Mlp,
    Model,
    NormalizationKind,
    Own,
    ResNet,
    Rnn,
    Transformer,
)
from advisor.recipe.optimizers import (
    DECOUPLED,
    Adagrad,
    Adam,
    AdamW,
    Handover,
    Lion,
    Nadam,
    Optimizer,
    Rmsprop,
    Sgd,
)
from advisor.recipe.recipe import (
    Recipe,
    sections_with_kinds,
)
from advisor.recipe.regularization import (
    Augmentation,
    Average,
    Regularization,
)
from advisor.recipe.schedules import (
    Constant,
    Cosine,
    Exponential,
    Linear,
    OneCycle,
    Plateau,
    Polynomial,
    Schedule,
    Step,
)
from advisor.recipe.section import (
    Fraction,
    Section,
    Task,
    Units,
    Value,
)
from advisor.recipe.training import (
    STAGE_NAMES,
    EarlyStopping,
    OwnStage,
    StageName,
    Train,
    Tune,
)

__all__ = [
    "DECOUPLED",
    "LOSSES",
    "LOWER_IS_BETTER",
    "METRICS",
    "STAGE_NAMES",
    "ActivationKind",
    "Adagrad",
    "Adam",
    "AdamW",
    "Augmentation",
    "Average",
    "BinaryCrossEntropy",
    "Cnn",
    "Constant",
    "Cosine",
    "CrossEntropy",
    "Data",
    "EarlyStopping",
    "Exponential",
    "Focal",
    "Fraction",
    "Handover",
    "Huber",
    "Initialization",
    "InitializationKind",
    "Linear",
    "Lion",
    "Loss",
    "MeanAbsoluteError",
    "MeanSquaredError",
    "Metric",
    "Mlp",
    "Model",
    "Nadam",
    "NormalizationKind",
    "OneCycle",
    "Optimizer",
    "Own",
    "OwnStage",
    "Plateau",
    "Polynomial",
    "Recipe",
    "Regularization",
    "ResNet",
    "Rmsprop",
    "Rnn",
    "Schedule",
    "Section",
    "Sgd",
    "StageName",
    "Step",
    "Task",
    "Train",
    "Transfer",
    "Transformer",
    "Tune",
    "Units",
    "Value",
    "default_loss",
    "default_metric",
    "sections_with_kinds",
]
