"""Charts as inline SVG: no scripts, colours from the page's style, shapes beside colours."""

from advisor.report.charts.bars import parts_bar
from advisor.report.charts.course import course_plot
from advisor.report.charts.forest import forest_row, outcome_axis, outcome_row
from advisor.report.charts.lines import Sheet, line_plot

__all__ = [
    "Sheet",
    "course_plot",
    "forest_row",
    "line_plot",
    "outcome_axis",
    "outcome_row",
    "parts_bar",
]
