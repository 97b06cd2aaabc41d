"""The options that commands share: how they are written, checked and handed on.

Parsed options are frozen values whose fields are named like the options. What a backend, a
recipe or a folder of rules has to say about them is said where those are read.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Self

from advisor.cli.errors import CliError
from advisor.new_folder import output_folder as output_folder

if TYPE_CHECKING:
    from advisor.runner import Runner

LARGEST_SEED = 2**32 - 1


@dataclass(frozen=True)
class Options:
    """Base of every command's options."""

    json: bool

    @classmethod
    def of(cls, arguments: argparse.Namespace) -> Self:
        """The fields of this class from parsed arguments of the same names."""
        return cls(**{field.name: getattr(arguments, field.name) for field in fields(cls)})


@dataclass(frozen=True)
class RecipeOptions(Options):
    """What a command that reads a recipe takes."""

    recipe: Path
    changes: tuple[str, ...]
    """`path=value` each, in order"""
    device: str
    deterministic: bool
    trust: bool

    def runner(self, backend: str, cpus: Sequence[int] = ()) -> Runner:
        """A worker as these options want it."""
        from advisor.runner import Runner

        return Runner(
            backend,
            self.device,
            deterministic=self.deterministic,
            trusted=self.trust,
            cpus=cpus,
        )

    @property
    def overrides(self) -> tuple[str, ...]:
        """Everything that overrides the recipe file, `path=value` each; later ones win."""
        return self.changes


@dataclass(frozen=True)
class RunOptions(RecipeOptions):
    """One training."""

    backend: str | None
    """None: see `advisor.backend_choice.chosen`"""
    seed: int | None
    out: Path | None

    @property
    def overrides(self) -> tuple[str, ...]:
        return _overridden(self.changes, "train.seed", self.seed, "--seed")


@dataclass(frozen=True)
class AutoOptions(RecipeOptions):
    """One session for each seed."""

    backend: str | None
    seeds: tuple[int, ...]
    """empty: the recipe's own"""
    budget: str | None
    out: Path | None
    rules: tuple[Path, ...]
    """folders of rules beside the installed ones"""
    workers: int
    control: bool
    experience: bool

    @property
    def overrides(self) -> tuple[str, ...]:
        seeds = self.seeds or None
        check_once(self.changes, "train.seed", seeds, "--seed")
        return _overridden(self.changes, "tune.budget", self.budget, "--budget")


@dataclass(frozen=True)
class ResumeOptions(Options):
    """Go on with a session or a training."""

    folder: Path
    trust: bool


@dataclass(frozen=True)
class CompareOptions(RecipeOptions):
    """The same steps on two backends."""

    backends: tuple[str, ...]
    steps: int
    seed: int | None

    @property
    def overrides(self) -> tuple[str, ...]:
        return _overridden(self.changes, "train.seed", self.seed, "--seed")


@dataclass(frozen=True)
class SweepOptions(RecipeOptions):
    """Every combination of some values."""

    backend: str | None
    vary: tuple[str, ...]
    """`path=value,value,...` each"""
    seed: int | None
    out: Path | None
    workers: int

    @property
    def overrides(self) -> tuple[str, ...]:
        return _overridden(self.changes, "train.seed", self.seed, "--seed")


def _overridden(changes: tuple[str, ...], path: str, value: object, option: str) -> tuple[str, ...]:
    """The changes, and that of an option, where it was given."""
    check_once(changes, path, value, option)
    return changes if value is None else (*changes, f"{path}={value}")


def check_once(changes: Sequence[str], path: str, value: object, option: str) -> None:
    """Raise CliError where --set would set what `option`, whose value this is, sets as well."""
    if value is not None and path in map(changed_path, changes):
        raise CliError(f"--set {path} has no effect with {option}, which sets it; leave one out")


def changed_path(change: str) -> str:
    """`optimizer.lr` of `optimizer.lr=0.1`."""
    return change.partition("=")[0].strip()


def add_recipe(parser: argparse.ArgumentParser) -> None:
    """RECIPE, --set, --device, --deterministic, --trust and --json."""
    parser.add_argument("recipe", metavar="RECIPE", type=Path, help="the recipe, a YAML file")
    add_changes(parser)
    add_json(parser)


