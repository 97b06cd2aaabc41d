"""Numbers as the report writes them, where `advisor.text.number` does not do."""

from __future__ import annotations

import math

from advisor.report.model import Interval

METRICS = {"r2": "R²", "rmse": "RMSE", "mae": "MAE", "f1": "F1", "roc_auc": "ROC AUC"}
MINUS = "\N{MINUS SIGN}"
SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def metric(name: str) -> str:
    """A metric's name as it is usually written."""
    return METRICS.get(name, name.replace("_", " "))


def gained(found: Interval) -> str:
    """`+0.61, interval [+0.41, +0.81]`: as many digits as the interval is wide enough for."""
    low, high = bounds(found)
    return f"{signed(found.value, _decimals(found))}, interval [{low}, {high}]"


def bounds(found: Interval) -> tuple[str, str]:
    """Both ends of an interval."""
    places = _decimals(found)
    return signed(found.low, places), signed(found.high, places)


def alone(found: Interval) -> tuple[str, str] | None:
    """Both ends as the examples alone would have them, in the digits of the interval; None where
    that is not known, or reads the same."""
    if found.examples is None:
        return None
    low, high = (signed(end, _decimals(found)) for end in found.examples)
    return None if (low, high) == bounds(found) else (low, high)


def gain(found: Interval) -> str:
    """The gain alone, in the digits of its interval."""
    return signed(found.value, _decimals(found))


def signed(value: float, places: int = 4) -> str:
    """With its sign, and the true minus; numbers of many digits in powers of ten."""
    if not math.isfinite(value):
        return "unknown" if math.isnan(value) else MINUS * (value < 0) + "∞"
    text = f"{value:+.{places}f}" if abs(value) < 1e5 else f"{value:+.2e}"
    return (text if float(text) else text[1:]).replace("-", MINUS)


def _decimals(found: Interval) -> int:
    """Two digits of half the interval's width."""
    half = (found.high - found.low) / 2
    if not math.isfinite(half) or half <= 0:
        return 4
    return min(max(1 - math.floor(math.log10(half)), 0), 6)


def short(value: float) -> str:
    """For an axis: `0.001`, `250`, `10⁻⁵`, `3·10⁸`."""
    if not math.isfinite(value):
        return signed(value)
    if value == 0 or 1e-3 <= abs(value) < 1e5:
        return f"{value:.6g}".replace("-", MINUS)
    return power(value)


def power(value: float) -> str:
    """`10⁻⁵`, `3·10⁸`: a finite value other than 0 as a multiple of a power of ten."""
    mantissa, _, exponent = f"{value:.2e}".partition("e")
    head = f"{float(mantissa):g}".replace("-", MINUS)
    ten = "10" + str(int(exponent)).translate(SUPERSCRIPTS)
    return ten if head == "1" else f"{head}·{ten}"


def duration(seconds: float) -> str:
    """`3.2 s`, `4 min 10 s`, `2 h 5 min`, `2500 h`."""
    if not math.isfinite(seconds) or seconds < 0:
        return "unknown"
    if seconds < 10:
        return f"{seconds:.2g} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    if whole < 3600 * 1000:
        return f"{whole // 3600} h {whole % 3600 // 60} min"
    return f"{short(float(f'{seconds / 3600:.3g}'))} h"


def percent(share: float) -> str:
    """`12 %`, and what is small but not nothing as `<1 %`."""
    if not math.isfinite(share):
        return "unknown"
    return "<1 %" if 0 < share < 0.005 else f"{100 * share:.0f} %"
