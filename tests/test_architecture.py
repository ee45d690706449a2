"""The house: imports run downhill, the checkers pass, files stay small, nothing GPL is carried by the base install."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SOURCES = sorted((ROOT / "heartwright").rglob("*.py"))


def _check(*command: str) -> None:
    done = subprocess.run([sys.executable, *command], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_imports_run_downhill() -> None:
    run = "import sys; from importlinter.cli import lint_imports_command as go; sys.argv = ['lint-imports']; go()"
    _check("-c", run)


def test_ruff_passes() -> None:
    _check("-m", "ruff", "check", "--no-cache", "heartwright", "tests", "examples", "benchmarks")


def test_mypy_passes() -> None:
    _check("-m", "mypy")


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_and_bodies_stay_small(path: Path) -> None:
    text = path.read_text("utf-8")
    assert text.count("\n") < 600, f"{path.name} has grown over 600 lines: split it"
    assert path.name != "utils.py", "one public path for each thing: no utils.py"
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.body:
            first = node.body[1] if ast.get_docstring(node) and len(node.body) > 1 else node.body[0]
            length = (node.body[-1].end_lineno or 0) - first.lineno + 1
            assert length < 70, f"{path.name}: {node.name} has a body of {length} lines; below 70 is the rule"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_modules_open_with_their_aim_and_hold_no_stubs(path: Path) -> None:
    text = path.read_text("utf-8")
    assert ast.get_docstring(ast.parse(text)), f"{path.name} has no opening docstring"
    assert not re.search(r"\b(TODO|FIXME|XXX|NotImplementedError)\b", text)


def _closure(names: list[str]) -> set[str]:
    """Names of the installed distributions that `names` need, extras left out."""
    found: set[str] = set()
    queue = [re.split(r"[<>=!~ ;\[]", name)[0] for name in names]
    while queue:
        name = queue.pop().lower().replace("_", "-")
        if name in found:
            continue
        try:
            needs = metadata.requires(name) or []
        except metadata.PackageNotFoundError:
            continue
        found.add(name)
        queue += [re.split(r"[<>=!~ ;\[\(]", need)[0] for need in needs if "extra ==" not in need]
    return found


def test_the_base_install_carries_nothing_gpl() -> None:
    """Labels and carried libraries both: a permissive label on a wheel with a GPL library inside would not do."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    base = _closure(project["dependencies"])
    assert {"numpy", "numba", "pydantic", "soundfile", "typer"} <= base
    assert "av" not in base
    for name in sorted(base):
        info = metadata.metadata(name)
        label = " ".join([info.get("License-Expression") or "", *(info.get_all("Classifier") or [])])
        assert not re.search(r"(?<!L)GPL|(?<!Lesser )General Public License", label), f"{name}: {label}"
        carried = [str(file) for file in metadata.files(name) or []]
        assert not [file for file in carried if re.search(r"lib(x264|x265|xvid|fftw|gsl)\b|ffmpeg", file)], name
