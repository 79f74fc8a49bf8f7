"""Whatever bytes names are made of, the flame graph is well-formed XML. Needs no browser."""
import json
import random
import subprocess
import xml.etree.ElementTree as ElementTree

import pytest

SVG = "{http://www.w3.org/2000/svg}"
N_NAMES = 200

PIECES = [b"<", b">", b"&", b"'", b'"', b"]]>", b"<!--", b"-->", b"<?xml", b"&#0;", b"</script>",
          b"\xef\xbf\xbe", b"\xef\xbf\xbf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xc0\x80",
          b"\xe2\x80\xa8", b"\xe2\x80\xae", b"\xf0\x9f\x94\xa5", b"\xc2\x85", b"\x0c", b"\x7f",
          b"::", b"(", b")", b"operator<", b"/", b" ", b"abc", "名前".encode()]


def random_name(source):
    """Random bytes without NUL, or hostile pieces, or both."""
    name = b"".join(source.choice(PIECES) if source.random() < 0.5
                    else bytes(source.randrange(1, 256) for _ in range(source.randrange(4)))
                    for _ in range(source.randrange(1, 12)))
    return name or b"x"


def escape(name):
    return b"".join(b"\\" + bytes([byte]) if byte in b"\\;@ \n" else bytes([byte])
                    for byte in name)


def check(path, more_tags=frozenset()):
    root = ElementTree.parse(path).getroot()
    assert root.tag == SVG + "svg"
    scripts = root.findall(SVG + "script")
    assert [script.get("type") for script in scripts] == ["application/json", None]
    assert {element.tag.removeprefix(SVG) for element in root.iter()} <= {
        "svg", "title", "desc", "style", "g", "rect", "text", "script", *more_tags}
    return root, json.loads(scripts[0].text)


@pytest.mark.parametrize("seed", range(10))
def test_random_names(draw, seed):
    source = random.Random(seed)
    names = [random_name(source) for _ in range(N_NAMES)]
    lines = b"".join(b"app;" + escape(name) + b"@/lib/" + escape(random_name(source)) + b" 10\n"
                     for name in names)
    root, data = check(draw(lines))
    assert len(data["frames"]) % 6 == 0 and len(data["nodes"]) % 3 == 0
    assert sum(data["nodes"][2::3]) == 10 * N_NAMES
    assert len(root.findall(f".//{SVG}g[@id='frames']/{SVG}g")) > N_NAMES / 2


@pytest.mark.parametrize("byte", range(1, 256))
def test_every_byte(draw, byte):
    name = escape(bytes([byte]))
    _, data = check(draw(b"app;" + name + b";a" + name + b"b 10\n", b"--title=" + bytes([byte])))
    assert data["nodes"][2::3] == [0, 0, 0, 10]


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("kind", ["difference", "chart"])
def test_random_texts_everywhere(perf_profile, tmp_path, kind, seed):
    """Names, headings, labels, comments, fonts and attributes, through the program."""
    source = random.Random(seed)

    def text():
        return random_name(source).replace(b"\n", b" ").replace(b"\r", b" ")

    def stacks():
        return b"".join(b"app;" + text() + b";" + text() + b" %d\n" % source.randrange(1, 99)
                        for _ in range(60))

    for name in ("a", "b"):
        (tmp_path / name).write_bytes(stacks())
    (tmp_path / "attributes").write_bytes(b"".join(
        b"\t".join([text(), b"title=" + text(), b"href=" + text(), b"target=" + text(),
                    b"g_extra=" + text(), text() + b"=" + text()]) + b"\n" for _ in range(30)))
    notes = text().replace(b"<", b"").replace(b">", b"")
    options = [b"--" + name + b"=" + text() for name in (
        b"title", b"subtitle", b"countname", b"nametype", b"fonttype", b"base")]
    words = [b"flamegraph", b"--flamechart", b"a"] if kind == "chart" else [
        b"diff", b"--format=svg", b"a", b"b"]
    subprocess.run([perf_profile, *words, *options, b"--notes=" + notes, b"--nameattr=attributes",
                    b"--encoding=us-ascii", b"-q", b"-o", b"graph.svg"], cwd=tmp_path, check=True,
                   capture_output=True)
    check(tmp_path / "graph.svg", more_tags={"a"})
