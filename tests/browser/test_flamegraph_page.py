"""The page around the frames: tip, menu, narrow windows, paper, strict servers, contrast."""
import base64
import hashlib
import http.server
import re
import threading

import pytest
from test_flamegraph import GRAPH_WIDTH_PX, LINES, click, details, found, fragment, frames_of, near

LONG_NAME = ("std::map<" + ", ".join(f"argument_{i}" for i in range(12)) + ">::insert(int)")


def hover(page, name):
    frame = frames_of(page)[name]
    page.move(frame["x"] + frame["width"] / 2, frame["y"] + 9)


def text_of(page, selector):
    return page.evaluate(f"document.querySelector('{selector}').innerText").replace("\u2009", " ")


def is_shown(page, selector):
    return page.evaluate(f"document.querySelector('{selector}').getClientRects().length > 0")


def open_menu(page, name):
    frame = frames_of(page)[name]
    page.evaluate("""((x, y) => document.elementFromPoint(x, y).dispatchEvent(
        new MouseEvent("contextmenu", {bubbles: true, cancelable: true, clientX: x, clientY: y}))
        )(%d, %d)""" % (frame["x"] + frame["width"] / 2, frame["y"] + 9))


def choose(page, label):
    page.evaluate("[...document.querySelectorAll('[role=menuitem]')].find((entry) => "
                  f"entry.textContent.startsWith('{label}')).click()")


@pytest.mark.every_browser
def test_a_tip_follows_the_mouse_and_stays_inside(show):
    page = show(LINES)
    hover(page, "compare")
    assert text_of(page, ".tip").startswith("compare\n30 samples \u00b7 30.0 %")
    for name in ("all", "init", "compare"):
        hover(page, name)
        left, top, right, bottom, width, height = page.evaluate(
            "(() => { const box = document.querySelector('.tip').getBoundingClientRect();"
            "return [box.left, box.top, box.right, box.bottom, innerWidth, innerHeight]; })()")
        assert 0 <= left and 0 <= top and right <= width and bottom <= height
        frame = frames_of(page)[name]
        x, y = frame["x"] + frame["width"] / 2, frame["y"] + 9
        assert min(abs(left - x), abs(right - x)) < 20 or left < x < right
        assert min(abs(top - y), abs(bottom - y)) < 20 or top < y < bottom
    page.key("i")
    assert not is_shown(page, ".tip")


def test_a_long_name_is_short_first_and_whole_below(show):
    page = show("app;" + LONG_NAME.replace(" ", "\\ ") + " 10\n")
    hover(page, LONG_NAME)
    assert text_of(page, ".tip").startswith("std::map<\u2026>::insert\n")
    assert LONG_NAME in text_of(page, ".tip")
    assert text_of(page, ".hovered .name b") == "std::map<\u2026>::insert"


def test_nothing_moves_when_names_are_long(show):
    page = show("app;" + LONG_NAME.replace(" ", "\\ ") + " 10\napp;f 10\n")
    top = frames_of(page)["all"]["y"]
    hover(page, LONG_NAME)
    assert frames_of(page)["all"]["y"] == top
    page.evaluate("document.querySelector('.frame[tabindex]').focus()")
    page.key("ArrowUp")
    page.key("ArrowUp")
    assert frames_of(page)["all"]["y"] == top
    assert LONG_NAME in text_of(page, ".hovered") or "f" == text_of(page, ".hovered .name b")


def test_share_of_a_function_in_all_its_places(show):
    page = show("app;a;f;f 10\napp;b;f 20\napp;b 70\n")
    frame = frames_of(page)["f"]
    page.move(frame["x"] + 5, frame["y"] + 5)
    # The recursive stack counts once.
    assert "30.0 % in all its 3 places" in details(page)