def add_changes(parser: argparse.ArgumentParser) -> None:
    """--set, --device, --deterministic and --trust."""
    parser.add_argument(
        "--set",
        dest="changes",
        metavar="PATH=VALUE",
        action=Append,
        default=(),
        help="override a field of the recipe, such as optimizer.lr=0.01; repeatable",
    )
    parser.add_argument(
        "--device",
        default="auto",
        help="auto (the best there is), cpu, or the framework's name of a device, such as cuda:1",
    )
    parser.add_argument(
        "--deterministic",
        action="store_true",
        help="bit for bit the same again on a GPU too, which costs speed there and refuses "
        "operations that cannot be repeated; on CPU runs repeat anyway",
    )
    add_trust(parser)


def add_trust(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--trust",
        action="store_true",
        help="run code that the recipe names without asking (see: advisor trust --help)",
    )


def add_json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--json", action="store_true", help="one JSON object a line on standard output, no more"
    )


def add_backend(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--backend", metavar="NAME", help="torch, jax or another that is installed (default: torch)"
    )


def add_budget(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--budget",
        metavar="SIZE",
        type=budget,
        help="40e (epochs), 12t (full trainings) or 10m (minutes that trainings and probes take, "
        "without start-up and the test); overrides tune.budget",
    )


def add_out(parser: argparse.ArgumentParser, holds: str) -> None:
    parser.add_argument(
        "--out",
        metavar="DIR",
        type=folder,
        help=f"new or empty folder for {holds} (default: runs/NAME-DATE-TIME, NAME the recipe's)",
    )


def add_seed(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--seed", metavar="N", type=seed, help="overrides the recipe's train.seed")


def add_rules(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--rules",
        metavar="DIR",
        type=Path,
        action=Append,
        default=(),
        help="folder of rules to use beside the installed ones; repeatable",
    )


class Append(argparse.Action):
    """Collects the values of a repeated option in a tuple."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: object,
        option_string: str | None = None,
    ) -> None:
        setattr(namespace, self.dest, (*getattr(namespace, self.dest), values))


def _checked(check: Callable[[str], bool], text: str, wanted: str) -> str:
    if not check(text):
        raise argparse.ArgumentTypeError(f"found {text!r}; {wanted}")
    return text


def folder(text: str) -> Path:
    return Path(_checked(lambda text: bool(text.strip()), text, "name a folder"))


def seed(text: str) -> int:
    wanted = f"a seed is a whole number from 0 to {LARGEST_SEED}"
    return int(_checked(lambda text: _is_whole(text) and int(text) <= LARGEST_SEED, text, wanted))


def seeds(text: str) -> tuple[int, ...]:
    """`0,1,2`: each once."""
    found = tuple(seed(part.strip()) for part in text.split(","))
    if len(set(found)) < len(found):
        raise argparse.ArgumentTypeError(f"found {text!r}; each seed may be given once")
    return found


def budget(text: str) -> str:
    """`40e`, `12t` or `10m`."""
    return _checked(
        lambda text: re.fullmatch(r"0*[1-9][0-9]*[etm]", text) is not None,
        text,
        "write a whole number and a unit: 40e (epochs), 12t (full trainings) or 10m (minutes)",
    )


def count(text: str) -> int:
    """A whole number from 1."""
    return int(
        _checked(lambda text: _is_whole(text) and int(text) > 0, text, "at least 1 is needed")
    )


def port(text: str) -> int:
    """A whole number from 1 to 65535."""
    wanted = "a port is a whole number from 1 to 65535"
    return int(_checked(lambda text: _is_whole(text) and 0 < int(text) < 65536, text, wanted))


def names(text: str) -> tuple[str, ...]:
    """`torch,jax`: exactly two different names."""
    found = tuple(part.strip() for part in text.split(","))
    if len(found) != 2 or found[0] == found[1] or not all(found):
        raise argparse.ArgumentTypeError(f"found {text!r}; name two backends, such as torch,jax")
    return found


def _is_whole(text: str) -> bool:
    return re.fullmatch(r"[0-9]{1,12}", text) is not None


def seed_folders(folder: Path, seeds: tuple[int, ...]) -> dict[int, Path]:
    """Where the session of each seed goes: the folder itself, or `seed-N` in it for several."""
    if len(seeds) == 1:
        return {seeds[0]: folder}
    return {seed: folder / f"seed-{seed}" for seed in seeds}
