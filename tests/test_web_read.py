"""What a web can be made of: GraphML, edge lists, folders of notes; and all that is wrong with them."""

from __future__ import annotations

from pathlib import Path

import networkx as nx
import numpy as np
import pytest

from heartwright.works.web import Web, layout, notes
from heartwright.works.web.net import gather
from heartwright.works.web.read import read


def file(folder: Path, name: str, text: str | bytes) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_graphml_as_networkx_writes_it(tmp_path: Path) -> None:
    graph = nx.karate_club_graph()
    nx.set_node_attributes(graph, {n: f"member {n}" for n in graph}, "label")
    nx.write_graphml(graph, tmp_path / "club.graphml")
    net = read(tmp_path / "club.graphml")
    assert len(net.names) == 34 and len(net.ends) == 78 and net.pieces == 1
    assert net.names[0] == "member 0"
    weight = {frozenset(e[:2]): e[2] for e in graph.edges(data="weight")}
    first = frozenset(int(net.names[i].split()[1]) for i in net.ends[5])
    assert net.weight[5] == weight[first]


@pytest.mark.parametrize(
    "text",
    [
        "a b\nb c 2.0\n# note\nc a {'weight': 3.0}\n",
        "source,target,weight\na,b,1\nb,c,2\nc,a,3\n",
        '"a";"b"\r\n"b";"c";2\r\n"c";"a";3\r\n',
        "a\tb\nb\tc\t2\nc\ta\t3\n\n",
        "\ufeffa,b\nb,c,2\nc,a,3",
    ],
)
def test_edge_lists(text: str, tmp_path: Path) -> None:
    net = read(file(tmp_path, "list.csv", text))
    assert net.names == ("a", "b", "c") and len(net.ends) == 3
    assert sorted(net.weight) == [1.0, 2.0, 3.0] and net.told == ()


def test_what_networkx_writes_as_an_edge_list(tmp_path: Path) -> None:
    graph = nx.grid_2d_graph(3, 3)
    plain = nx.convert_node_labels_to_integers(graph)
    nx.write_weighted_edgelist(nx.Graph((a, b, {"weight": 2.0}) for a, b in plain.edges), tmp_path / "w.txt")
    nx.write_edgelist(plain, tmp_path / "e.txt")
    assert len(read(tmp_path / "w.txt").ends) == len(read(tmp_path / "e.txt").ends) == 12


@pytest.mark.parametrize("row", [b'"a\r","b"\n', b'"a,b\n', b'a,b,"\n', b"a,b\xff\xfe\n", b"," * 20_000 + b"\na,b\n"])
def test_odd_rows_are_read_or_passed_over(row: bytes, tmp_path: Path) -> None:
    net = read(file(tmp_path, "odd.csv", b"c,d\n" + row))
    assert 1 <= len(net.ends) <= 2 and all(name.isprintable() for name in net.names)


def test_a_folder_of_notes(tmp_path: Path) -> None:
    file(
        tmp_path, "Ash.md", "See [[Beech]], [[sub/Cedar|the cedar]] and [[Nowhere]]. `[[Code]]`\n```\n[[Fenced]]\n```\n"
    )
    file(tmp_path, "Beech.md", "Back to [ash](Ash.md), [c](<sub/Cedar.md#top>), [web](https://x.org/y.md), [[Ash#h]]\n")
    file(
        tmp_path, "sub/Cedar.md", "[up](../Ash.md) ![[picture.png]] [[cedar]] [gone](gone.md) [[Dog%20wood & co. 2]]\n"
    )
    file(tmp_path, "sub/Dog%20wood & co. 2.md", "alone but named")
    file(tmp_path, ".hidden/Elm.md", "[[Ash]]")
    net = read(tmp_path)
    pairs = {frozenset(net.names[i] for i in pair) for pair in net.ends}
    assert pairs == {
        frozenset(p) for p in (("Ash", "Beech"), ("Ash", "Cedar"), ("Beech", "Cedar"), ("Cedar", "Dog%20wood & co. 2"))
    }
    said = " ".join(net.told)
    assert "2 links to notes that are not there" in said and "Nowhere" in said and "gone" in said
    assert "1 thread from a node to itself dropped" in said and "Code" not in said and "Fenced" not in said