@pytest.mark.every_browser
def test_the_menu_acts_on_its_frame(show):
    page = show(LINES)
    open_menu(page, "sort")
    assert text_of(page, ".menu").startswith("sort\n")
    assert page.evaluate("document.activeElement.getAttribute('role')") == "menuitem"
    choose(page, "Only stacks with it")
    assert set(frames_of(page)) == {"all", "app", "main", "work", "sort", "compare", "sys_call"}
    assert "only \u2018sort\u2019, u to undo" in text_of(page, ".note")
    assert fragment(page).startswith("#filter=s")
    open_menu(page, "work")
    choose(page, "Undo")
    assert "parse" in frames_of(page)
    open_menu(page, "copy")
    choose(page, "Mark it everywhere")
    assert found(page) == "35.0 % in 1 function"
    assert not is_shown(page, ".menu")


def test_the_menu_by_keyboard(show):
    page = show(LINES)
    click(page, "work")
    page.evaluate("document.querySelector('.more').click()")
    first = page.evaluate("document.activeElement.textContent")
    page.key("ArrowDown")
    assert page.evaluate("document.activeElement.textContent") != first
    page.key("ArrowUp")
    assert page.evaluate("document.activeElement.textContent") == first
    page.key("Escape")
    assert not is_shown(page, ".menu")
    # Back on the frame, and the zoom is as it was.
    assert page.evaluate("document.activeElement.getAttribute('aria-label')").startswith("work,")
    assert frames_of(page)["work"]["width"] == near(GRAPH_WIDTH_PX)


def test_keys_and_links_of_flamegraph_pl(show, browser, draw):
    page = show(LINES)
    page.evaluate("document.dispatchEvent(new KeyboardEvent('keydown', "
                  "{key: 'f', ctrlKey: true, bubbles: true}))")
    assert page.evaluate("document.activeElement.localName") == "input"
    other = browser.open(draw(LINES).as_uri() + "?s=^(sort|parse)$")
    assert found(other) == "70.0 % in 2 functions"
    other.close()


def test_filters_that_leave_nothing_say_so(show):
    page = show(LINES)
    for name in ("parse", "init"):
        page.key("/")
        page.type(name)
        page.key("Enter")
        page.key("o")
    assert text_of(page, ".empty") == "Nothing is left: u undoes the last filter."
    page.key("u")
    assert not is_shown(page, ".empty")
    assert "parse" in frames_of(page)


def test_an_empty_graph(show):
    page = show("")
    assert text_of(page, ".empty") == "No samples were recorded."
    assert not is_shown(page, ".graph")


def test_a_narrow_window_has_room_for_the_graph(show):
    page = show(LINES)
    page.size(400, 700)
    top, bottom = page.evaluate("(() => { const box = document.querySelector('.scroll')"
                                ".getBoundingClientRect(); return [box.top, box.bottom]; })()")
    assert bottom - top > 0.6 * 700
    assert page.evaluate("document.querySelector('.app').scrollWidth") <= 400
    assert frames_of(page)["all"]["width"] == near(380)


def test_paper_gets_the_whole_graph_in_light(show):
    page = show(LINES)
    page.color_scheme("dark")
    dark = frames_of(page)["main"]["fill"]
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert frames_of(page)["main"]["fill"] != dark
    assert not is_shown(page, ".search")
    box = page.evaluate("document.querySelector('svg').getAttribute('viewBox')").split()
    assert float(box[2]) == 1060 and float(box[3]) > 5 * 18
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert frames_of(page)["main"]["fill"] == dark
    assert frames_of(page)["all"]["width"] == near(GRAPH_WIDTH_PX)
    assert is_shown(page, ".search")


@pytest.fixture
def serve():
    """serve(BYTES, POLICY) -> address of a server on this machine that sends them as SVG."""
    servers = []

    def start(data, policy):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.send_header("Content-Type", "image/svg+xml")
                self.send_header("Content-Security-Policy", policy)
                self.end_headers()
                self.wfile.write(data if self.path == "/graph.svg" else b"")

            def log_message(self, *_):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}/graph.svg"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.mark.every_browser
