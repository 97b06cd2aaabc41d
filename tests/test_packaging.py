"""The wheel and the source distribution hold what they must. Builds without network."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("advisor", "advisor_jax", "advisor_rules", "advisor_torch")
CODE = {"advisor": "advisor", "advisor_jax": "backends", "advisor_torch": "backends"}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("hatchling")
    folder = tmp_path_factory.mktemp("dist")
    for target in ("wheel", "sdist"):
        done = subprocess.run(
            [sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(folder)],
            cwd=ROOT,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def unpacked(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    with zipfile.ZipFile(next(built.glob("*.whl"))) as wheel:
        wheel.extractall(folder)
    return folder


def test_wheel_holds_the_four_packages_and_no_more(unpacked: Path) -> None:
    info = next(unpacked.glob("*.dist-info"))
    assert {path.name for path in unpacked.iterdir()} == {*PACKAGES, info.name}


@pytest.mark.parametrize(("package", "parent"), CODE.items())
def test_wheel_holds_every_module(unpacked: Path, package: str, parent: str) -> None:
    here = ROOT / package if parent == package else ROOT / parent / package
    expected = {path.relative_to(here) for path in here.rglob("*.py")}
    assert expected
    assert {
        p.relative_to(unpacked / package) for p in (unpacked / package).rglob("*.py")
    } == expected


def test_wheel_holds_every_rule_and_the_typing_marker(unpacked: Path) -> None:
    here = ROOT / "rules" / "advisor_rules"
    expected = {path.relative_to(here) for path in here.rglob("*.yaml")}
    packed = unpacked / "advisor_rules"
    assert expected
    assert {path.relative_to(packed) for path in packed.rglob("*.yaml")} == expected
    assert (unpacked / "advisor" / "py.typed").exists()


def test_wheel_holds_what_the_report_is_laid_out_with(unpacked: Path) -> None:
    here = ROOT / "advisor" / "report" / "templates"
    expected = {path.name for path in here.iterdir()}
    assert {"report.html", "style.css"} <= expected
    packed = unpacked / "advisor" / "report" / "templates"
    assert {path.name for path in packed.iterdir()} == expected


def test_wheel_holds_the_examples_and_finds_them_there(unpacked: Path, tmp_path: Path) -> None:
    names = sorted(path.name for path in (ROOT / "examples").glob("*.yaml"))
    assert sorted(path.name for path in (unpacked / "advisor" / "examples").iterdir()) == names
    code = (
        f"import sys; sys.path[:0] = [{str(unpacked)!r}]\n"
        "from advisor.bundled import examples\n"
        "print(*[path.name for path in examples()])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.stdout.split() == names, done.stderr


def test_each_backend_is_an_extra_of_its_own(unpacked: Path) -> None:
    text = next(unpacked.glob("*.dist-info/METADATA")).read_text(encoding="utf-8")
    needs = Parser().parsestr(text).get_all("Requires-Dist") or []
    always = [need for need in needs if "extra ==" not in need]
    assert not any(need.startswith(("torch", "jax", "flax", "optax")) for need in always)
    extras = {
        extra: {need for need in needs if f"extra == '{extra}'" in need}
        for extra in ("torch", "jax", "data", "serve", "all")
    }
    parts = extras["torch"] | extras["jax"] | extras["data"] | extras["serve"]
    assert {need.split(";")[0] for need in parts} == {need.split(";")[0] for need in extras["all"]}
    assert not any(need.startswith("torch") for need in extras["jax"])
    assert not any(need.startswith(("jax", "flax", "optax")) for need in extras["torch"])


def test_unpacked_wheel_works_elsewhere(unpacked: Path, tmp_path: Path) -> None:
    """Run from the unpacked wheel, in a folder with traps: generic names must not be taken."""
    for name in ("backends", "rules"):
        (tmp_path / f"{name}.py").write_text("raise ImportError('of another project')\n")
    code = (
        f"import sys; sys.path[:] = [p for p in sys.path if not p.startswith({str(ROOT)!r})"
        f" or 'site-packages' in p]; sys.path[:0] = ['', {str(unpacked)!r}]\n"
        "import advisor\nfrom advisor.cli import main\n"
        f"assert advisor.__file__.startswith({str(unpacked)!r}), advisor.__file__\n"
        "from advisor.backend import backend_names\n"
        "assert {'jax', 'torch'} <= set(backend_names())\n"
        "raise SystemExit(main(['rules', 'list']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert "dropout" in done.stdout


def test_source_distribution_holds_what_builds_and_checks_it(built: Path) -> None:
    with tarfile.open(next(built.glob("*.tar.gz"))) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    wanted = {"pyproject.toml", "Makefile", "constraints.txt", "README.md", "LICENSE"}
    wanted |= {"tests/test_packaging.py", "examples/digits.yaml"}
    assert wanted <= names
    assert not any(name.startswith((".venv/", "runs/")) for name in names)


def test_constraints_pin_every_direct_dependency() -> None:
    import re
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    # the peers of a benchmark are installed by hand, never by `make setup`
    groups = [project["dependencies"], *(extras[name] for name in extras if name != "bench")]
    direct = {re.split(r"[^\w-]", need)[0].lower() for group in groups for need in group}
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = dict(line.split("==") for line in lines if line and not line.startswith("#"))
    assert direct - {"tuning-advisor"} <= set(pins)
    assert not any("+" in version for version in pins.values())  # one platform's build
    assert lines[1:] == sorted(lines[1:])
