"""The report as one HTML file that needs nothing else: no network, no scripts, no fonts."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from advisor.report import charts, views, words
from advisor.report.model import Ensemble, Finals, Probe, Report, Said, Trial
from advisor.text import clean, number

TEMPLATES = Path(__file__).parent / "templates"
VERDICTS: Mapping[str, str] = {
    "accepted": "\N{CHECK MARK} accepted",
    "rejected": "\N{MULTIPLICATION X} rejected",
    "undecided": "\N{ALMOST EQUAL TO} undecided",
}
"""A sign beside each colour."""


def render(report: Report) -> str:
    """The page's HTML. Everything that comes from outside is escaped, and control characters in it
    are shown."""
    return _environment().get_template("report.html").render(report=report)


@cache
def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_visible,
    )
    made.filters |= {
        "number": number,
        "words": lambda name: str(name).replace("_", " "),
        "metric": words.metric,
        "duration": words.duration,
        "percent": words.percent,
        "gain": words.gain,
        "bounds": words.bounds,
        "alone": words.alone,
        "verdict": lambda name: VERDICTS.get(name, name),
        "listing": listing,
        "sentence": lambda text: text[:1].upper() + text[1:],
    }
    made.tests |= {
        "trial": lambda step: isinstance(step, Trial),
        "probe": lambda step: isinstance(step, Probe),
        "finals": lambda step: isinstance(step, Finals),
        "ensemble": lambda step: isinstance(step, Ensemble),
        "remark": lambda step: isinstance(step, Said),
    }
    made.globals |= {name: getattr(charts, name) for name in charts.__all__}
    made.globals |= {
        name: getattr(views, name)
        for name in (
            "loss_chart",
            "metric_chart",
            "probe_charts",
            "control_chart",
            "time_bar",
            "time_parts",
            "overhead",
        )
    }
    made.globals["style"] = Markup((TEMPLATES / "style.css").read_text(encoding="utf-8"))
    return made


def _visible(value: Any) -> Any:
    """Control characters in texts from outside do nothing but show."""
    return clean(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def listing(text: str) -> Markup:
    """Several lines as they are, for a `pre`."""
    return Markup("\n").join(escape(clean(line)) for line in text.splitlines())
