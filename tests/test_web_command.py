"""`heartwright web`: what it prints, writes and refuses."""

from __future__ import annotations

import json
from pathlib import Path

import networkx as nx
import numpy as np
import pytest
import soundfile
import typer
from typer.testing import CliRunner, Result

from heartwright.cli.console import Refused
from heartwright.cli.web import web

app = typer.Typer()
app.command()(web)


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(a) for a in arguments])


@pytest.fixture
def graph(tmp_path: Path) -> Path:
    path = tmp_path / "friends.graphml"
    nx.write_graphml(nx.relabel_nodes(nx.karate_club_graph(), str), path)
    return path


def test_it_prints_modes_and_figures(graph: Path) -> None:
    done = run(graph, "--seconds", 0.2, "--pluck", 5, "--thought", "7", "--modes", 6)
    assert done.exit_code == 0
    for said in ("78, of 78 threads", "tension", "residual", "6 ", " Hz", "is drawn with 0.1 N", "a thought leaves 7"):
        assert said in done.output, said


def test_it_writes_sound_hum_and_page(graph: Path, tmp_path: Path) -> None:
    sound, hum, page = tmp_path / "s.wav", tmp_path / "h.flac", tmp_path / "p.html"
    done = run(graph, "--pluck", 5, "--seconds", 0.5, "--sound", sound, "--hum", hum, "--report", page)
    assert done.exit_code == 0 and "full scale is" in done.output
    for path, seconds in ((sound, 0.5), (hum, 4.0)):
        samples, rate = soundfile.read(path)
        assert rate == 48_000 and len(samples) == round(seconds * rate)
        assert 0.2 < np.max(np.abs(samples)) <= 1.0
    text = page.read_text("utf-8")
    assert "a web of thread" in text and text.count("<svg") == 4 and "http" not in text.replace("http-equiv", "")


def test_json_is_one_object(graph: Path) -> None:
    done = run(graph, "--seconds", 0.05, "--json", "--cut", 3, "--tighten", 1.1, "--modes", 4)
    found = json.loads(done.output)
    assert found["status"] == "running" and len(found["modes"]) == 4
    assert found["figures"]["threads"]["value"] == 77
    assert abs(found["ledger"]["residual_j"]) < 1e-12
    assert "is cut" in found["said"][0]


def test_same_seed_same_words(graph: Path) -> None:
    assert run(graph, "--seconds", 0.1, "--thinking-hz", 50).output == run(
        graph, "--seconds", 0.1, "--thinking-hz", 50
    ).output  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--pluck", "nobody"], "no node is called"),
        (["--pluck", "99"], "whole numbers from 0 to 33"),
        (["--cut", "500"], "0 to 77"),
        (["--modes", "0"], "1 to 2000"),
        (["--surface", "cube"], "dome or plane"),
        (["--sound", "x.mp3"], "mp3"),
        (["--report", "nowhere/x.html"], "there is no folder"),
    ],
)
def test_bad_input_is_refused(graph: Path, arguments: list[str], said: str) -> None:
    done = run(graph, *arguments)
    assert isinstance(done.exception, Refused) and said in str(done.exception)


def test_a_path_that_is_not_there_is_refused(tmp_path: Path) -> None:
    done = run(tmp_path / "none.csv")
    assert isinstance(done.exception, Refused) and "no such file" in str(done.exception)


def test_a_web_is_bundled() -> None:
    assert "1,000, of 1,000 threads" in run("thoughts", "--seconds", 0.02).output


def test_a_web_whose_threads_are_all_cut_has_no_reading(tmp_path: Path) -> None:
    path = tmp_path / "one.csv"
    path.write_text("a,b\n")
    done = run(path, "--cut", 0, "--seconds", 0.05)
    assert done.exit_code == 3 and "every thread is cut" in done.output
