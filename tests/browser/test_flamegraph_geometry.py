"""
The static picture has the rectangles of the classic flame graph: sorted folded lines, a root
frame, 1180 px for all samples from x = 10, one row per frame. Computed here from the folded
lines alone, over the recordings in ../shared/corpora.
"""
import re
import xml.etree.ElementTree as ElementTree

import pytest

SVG = "{http://www.w3.org/2000/svg}"
LEFT_PX, WIDTH_PX = 10, 1180
SHARE_MIN = 0.001
GAP_PX = 0.6
SUFFIX = re.compile(r"_\[[kij]\]$")


def corpora(root):
    folder = root.parent / "shared/corpora/collapse"
    if not folder.is_dir():
        pytest.skip("no ../shared/corpora/collapse")
    return sorted(folder.glob("*-collapsed-*.txt"))


def folded(path):
    """[(names from the root on, count)], names without what marks their kind."""
    stacks = []
    for line in path.read_text(errors="replace").splitlines():
        stack, _, count = line.rpartition(" ")
        comm, *names = stack.split(";")
        stacks.append(([comm] + [SUFFIX.sub("", name) for name in names], int(count)))
    return stacks


def expected_rectangles(stacks):
    """[(depth, name, x, width)], by merging sorted neighbours."""
    total = sum(count for _, count in stacks)
    scale = WIDTH_PX / total
    rectangles, open_frames, position = [(0, "all", LEFT_PX, WIDTH_PX)], [], 0

    def close(n_left):
        while len(open_frames) > n_left:
            name, start = open_frames.pop()
            if position - start >= total * SHARE_MIN - 1e-6:
                rectangles.append((len(open_frames) + 1, name, LEFT_PX + start * scale,
                                   (position - start) * scale))

    for names, count in sorted(stacks, key=lambda stack: f"{';'.join(stack[0])} {stack[1]}"):
        same = 0
        while (same < len(open_frames) and same < len(names)
               and open_frames[same][0] == names[same]):
            same += 1
        close(same)
        for name in names[same:]:
            open_frames.append((name, position))
        position += count
    close(0)
    return rectangles


def drawn_rectangles(path):
    rectangles = []
    for group in ElementTree.parse(path).getroot().findall(f".//{SVG}g[@id='frames']/{SVG}g"):
        rect = group.find(f"{SVG}rect")
        name = re.sub(r"(?s)(?: \([^()]*\))?: [\d,]+ samples, [\d.]+ %$", "",
                      group.find(f"{SVG}title").text)
        rectangles.append((float(rect.get("y")), name, float(rect.get("x")),
                           float(rect.get("width"))))
    root_y = max(rectangle[0] for rectangle in rectangles)
    return [(round((root_y - y) / 18), name, x, width) for y, name, x, width in rectangles]


def to_lines(stacks):
    def escape(name):
        return re.sub(r"([\\;@ ])", r"\\\1", name)

    def line(names, count):
        frames = [escape(name) + "@[unknown]" for name in names[1:]]
        return f"{';'.join([escape(names[0]), *frames])} {count} untraced\n"

    return "".join(line(names, count) for names, count in stacks)


def test_rectangles_are_the_classic_ones(root, draw):
    n_compared = 0
    for path in corpora(root):
        stacks = folded(path)
        expected = sorted(expected_rectangles(stacks))
        drawn = sorted(drawn_rectangles(draw(to_lines(stacks))))
        assert [frame[:2] for frame in drawn] == [frame[:2] for frame in expected], path.name
        for (_, name, x, width), (_, _, drawn_x, drawn_width) in zip(expected, drawn):
            assert drawn_x == pytest.approx(x, abs=0.02), (path.name, name)
            assert drawn_width == pytest.approx(max(width - GAP_PX, 0.3), abs=0.02), name
            n_compared += 1
    assert n_compared > 1000
