"""The tables that `throughput.py` prints."""

from __future__ import annotations

import itertools
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table


def print_training(console: Console, found: dict[str, Any]) -> None:
    for case, rows in itertools.groupby(found["training"], key=lambda row: row["case"]):
        table = _table(f"Training: {case}", "backend", "variant")
        for name in ("examples/s", "IQR", "ours is", "target", ""):
            table.add_column(name, justify="right", no_wrap=True)
        for row in rows:
            table.add_row(
                row["backend"],
                row["variant"],
                f"{row['examples_per_second']:,}",
                f"{100 * row['iqr_share']:.0f} %",
                f"{row['ours_over_this']:.2f} x",
                f"{row['target']:g} x" if row["target"] else "",
                _mark(row["meets"] if row["target"] else None),
            )
        console.print(table)
    for package in found["skipped"]:
        console.print(f"skipped, because it is not installed: {package}")


def print_starts(console: Console, found: dict[str, Any]) -> None:
    table = _table("A further trial of a warm worker (digits CNN, 10 epochs)", "backend")
    for name in ("to first step, s", "whole trial, s", "share", "target", ""):
        table.add_column(name, justify="right", no_wrap=True)
    for row in found["second_trial"]:
        table.add_row(
            row["backend"],
            f"{row['seconds_to_first_step']:.3f}",
            f"{row['seconds_of_trial']:.2f}",
            f"{100 * row['share']:.1f} %",
            f"< {100 * row['target']:g} %",
            _mark(row["meets"]),
        )
    console.print(table)
    _print_processes(console, found["new_process"])


def _print_processes(console: Console, rows: list[dict[str, Any]]) -> None:
    table = _table(f"First step of a new process, seconds ({rows[0]['case']})", "backend", "cache")
    parts = ("imports", "data", "model", "first step")
    for name in (*parts, "sum"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in rows:
        for cache in ("cold", "warm"):
            seconds = [row[cache][part] for part in parts]
            shown = [f"{value:.2f}" for value in (*seconds, sum(seconds))]
            table.add_row(row["backend"], cache, *shown)
    console.print(table)


def print_sweeps(console: Console, found: dict[str, Any]) -> None:
    table = _table("Sixteen learning rates (digits MLP, batch 32)", "backend", "way")
    for name in ("examples/s", "IQR", "speed-up"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in found["sweep"]:
        for way, rate in row["examples_per_second"].items():
            shown = f"{100 * row['iqr_share'][way]:.0f} %", f"{row['speed_up'][way]:.2f} x"
            table.add_row(row["backend"], way, f"{rate:,}", *shown)
    console.print(table)
    for row in found["sweep"]:
        if row["meets"] is None:
            console.print(f"skipped: backend {row['backend']} trains nothing together")


def _table(title: str, *names: str) -> Table:
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for name in names:
        table.add_column(name, no_wrap=True)
    return table


def _mark(meets: bool | None) -> str:
    return "" if meets is None else "ok" if meets else "SHORT"