def test_a_strict_content_policy_lets_the_viewer_work(browser, draw, serve):
    """Nothing but the one script, by its hash, and styles: no eval, no handlers, no loading."""
    data = draw(LINES).read_bytes()
    script = re.search(rb"<script><!\[CDATA\[(.*?)\]\]></script>", data, re.DOTALL).group(1)
    digest = base64.b64encode(hashlib.sha256(script).digest()).decode()
    page = browser.open(serve(data, f"default-src 'none'; style-src 'unsafe-inline'; "
                                    f"script-src 'sha256-{digest}'"))
    assert frames_of(page)["main"]["width"] == near(0.80 * GRAPH_WIDTH_PX)
    click(page, "main")
    page.key("r")
    hover(page, "copy")
    complaints = [text for text in map(str, page.complaints()) if "favicon" not in text]
    page.close()
    assert not complaints, complaints


def test_without_any_script_there_is_the_picture(browser, draw, serve):
    """As code hosting sites show files: no script at all."""
    page = browser.open(serve(draw(LINES).read_bytes(),
                              "default-src 'none'; style-src 'unsafe-inline'; sandbox"))
    # The sandbox keeps the test's own script out too: the picture is judged by its pixels.
    size = page.call("Page.getLayoutMetrics")["cssLayoutViewport"]
    assert size["clientWidth"] > 0
    nodes = page.call("DOM.getDocument", depth=-1)["root"]
    page.close()
    assert "foreignObject" not in str(nodes)
    assert str(nodes).count("'rect'") > 10


CONTRAST = """(() => {
    const canvas = document.createElementNS("http://www.w3.org/1999/xhtml", "canvas");
    const context = canvas.getContext("2d", { willReadFrequently: true });
    const style = getComputedStyle(document.querySelector(".app"));
    const luminance = (name) => {
        context.fillStyle = style.getPropertyValue(name);
        context.fillRect(0, 0, 1, 1);
        const linear = [...context.getImageData(0, 0, 1, 1).data].map((value) => value / 255)
            .map((value) => value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
    };
    return [["--text", "--page"], ["--text", "--panel"], ["--text", "--pressed"],
            ["--muted", "--page"], ["--muted", "--panel"], ["--accent", "--page"],
            ["--accent", "--panel"], ["--accent", "--pressed"], ["--poor", "--page"],
            ["--match", "--page"], ["--match-text", "--match"]].map(([a, b]) => {
        const [more, less] = [luminance(a), luminance(b)].sort((x, y) => y - x);
        return [a + " on " + b, (more + 0.05) / (less + 0.05)];
    });
})()"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_contrast_of_the_page(show, scheme):
    """WCAG 2.1 level AA; of the palettes a unit test says the same."""
    page = show(LINES)
    page.color_scheme(scheme)
    low = [(pair, ratio) for pair, ratio in page.evaluate(CONTRAST) if ratio < 4.5]
    assert not low, low


def test_every_control_has_a_name_and_a_role(show):
    page = show(LINES)
    nameless = page.evaluate("""[...document.querySelectorAll(
        "button, input, [role=tree], [role=treeitem], [role=dialog], [role=toolbar], [role=menu]")]
        .filter((element) => !(element.getAttribute("aria-label") || element.textContent.trim()))
        .map((element) => element.outerHTML)""")
    assert nameless == []
    levels = page.evaluate("""[...document.querySelectorAll("[role=treeitem]")].map((item) =>
        Number(item.getAttribute("aria-level")))""")
    assert min(levels) == 1 and max(levels) == 6
    # Read aloud from left to right, each frame before what it calls.
    assert page.evaluate("[...document.querySelectorAll('[role=treeitem]')].map((item) => "
                         "item.getAttribute('aria-label').replace(/,.*/, '')).join(' ')") == (
        "all app [incomplete stack] lost init copy main parse copy read_line work sort compare "
        "sys_call")
    # The graph is one stop of the Tab key.
    assert page.evaluate("document.querySelectorAll('.graph [tabindex=\"0\"]').length") == 1
