"""What flamegraph.pl's and inferno's options do, in the file and in a real browser."""
import subprocess
import xml.etree.ElementTree as ElementTree

import pytest
from test_flamegraph import FRAMES, GRAPH_WIDTH_PX, details, frames_of, near

SVG = "{http://www.w3.org/2000/svg}"
FOLDED = "app;main;parse;read 30\napp;main;parse 10\napp;main;work;sort 40\napp;init;read 20\n"


@pytest.fixture
def show_folded(show_command):
    return lambda *options: show_command("flamegraph", *options, "in", files={"in": FOLDED})


@pytest.fixture
def draw_folded(command):
    def draw(*options, text=FOLDED):
        path = command("flamegraph", *options, "in", files={"in": text})
        return ElementTree.parse(path).getroot()

    return draw


def rects(root):
    return [(group.find(f"{SVG}title").text, group.find(f"{SVG}rect"))
            for group in root.find(f".//{SVG}g[@id='frames']")]


def colors(root):
    """{name: class}"""
    return {title.partition(":")[0]: rect.get("class") for title, rect in rects(root)}


def style(root):
    return "".join(element.text for element in root.iter(f"{SVG}style"))


def test_height_of_frames(show_folded, draw_folded):
    ys = sorted({float(rect.get("y")) for _, rect in rects(draw_folded("--height=30"))})
    assert {b - a for a, b in zip(ys, ys[1:])} == {30.0}
    frames = frames_of(show_folded("--height=30"))
    assert frames["main"]["y"] == near(frames["app"]["y"] - 30)


@pytest.mark.parametrize("least, names", [
    ("25%", {"all", "app", "main", "parse", "work", "sort", "read"}), ("300", {
        "all", "app", "main", "parse", "work", "sort", "read"}), ("35%", {
            "all", "app", "main", "parse", "work", "sort"})])
def test_minwidth(show_folded, draw_folded, least, names):
    drawn = rects(draw_folded(f"--minwidth={least}"))
    assert {title.partition(":")[0] for title, _ in drawn} == names
    assert set(frames_of(show_folded(f"--minwidth={least}"))) == names


def test_fonts(show_folded):
    page = show_folded("--fonttype=Courier New;}</style>", "--fontsize=15")
    text = "getComputedStyle(document.querySelector('.frame text'))"
    assert page.evaluate(f"{text}.fontFamily").startswith('"Courier New')
    assert page.evaluate(f"{text}.fontSize") == "15px"


def test_fontwidth_decides_what_fits(draw_folded):
    def labels(root):
        return {text.text for text in root.iter(f"{SVG}text")}

    text = "app;a_function_of_some_length 10\napp;b 100\n"
    assert "a_function_of_some_length" not in labels(draw_folded("--fontwidth=0.9", text=text))
    assert any(label and label.startswith("a_fun") for label in labels(draw_folded(text=text)))


def test_countname_nametype_and_factor(show_folded):
    page = show_folded("--countname=ms", "--factor=2.5", "--nametype=Function:")
    frame = frames_of(page)["sort"]
    page.move(frame["x"] + 5, frame["y"] + 5)
    assert details(page).startswith("Function: sort") and "100 ms" in details(page)


def test_total_sets_the_scale(show_folded, draw_folded):
    widths = {title.partition(":")[0]: float(rect.get("width")) for title, rect in
              rects(draw_folded("--total=200"))}
    assert widths["all"] == near(GRAPH_WIDTH_PX) and widths["app"] == near(0.5 * GRAPH_WIDTH_PX)
    frames = frames_of(show_folded("--total=200"))
    assert frames["all"]["width"] == near(GRAPH_WIDTH_PX)
    assert frames["app"]["width"] == near(0.5 * GRAPH_WIDTH_PX)
    assert frames["app"]["x"] == near(10)
    # Less than there is would cut frames off: flamegraph.pl takes what there is, too.
    assert frames_of(show_folded("--total=10"))["app"]["width"] == near(GRAPH_WIDTH_PX)


