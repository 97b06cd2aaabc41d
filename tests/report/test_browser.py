"""The page in a real browser: nothing fetched, nothing complained of, nothing beyond its width."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from advisor import report as reports
from advisor.report.gather import gather
from advisor.report.page import render
from tests import simulation
from tests.report import made
from tests.report.test_page import many, poisoned

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
WIDTHS = (400, 1280)
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--hide-scrollbars",
    "--no-first-run",
    "--disable-extensions",
    "--disable-component-update",
    "--disable-background-networking",
    "--disable-sync",
    "--allow-file-access-from-files",
    "--enable-logging=stderr",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--virtual-time-budget=20000",
    "--window-size=1400,1000",
)
LOOK = """
function look(frame) {
  const page = frame.contentDocument, wide = page.documentElement.clientWidth;
  const beyond = [...page.querySelectorAll("body *")].filter(one => {
    const box = one.getBoundingClientRect();
    const outside = box.right > wide + 1 || (box.left < -1 && box.right > 0);
    return box.width > 0 && outside && !one.closest(".scroll, pre");
  });
  const texts = [...page.querySelectorAll("svg text")].filter(t => t.getBoundingClientRect().width);
  const asked = frame.contentWindow.performance.getEntriesByType("resource");
  return {
    wide,
    asked: asked.map(one => one.name),
    scroll: page.documentElement.scrollWidth,
    beyond: beyond.slice(0, 5).map(one => one.outerHTML.slice(0, 200)),
    shown: page.body.innerText.length,
    small: texts.filter(t => t.getBoundingClientRect().height < 8).map(t => t.outerHTML),
    pictures: [...page.querySelectorAll("svg")].filter(p => p.getBoundingClientRect().width).length,
  };
}
"""


@pytest.fixture(scope="module")
def browser() -> str:
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        pytest.skip("no Chromium on PATH")
    return found


def looked_at(browser: str, page: Path, folder: Path) -> tuple[list[dict[str, Any]], str]:
    """What a script finds in the page at each width, and the browser's console."""
    frames = "".join(
        f'<iframe src="{page.as_uri()}" style="width:{width}px;height:900px;border:0"></iframe>'
        for width in WIDTHS
    )
    watch = folder / "watch.html"
    watch.write_text(
        f"<!doctype html>{frames}<pre id=found></pre><script>{LOOK}"
        "onload = () => { document.getElementById('found').textContent = JSON.stringify("
        "[...document.querySelectorAll('iframe')].map(look)); };</script>"
    )
    own = f"--user-data-dir={folder / 'profile'}"
    command = [browser, *FLAGS, own, "--dump-dom", watch.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    found = re.search(r'<pre id="found">(.*?)</pre>', done.stdout, re.DOTALL)
    assert found, done.stderr[-2000:]
    assert found[1], "the script in the watching page did not run"
    console = "\n".join(line for line in done.stderr.splitlines() if "CONSOLE" in line)
    return json.loads(unescape(found[1])), console


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    changes = {"tune.ensemble": 3, "tune.budget": "200e"}
    whole = made.story(simulation.recipe(**changes), folder=folder)
    found = gather(whole)
    long = "averyveryverylongnamewithoutanyplacetobreakit" * 3
    made_up = {
        "unfinished": render(gather(made.story(steps=4))),
        "long-names": render(poisoned(found, long)),
        "many-trials": render(many(found, 200)),
    }
    written = {"whole": reports.write(whole, folder / "whole.html")}
    for name, text in made_up.items():
        written[name] = folder / f"{name}.html"
        written[name].write_text(text, encoding="utf-8")
    return written


@pytest.mark.parametrize("name", ["whole", "unfinished", "long-names", "many-trials"])
def test_a_page_fits_any_screen_and_needs_nothing_else(
    name: str, browser: str, pages: dict[str, Path], tmp_path: Path
) -> None:
    found, console = looked_at(browser, pages[name], tmp_path)
    assert console == ""
    assert [one["wide"] for one in found] == list(WIDTHS)
    for one in found:
        assert one["asked"] == []
        assert one["beyond"] == []
        assert one["scroll"] == one["wide"]
        assert one["shown"] > 500
        assert one["pictures"] >= 1
        assert one["small"] == []


def test_a_page_that_is_wrong_is_noticed(browser: str, tmp_path: Path) -> None:
    page = tmp_path / "wrong.html"
    page.write_text(
        "<!doctype html><body><p style='width:2000px'>wide</p><svg><text>x</text></svg>"
        "<script>console.error('complaint')</script><img src='http://localhost:9/a.png'>"
    )
    found, console = looked_at(browser, page, tmp_path)
    assert found[0]["beyond"]
    assert found[0]["scroll"] > found[0]["wide"]
    assert "complaint" in console
    assert "localhost" in found[0]["asked"][0]
