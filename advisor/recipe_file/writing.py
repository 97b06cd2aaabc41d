"""From a recipe to text that a person likes to read."""

from __future__ import annotations

from typing import Any

import yaml

from advisor import yaml_lines
from advisor.recipe import Recipe, Section

ESSENTIAL = {
    "data": ("source",),
    "model": ("kind", "channels", "kernel_size", "hidden", "activation", "normalization"),
    "initialization": ("kind",),
    "loss": ("kind",),
    "optimizer": ("kind", "lr"),
    "schedule": ("kind",),
    "train": ("batch_size", "epochs", "seed"),
    "early_stopping": ("patience",),
    "tune": ("budget",),
}


def dump(recipe: Recipe) -> str:
    """YAML that reads back as an equal recipe, in the schema's order.

    It has what anyone asks about a training (data, whole model, optimizer and rate, batch size,
    epochs, seed, metric), and of all else only what is not the default: so what was changed
    stands out. The version at its top says which defaults are meant.
    """
    content: dict[str, Any] = {}
    for name in Recipe.model_fields:
        value = getattr(recipe, name)
        if not isinstance(value, Section):
            content[name] = value
        elif fields := _chosen(name, value):
            content[name] = fields["kind"] if set(fields) == {"kind"} else fields
    return yaml.dump(content, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100_000)


def _chosen(name: str, section: Section) -> dict[str, Any]:
    """The fields worth writing; `kind` first."""
    essential = ESSENTIAL.get(name, ())
    names = sorted(type(section).model_fields, key=lambda each: each != "kind")
    chosen: dict[str, Any] = {}
    for field in names:
        value = getattr(section, field)
        if field in essential or value != type(section).model_fields[field].default:
            chosen[field] = _chosen(field, value) if isinstance(value, Section) else value
    return chosen


class _Dumper(yaml.SafeDumper):
    """Lists in brackets, 1e-5 for 1e-05, quotes where our reader would see a number."""


def _float(dumper: yaml.SafeDumper, value: float) -> yaml.ScalarNode:
    mantissa, _, exponent = repr(value).partition("e")
    text = f"{mantissa}e{int(exponent)}" if exponent else mantissa
    return dumper.represent_scalar("tag:yaml.org,2002:float", text)


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    style = None if value.isprintable() else '"'  # the other styles fold some line breaks
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style)


def _list(dumper: yaml.SafeDumper, value: tuple[Any, ...]) -> yaml.SequenceNode:
    return dumper.represent_sequence("tag:yaml.org,2002:seq", value, flow_style=True)


def _section(dumper: yaml.SafeDumper, value: Section) -> yaml.MappingNode:
    """A section in a list: what it needs to be read back."""
    fields = value.model_dump(exclude_defaults=True)
    return dumper.represent_mapping("tag:yaml.org,2002:map", fields, flow_style=True)


_Dumper.add_representer(float, _float)
_Dumper.add_representer(str, _text)
_Dumper.add_representer(tuple, _list)
_Dumper.add_multi_representer(Section, _section)
_Dumper.add_implicit_resolver("tag:yaml.org,2002:float", yaml_lines.FLOAT, yaml_lines.FLOAT_STARTS)
