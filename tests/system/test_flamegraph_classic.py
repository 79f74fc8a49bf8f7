"""
The same rectangles as the classic flamegraph.pl draws of the same folded stacks: the names, depths,
positions and widths, flame and icicle, merged from the root or from the leaf, and flame charts.

FLAMEGRAPH_PATH names a folder with flamegraph.pl (github.com/brendangregg/FlameGraph).
"""
import os
import re
import subprocess
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

SVG = "{http://www.w3.org/2000/svg}"
WIDTHS = ("--width=1200", "--minwidth=0.1")

# Ours leave a gap between frames; theirs are rounded to a tenth of a pixel, twice.
GAP_PX = 0.6
TOLERANCE_PX = 0.16


@pytest.fixture(scope="module")
def classic():
    folder = os.environ.get("FLAMEGRAPH_PATH")
    if not folder:
        pytest.skip("FLAMEGRAPH_PATH does not name a checkout of FlameGraph")
    program = Path(folder) / "flamegraph.pl"
    assert program.is_file(), f"{program} is not there"
    return program


def corpora():
    folder = Path(__file__).resolve().parents[2].parent / "shared/corpora/collapse"
    return sorted(folder.glob("*-collapsed-*.txt"))


def rectangles(svg, n_rows_down, name_of):
    """Sorted [(depth, name, x, width)]."""
    found = []
    for group in ElementTree.fromstring(svg).find(f".//{SVG}g[@id='frames']"):
        rect = group.find(f"{SVG}rect")
        found.append((float(rect.get("y")), name_of(group.find(f"{SVG}title").text),
                      float(rect.get("x")), float(rect.get("width"))))
    ys = sorted({y for y, *_ in found}, reverse=not n_rows_down)
    rows = {y: depth for depth, y in enumerate(ys)}
    return sorted((rows[y], round(x, 1), name, x, width) for y, name, x, width in found)


def classic_name(title):
    return re.sub(r" \([\d,]+ samples, [\d.]+%\)$", "", title)


def our_name(title):
    return re.sub(r"(?s)(?: \([^()]*\))?: [\d,]+ samples, [\d.]+ %$", "", title)


def plain(name):
    return re.sub(r"[\x00-\x1f]", " ", name)


def draw(program, options, path):
    done = subprocess.run([*program, *WIDTHS, *options, path], capture_output=True, check=True)
    return done.stdout


def assert_same(theirs, ours):
    assert len(ours) == len(theirs)
    for (depth, _, name, x, width), our in zip(theirs, ours):
        our_depth, _, name_here, our_x, our_width = our
        assert (our_depth, plain(name_here)) == (depth, plain(name)), (x, our_x)
        assert our_x == pytest.approx(x, abs=TOLERANCE_PX), name
        assert our_width == pytest.approx(max(width - GAP_PX, 0.3), abs=TOLERANCE_PX), name


@pytest.mark.parametrize("path", corpora(), ids=lambda path: path.stem)
@pytest.mark.parametrize("options", [(), ("--inverted",), ("--reverse",), ("--flamechart",)],
                         ids=lambda options: "-".join(options) or "flame")
def test_rectangles_are_those_of_flamegraph_pl(classic, perf_profile, path, options):
    is_down = "--inverted" in options
    theirs = rectangles(draw(["perl", classic], options, path), is_down, classic_name)
    ours = rectangles(draw([perf_profile, "flamegraph", "-q"], options, path), is_down, our_name)
    assert_same(theirs, ours)