def test_links_of_odd_notes_end_in_good_time() -> None:
    for text in ("[[" * 200_000, "[" * 200_000, "[a](" * 100_000, "```\n" * 100_000, "`" * 200_000, "[[a|" * 100_000):
        assert len(list(notes.links(text))) <= 100_000


@pytest.mark.parametrize("name", ["a\nb.md", "*?|<>.md", "öäü ☃.md", "[x](y).md", "'; drop.md", "." + "x" * 99 + ".md"])
def test_notes_with_odd_names(name: str, tmp_path: Path) -> None:
    file(tmp_path, "Plain.md", "[[Other]]")
    file(tmp_path, "Other.md", "x")
    file(tmp_path, name, "[[Plain]] [[Other]]")
    net = read(tmp_path)
    assert len(net.ends) in (1, 3)
    assert all(n.isprintable() and len(n) <= 80 for n in net.names)


def test_loops_doubles_and_pieces_are_told() -> None:
    graph = nx.MultiGraph([("a", "a"), ("a", "b"), ("b", "a"), ("c", "d")])
    graph.add_node("alone")
    web = Web(graph, thinking_hz=0.0)
    said = " ".join(web.told)
    assert "1 thread from a node to itself dropped" in said and "1 thread given twice dropped" in said
    assert "1 node without a thread left out" in said and "2 pieces" in said
    for piece in range(2):
        assert np.any(web.anchored[web.net.piece == piece])


def test_pieces_without_an_anchor_get_one() -> None:
    web = Web([("a", "b"), ("b", "c"), ("d", "e"), ("e", "f")], anchors=["a"], thinking_hz=0.0)
    assert "1 piece without an anchor: anchored at the outermost node" in web.told
    assert np.sum(web.anchored) == 2
    web.do("thought", node=web.node("b"), strength=1.0)
    web.advance(0.2)
    assert web.ledger().residual_ratio < 1e-9


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("e.txt", "", "empty graph"),
        ("e.csv", "# nothing\n", "empty graph"),
        ("e.txt", "one\ntwo\n", "no edge in 2 lines"),
        ("e.txt", "a a\n", "without a single thread"),
        ("e.bin", b"\x00\x01\x02", "not text"),
        ("e.graphml", "<graphml><graph><node id='a'/></graph></graphml>", "without a single thread"),
        ("e.graphml", "<graphml><graph/></graphml>", "empty graph"),
        ("e.graphml", "<graphml><graph><node id='a'>", "broken GraphML"),
        ("e.graphml", "", "broken GraphML"),
        ("e.xml", "<html></html>", "not GraphML"),
        ("e.graphml", "<!DOCTYPE graphml [<!ENTITY a 'aaaa'>]><graphml>&a;</graphml>", "document type or entities"),
        ("e.graphml", "<!DOCTYPE g SYSTEM 'file:///etc/passwd'><graphml/>", "document type or entities"),
    ],
)
def test_what_is_no_graph_is_said(name: str, text: str | bytes, said: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=said):
        read(file(tmp_path, name, text))


def test_folders_and_paths_that_hold_nothing(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="without Markdown notes"):
        read(tmp_path)
    with pytest.raises(ValueError, match="no such file"):
        read(tmp_path / "none.csv")
    file(tmp_path, "lonely.md", "no links")
    with pytest.raises(ValueError, match="without a single thread"):
        read(tmp_path)


