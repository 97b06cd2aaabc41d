"""Elements of a drawing; text and attributes are escaped by the standard library's writer."""

from __future__ import annotations

from xml.etree import ElementTree

from markupsafe import Markup

from advisor.text import clean

Element = ElementTree.Element


def drawing(width: float, height: float, label: str, kind: str = "") -> Element:
    """A picture with a label for whoever cannot see it; it grows and shrinks with its place."""
    return Element(
        "svg",
        {
            "viewBox": f"0 0 {width:g} {height:g}",
            "width": f"{width:g}",
            "height": f"{height:g}",
            "role": "img",
            "aria-label": clean(label),
            "class": f"chart {kind}".strip(),
        },
    )


def add(parent: Element, name: str, text: str = "", **attributes: str | float) -> Element:
    """A child; `stroke_width=2` becomes `stroke-width="2"`, `class_` becomes `class`."""
    child = ElementTree.SubElement(
        parent, name, {_name(k): _value(v) for k, v in attributes.items()}
    )
    child.text = clean(text) if text else None
    return child


def words(
    parent: Element, x: float, y: float, text: str, kind: str = "", at: str = "start"
) -> None:
    """Text that begins, ends or has its middle at (x, y)."""
    add(parent, "text", text, x=x, y=y, text_anchor=at, **({"class_": kind} if kind else {}))


def line(parent: Element, start: tuple[float, float], end: tuple[float, float], kind: str) -> None:
    add(parent, "line", x1=start[0], y1=start[1], x2=end[0], y2=end[1], class_=kind)


def link(parent: Element, target: str, title: str) -> Element:
    """What is drawn into it leads to `target` on the page, and tells `title` under the pointer."""
    anchor = add(parent, "a", href=target, aria_label=title)
    add(anchor, "title", title)
    return anchor


def markup(root: Element) -> Markup:
    """The drawing as a part of a page."""
    return Markup(ElementTree.tostring(root, encoding="unicode"))


def _name(name: str) -> str:
    return name.rstrip("_").replace("_", "-")


def _value(value: str | float) -> str:
    return clean(value) if isinstance(value, str) else f"{value:.2f}".rstrip("0").rstrip(".")