def test_a_background_decides_the_theme(show_folded):
    page = show_folded("--bgcolors=#101010")
    page.color_scheme("light")
    text = "getComputedStyle(document.querySelector('h1')).color"
    assert page.evaluate(text) == "rgb(236, 238, 242)"
    image = "getComputedStyle(document.querySelector('.app')).backgroundImage"
    assert "rgb(16, 16, 16)" in page.evaluate(image)
    page = show_folded("--bgcolors=yellow")
    page.color_scheme("dark")
    assert page.evaluate(text) == "rgb(20, 23, 28)"
    assert "rgb(238, 238, 176)" in page.evaluate(image)


def test_colours_of_text_outlines_and_matches(show_folded):
    page = show_folded("--uicolor=#800000", "--stroke-color=#00f", "--search-color=#00ff00")
    assert page.evaluate("getComputedStyle(document.querySelector('h1')).color") == "rgb(128, 0, 0)"
    rect = "getComputedStyle(document.querySelector('.frame rect'))"
    assert page.evaluate(f"{rect}.stroke") == "rgb(0, 0, 255)"
    page.key("/")
    page.type("sort")
    assert frames_of(page)["sort"]["fill"] == "rgb(0, 255, 0)"


def test_diffusion_makes_narrow_frames_pale(show_folded, draw_folded):
    found = {title.partition(":")[0]: float(rect.get("fill-opacity"))
             for title, rect in rects(draw_folded("--colordiffusion"))}
    assert found["app"] == 1 and found["init"] < found["work"] < 1
    assert show_folded("--colordiffusion").evaluate(
        "document.querySelectorAll('.frame rect[fill-opacity]').length") == len(found) + 1


def test_hash_keeps_similar_names_close(draw_folded):
    text = "app;alloc_page 1\napp;alloc_pages 1\napp;zone_list 1\n"

    def rgb(options):
        root = draw_folded("--colors=hot", "--minwidth=0.01%", *options, text=text)
        light = style(root).partition("@media (prefers-color-scheme")[0]
        return {name: tuple(int(light.partition(f".{kind}{{fill:#")[2][k:k + 2], 16)
                            for k in (0, 2, 4))
                for name, kind in colors(root).items() if kind[1:].isdigit()}

    def distance(found, a, b):
        return sum(abs(x - y) for x, y in zip(found[a], found[b]))

    hashed = rgb(["--hash"])
    assert distance(hashed, "alloc_page", "alloc_pages") < 10
    assert distance(hashed, "alloc_page", "zone_list") > 20
    assert rgb(["--hash"]) == hashed and rgb([]) == rgb(["--deterministic"])
    assert len({str(rgb(["--random"])) for _ in range(4)}) > 1


def test_cp_reads_and_writes_palette_map(draw_folded, tmp_path):
    (tmp_path / "palette.map").write_text("sort->rgb(255,200,10)\n")
    root = draw_folded("--cp")
    assert f".{colors(root)['sort']}{{fill:#ffc80a" in style(root)
    lines = (tmp_path / "palette.map").read_text().splitlines()
    assert [line.partition("->")[0] for line in lines] == [
        "init", "main", "parse", "read", "sort", "work"]
    assert "sort->rgb(255,200,10)" in lines
    (tmp_path / "palette.map").write_text("sort->rgb(1,2,3)\n")
    draw_folded()
    assert (tmp_path / "palette.map").read_text() == "sort->rgb(1,2,3)\n"


