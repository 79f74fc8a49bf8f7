"""Hiding and keeping by pattern, copying, charts and differences, in a real browser."""
import pytest
from test_flamegraph import FRAMES, GRAPH_LEFT_PX, GRAPH_WIDTH_PX, LINES, ROW_PX, click, details, \
    fragment, frames_of, near

FOLDED = "app;main;parse;read 30\napp;main;parse 10\napp;main;work;sort 40\napp;init;read 20\n"


def search(page, text):
    page.key("/")
    page.type(text)
    page.key("Enter")


def note(page):
    return page.evaluate("document.querySelector('.note').textContent")


def fill_of(page, name):
    return page.evaluate(f"""(() => {{
        const frame = [...document.querySelectorAll(".frame")].find((frame) =>
            frame.getAttribute("aria-label").startsWith("{name},"));
        return frame.querySelector("rect").getAttribute("class");
    }})()""")


def press_button(page, text):
    page.evaluate(f"[...document.querySelectorAll('button')].find((button) => "
                  f"button.textContent === '{text}').click()")


@pytest.mark.every_browser
def test_what_a_search_finds_can_be_hidden_and_comes_back(show):
    page = show(LINES)
    search(page, "parse")
    page.key("h")
    frames = frames_of(page)
    assert "parse" not in frames
    assert frames["read_line"]["y"] == near(frames["main"]["y"] - ROW_PX)
    assert "\u2018parse\u2019 hidden, u to undo" in note(page)
    page.key("u")
    assert "parse" in frames_of(page)
    assert fragment(page) == ""


def test_only_stacks_with_what_a_search_finds(show):
    page = show(LINES)
    search(page, "sort")
    press_button(page, "Only")
    frames = frames_of(page)
    assert set(frames) == {"all", "app", "main", "work", "sort", "compare", "sys_call"}
    assert frames["all"]["width"] == near(GRAPH_WIDTH_PX)
    assert frames["compare"]["width"] == near(0.75 * GRAPH_WIDTH_PX)
    frame = frames["compare"]
    page.move(frame["x"] + 5, frame["y"] + 5)
    assert "30 samples" in details(page) and "30.0 %" in details(page)
    page.key("u")
    assert "parse" in frames_of(page)


def test_filters_are_undone_one_by_one_and_are_in_the_link(show, browser):
    page = show(LINES)
    search(page, "lib:libc.so.6")
    page.key("h")
    search(page, "main")
    page.key("o")
    frame = frames_of(page)["sort"]
    page.move(frame["x"] + 5, frame["y"] + 5)
    page.key("x")
    other = browser.open(page.evaluate("location.href"))
    other.wait_for("document.querySelectorAll('.frame').length > 0")
    names = set(frames_of(other))
    other.close()
    assert names == set(frames_of(page)) == {
        "all", "app", "main", "parse", "copy", "work", "compare", "sys_call"}
    page.key("u")
    assert "sort" in frames_of(page) and "read_line" not in frames_of(page)
    page.key("u")
    assert "init" in frames_of(page)
    page.key("u")
    assert "read_line" in frames_of(page)


def test_hiding_by_regular_expression(show):
    page = show(LINES)
    page.key("/")
    page.type("^(so|co)")
    page.evaluate("document.querySelector('[title=\"Regular expression\"]').click()")
    page.evaluate("document.querySelector('.frame[tabindex]').focus()")
    page.key("h")
    assert not {"sort", "copy", "compare"} & set(frames_of(page))
    assert "sys_call" in frames_of(page)


@pytest.mark.every_browser
def test_name_and_stack_are_copied(show):
    page = show(LINES)
    page.evaluate("""Object.defineProperty(navigator, "clipboard", { value: {
        writeText: (text) => { window.copied = text; return Promise.resolve(); } } })""")
    frame = frames_of(page)["compare"]
    page.move(frame["x"] + 5, frame["y"] + 5)
    page.key("c")
    assert page.evaluate("window.copied") == "compare"
    page.wait_for("document.querySelector('.note').textContent === 'copied the name'")
    page.key("C", shift=True)
    assert page.evaluate("window.copied") == "app;main;work;sort;compare"
    page.key("r")
    page.evaluate("document.querySelector('.frame[tabindex]').focus()")
    frame = frames_of(page)["compare"]
    page.move(frame["x"] + 5, frame["y"] + 5)
    page.key("C", shift=True)
    assert page.evaluate("window.copied") == "compare"


def rows(page):
    """{name: [(x, width) from left to right]}, shares of the graph."""
    found = {}
    for frame in sorted(page.evaluate(FRAMES), key=lambda frame: frame["x"]):
        found.setdefault(frame["name"], []).append(
            (round((frame["x"] - GRAPH_LEFT_PX) / GRAPH_WIDTH_PX, 2),
             round(frame["width"] / GRAPH_WIDTH_PX, 2)))
    return found


def test_a_chart_keeps_the_order_of_the_input(show_command):
    page = show_command("flamegraph", "--flamechart", "in.folded", files={
        "in.folded": "app;f;z 10\napp;f;a 20\napp;f 30\napp;f;z 40\n"})
    assert rows(page)["z"] == [(0.0, 0.1), (0.6, 0.4)]
    assert rows(page)["a"] == [(0.1, 0.2)]
    assert rows(page)["f"] == [(0.0, 1.0)]
    assert "[itself]" not in rows(page)
    page.key("r")
    assert rows(page)["a"] == [(0.1, 0.2)]