def test_entities_of_a_bomb_are_never_grown(tmp_path: Path) -> None:
    lines = ["<!DOCTYPE g [<!ENTITY a0 'lol'>"] + [f"<!ENTITY a{k} '{f'&a{k - 1};' * 10}'>" for k in range(1, 12)]
    with pytest.raises(ValueError, match="document type"):
        read(file(tmp_path, "bomb.graphml", "\n".join(lines) + "]><graphml><graph>&a11;</graph></graphml>"))


@pytest.mark.parametrize("kind", ["csv", "graphml"])
@pytest.mark.parametrize("held", [5_000, 100_000])
def test_too_many_threads_are_bounded_and_told(kind: str, held: int, tmp_path: Path) -> None:
    edges = [(k % 997, (k * 7) % 1009 + 2000) for k in range(30_000)]
    if kind == "csv":
        path = file(tmp_path, "big.csv", "".join(f"{a},{b}\n" for a, b in edges))
    else:
        body = "".join(f'<edge source="{a}" target="{b}"/>' for a, b in edges)
        path = file(tmp_path, "big.graphml", f"<graphml><graph>{body}</graph></graphml>")
    net = read(path, most=1_000, held=held)
    assert len(net.ends) == 1_000 and net.pieces == 1
    assert net.left_out == 29_000
    assert "kept the 1,000 threads nearest to" in " ".join(net.told)


def test_weights_become_tension() -> None:
    web = Web([("a", "b", 1.0), ("b", "c", 1.0), ("c", "d", 2.0), ("d", "e", "odd")], uneven=0.0, thinking_hz=0.0)
    assert web.strings.tension[2] == pytest.approx(2.0 * web.strings.tension[0])
    assert "1 weight that is no positive number taken as 1" in web.told


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"size": 0.0}, "above 0"),
        ({"tension": float("nan")}, "above 0"),
        ({"drag": -1.0}, "0 or more"),
        ({"surface": "cube"}, "dome or plane"),
        ({"places": np.zeros((2, 3))}, "are wanted"),
        ({"places": np.zeros((3, 3))}, "no length"),
        ({"anchors": ["zebra"]}, "no node is called"),
        ({"anchors": [17]}, "0 to 2"),
    ],
)
def test_amounts_that_make_no_sense(options: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Web([("a", "b"), ("b", "c")], **options)  # type: ignore[arg-type]


def test_edges_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="two names"):
        Web([("a",)])


def test_layout_keeps_neighbours_near() -> None:
    """Threads of a net are short against the width of the web, whatever the order of its nodes."""
    rng = np.random.default_rng(4)
    graph = nx.grid_2d_graph(15, 15)
    order = list(graph.nodes)
    rng.shuffle(order)
    place = {node: i for i, node in enumerate(order)}
    net = gather(sorted((place[a], place[b]) for a, b in graph.edges))
    disc = layout.flat(net, 1)
    assert np.max(np.hypot(*disc.T)) == pytest.approx(1.0)
    lengths = np.hypot(*(disc[net.ends[:, 0]] - disc[net.ends[:, 1]]).T)
    assert np.mean(lengths) < 0.15 and lengths.max() < 5.0 * np.median(lengths)
    apart = np.hypot(*(disc[:, None] - disc[None]).transpose(2, 0, 1))
    np.fill_diagonal(apart, 1.0)
    assert apart.min() > 0.005


def test_a_dome_stands_out_and_a_plane_does_not() -> None:
    disc = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, -1.0]])
    places, normals = layout.hung(disc, size=0.8, surface="dome")
    assert places[:, 0].max() == pytest.approx(0.4) and places[:, 1].min() == pytest.approx(0.0)
    assert places[0, 2] > 0.1 and places[1, 2] == pytest.approx(0.0)
    assert np.linalg.norm(normals, axis=1) == pytest.approx(np.ones(3))
    flat, upright = layout.hung(disc, size=0.8, surface="plane")
    assert np.all(flat[:, 2] == 0.0) and np.all(upright == [0.0, 0.0, 1.0])