def test_nameattr(show_folded, draw_folded, tmp_path):
    (tmp_path / "attributes").write_text(
        "sort\ttitle=Sorts <things>\thref=https://example.org/?a=1&b=2\tclass=important\n"
        "work\thref=javascript:window.broken=1\tg_extra=onclick=\"window.broken=1\" data-x=\"1\"\n")
    root = draw_folded("--nameattr=attributes")
    link = root.find(f".//{SVG}a")
    assert link.get("href") == "https://example.org/?a=1&b=2" and link.get("target") == "_top"
    assert link.get("class") == "important"
    assert link.find(f"{SVG}title").text == "Sorts <things>"
    assert len(list(root.iter(f"{SVG}a"))) == 1
    page = show_folded("--nameattr=attributes")
    frame = frames_of(page)["sort"]
    page.move(frame["x"] + 5, frame["y"] + 5)
    assert details(page).startswith("Sorts <things>https://example.org/?a=1&b=2")
    assert page.evaluate("document.querySelectorAll('.frame.important').length") == 1
    assert page.evaluate("document.querySelectorAll('[data-x=\"1\"]').length") == 1
    frame = frames_of(page)["work"]
    page.click(frame["x"] + 5, frame["y"] + 5)
    assert page.evaluate("window.broken") is None


def test_notes_are_a_comment(command):
    text = command("flamegraph", "--notes=run -- 3 ---> x-".replace(">", ""), "in",
                   files={"in": FOLDED}).read_text()
    assert "<!-- run - - 3 - - - x- -->" in text
    ElementTree.fromstring(text)


@pytest.mark.parametrize("encoding", ["ISO-8859-1", "us-ascii", "windows-1252", "utf-8"])
def test_encoding(command, browser, encoding):
    path = command("flamegraph", f"--encoding={encoding}", "in",
                   files={"in": "app;größe\u2026\U0001f525 10\n"})
    data = path.read_bytes()
    assert f'encoding="{encoding}"'.encode() in data.splitlines()[0]
    if encoding != "utf-8":
        assert max(data) < 0x80
    page = browser.open(path.as_uri())
    assert "größe\u2026\U0001f525" in frames_of(page)
    page.close()


def test_no_javascript(draw_folded):
    root = draw_folded("--no-javascript")
    assert not list(root.iter(f"{SVG}script")) and len(rects(root)) == 9


def test_base_starts_stacks_at_a_function(show_folded):
    frames = frames_of(show_folded("--base=parse"))
    assert frames["parse"]["y"] == near(frames["all"]["y"] - 18)
    assert frames["parse"]["width"] == near(0.4 * GRAPH_WIDTH_PX)
    assert frames["main"]["width"] == near(0.4 * GRAPH_WIDTH_PX)


def test_no_sort_keeps_the_order_of_the_input(show_folded):
    sorted_frames, frames = frames_of(show_folded()), frames_of(show_folded("--no-sort"))
    assert sorted_frames["init"]["x"] < sorted_frames["main"]["x"]
    assert frames["main"]["x"] < frames["init"]["x"]


def test_truncate_text_right(show_command):
    files = {"in": "app;alpha::beta::gamma 10\napp;b 90\n"}
    name = "alpha::beta::gamma"
    assert frames_of(show_command("flamegraph", "in", files=files))[name]["label"].endswith("gamma")
    page = show_command("flamegraph", "--truncate-text-right", "in", files=files)
    label = frames_of(page)[name]["label"]
    assert label.startswith("alpha::") and label.endswith("\u2026")


@pytest.mark.parametrize("option", [
    "--bgcolors=pink", "--uicolor=red", "--search-color=#12", "--notes=a<b", "--encoding=utf-16",
    "--minwidth=x", "--height=0", "--total=-1", "--factor=0", "--colors=nothing",
    "--nameattr=/nonexistent"])
def test_wrong_values_are_named(perf_profile, option, tmp_path):
    (tmp_path / "in").write_text(FOLDED)
    done = subprocess.run([perf_profile, "flamegraph", option, "in"], cwd=tmp_path,
                          capture_output=True, text=True, check=False)
    assert done.returncode != 0 and option.partition("=")[0] in done.stderr
    assert done.stdout == ""
