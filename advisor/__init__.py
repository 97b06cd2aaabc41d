"""Tunes a neural network in a fixed order, one change at a time, and proves each change."""

__version__ = "0.1.0"
