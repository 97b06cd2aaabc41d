"""Dark, light, and one of plain strong colours for terminals with 16 of them."""

from __future__ import annotations

from textual.theme import Theme

DEFAULTS = {"edge": "#808080", "quiet": "#808080"}
"""Lines around panels, and text that stands back, where a theme does not say."""
DARK = Theme(
    "advisor-dark",
    primary="#5ea1ff",
    secondary="#9aa7b8",
    accent="#d38aff",
    success="#5fd787",
    warning="#ffb454",
    error="#ff6b6b",
    foreground="#dfe4ea",
    background="#12151a",
    surface="#1a1e25",
    panel="#252b34",
    variables={"edge": "#4a5463", "quiet": "#8d98a7"},
)
LIGHT = Theme(
    "advisor-light",
    primary="#0b57b5",
    secondary="#55606e",
    accent="#7a2fb0",
    success="#0a6b32",
    warning="#8a5300",
    error="#b00020",
    foreground="#16191d",
    background="#fafafa",
    surface="#f0f1f3",
    panel="#dfe3e8",
    dark=False,
    variables={"edge": "#9aa3ad", "quiet": "#56606c"},
)
CONTRAST = Theme(
    "advisor-contrast",
    primary="#00ffff",
    secondary="#ffffff",
    accent="#ff00ff",
    success="#00ff00",
    warning="#ffff00",
    error="#ff0000",
    foreground="#ffffff",
    background="#000000",
    surface="#000000",
    panel="#000000",
    luminosity_spread=0.0,
    text_alpha=1.0,
    variables={
        "text-muted": "#ffffff",
        "text-disabled": "#c0c0c0",
        "edge": "#c0c0c0",
        "quiet": "#ffffff",
        "border": "#ffffff",
        "border-blurred": "#ffffff",
        "block-cursor-foreground": "#000000",
        "block-cursor-background": "#ffffff",
        "footer-background": "#000000",
        "footer-key-foreground": "#ffff00",
    },
)
THEMES = (DARK, LIGHT, CONTRAST)
NAMES = {"dark": DARK.name, "light": LIGHT.name, "contrast": CONTRAST.name}
"""What `--theme` calls them."""


def fitting(color_system: str | None) -> str:
    """The theme for a terminal of these colours (`rich.console.Console.color_system`)."""
    return DARK.name if color_system in ("256", "truecolor") else CONTRAST.name