def test_a_chart_zooms_in_time(show_command):
    page = show_command("flamegraph", "--flamechart", "in.folded", files={
        "in.folded": "app;f;z 50\napp;g;y 10\napp;g 30\napp;g;y 10\n"})
    click(page, "g")
    assert rows(page)["y"] == [(0.0, 0.2), (0.8, 0.2)]
    assert "z" not in rows(page)


BEFORE = "app;main;gone 20\napp;main;less 50\napp;main;same 30\n"
AFTER = "app;main;less 20\napp;main;more 50\napp;main;same 30\n"


@pytest.fixture
def difference(show_command):
    def show(*options, before=BEFORE, after=AFTER, fragment=""):
        return show_command("diff", "--format", "svg", *options, "before", "after",
                            files={"before": before, "after": after}, fragment=fragment)

    return show


def test_a_difference_shows_what_vanished_and_what_is_new(difference):
    page = difference()
    frames = frames_of(page)
    # The larger side each: gone 20, less 50, more 50, same 30.
    assert frames["gone"]["width"] == near(20 / 150 * GRAPH_WIDTH_PX)
    assert frames["less"]["width"] == near(50 / 150 * GRAPH_WIDTH_PX)
    assert fill_of(page, "more") == "d8"
    assert fill_of(page, "gone").endswith(" gone") and fill_of(page, "gone").startswith("d-")
    assert fill_of(page, "same") == "d0"
    frame = frames["less"]
    page.move(frame["x"] + 5, frame["y"] + 5)
    # A minus sign, not a hyphen.
    for text in ("\u221230.0 % of all", "50 (50.0 %) before", "20 (20.0 %) after",
                 "\u221260.0 % of itself"):
        assert text in details(page)


def test_two_counts_a_line_are_a_difference(show_command):
    page = show_command("flamegraph", "in", files={
        "in": "app;main;gone 20 0\napp;main;less 50 20\napp;main;more 0 50\n"})
    assert fill_of(page, "more") == "d8"
    assert fill_of(page, "gone").endswith(" gone")
    page.key("v")
    assert frames_of(page)["less"]["width"] == near(50 / 70 * GRAPH_WIDTH_PX)


@pytest.mark.every_browser
def test_views_of_a_difference_switch_widths(difference):
    page = difference()
    press_button(page, "Before")
    frames = frames_of(page)
    assert "more" not in frames
    assert frames["less"]["width"] == near(0.5 * GRAPH_WIDTH_PX)
    assert fragment(page) == "#widths=before"
    page.key("v")
    frames = frames_of(page)
    assert "gone" not in frames
    assert frames["more"]["width"] == near(0.5 * GRAPH_WIDTH_PX)
    page.key("v")
    assert {"gone", "more"} <= set(frames_of(page))


def test_red_is_more_unless_negated(difference):
    def channels(page):
        fill = frames_of(page)["more"]["fill"]
        return [int(value) for value in fill.removeprefix("rgb(").removesuffix(")").split(",")]

    red, _, blue = channels(difference())
    assert red > blue
    red, _, blue = channels(difference("--negate"))
    assert blue > red
    red, green, blue = channels(difference("--colors", "safe"))
    assert red > green > blue


def test_a_normalized_difference_compares_shares(difference):
    page = difference("-n", before="app;a 500\napp;b 500\n", after="app;a 50\napp;b 50\n")
    assert fill_of(page, "a") == "d0"
    assert "compared by share of all" in page.evaluate("document.querySelector('.heads').innerText")


def test_the_scale_of_a_difference(difference):
    page = difference()
    text = page.evaluate("document.querySelector('.scale').innerText").replace("\u2009", " ")
    assert text.startswith("\u221250.0 %") and "+50.0 % of all" in text
    assert page.evaluate("document.querySelectorAll('.scale i').length") == 17


def test_a_difference_merges_from_the_leaf_and_filters(difference):
    page = difference(before="app;a;f 10\napp;b;f 10\n", after="app;a;f 30\napp;b;f 10\n")
    page.key("r")
    frame = frames_of(page)["f"]
    page.move(frame["x"] + 5, frame["y"] + 5)
    assert "20 (100 %) before" in details(page) and "40 (100 %) after" in details(page)
    search(page, "b")
    page.key("o")
    assert "a" not in frames_of(page) and "b" in frames_of(page)


@pytest.mark.every_browser
def test_a_stack_of_a_thousand_frames_can_be_walked(show):
    page = show("app;" + ";".join(f"f{i}" for i in range(1000)) + " 10\n")
    scroll = "document.querySelector('.scroll')"
    assert page.evaluate(f"{scroll}.scrollHeight") > 1000 * ROW_PX
    page.evaluate("document.querySelector('.frame[tabindex]').focus()")
    for _ in range(60):
        page.key("ArrowUp")
    name = "document.activeElement.getAttribute('aria-label').replace(/, .*/, '')"
    assert page.evaluate(name) == "f58"
    # What is focused is in view, and zooming leaves it there.
    page.key("Enter")
    box = page.evaluate("(() => { const box = document.activeElement.getBoundingClientRect();"
                        "return [box.top, box.bottom]; })()")
    assert 0 <= box[0] < box[1] <= page.evaluate("innerHeight")
    assert page.evaluate(name) == "f58"
