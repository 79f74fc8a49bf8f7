"""The flame graph in a real browser: geometry and text, by mouse and by keyboard."""
import pytest

# 100 samples. Widths below are shares of these; the graph is 1180 px wide in a window of 1200.
LINES = r"""app;main;parse;read_line@/lib/libc.so.6 10
app;main;parse;copy 20
app;main;work;sort;compare 30
app;main;work;sort;sys_call_[k] 10
app;main;work 10
app;init;copy 15
app;lost@/lib/libx.so 5 copy-ended
"""

FRAMES = """[...document.querySelectorAll(".frame")].map((frame) => {
    // Firefox counts a stroke as part of the bounding rectangle: the attributes do not.
    const graph = frame.ownerSVGElement.getBoundingClientRect();
    const rect = frame.querySelector("rect");
    const text = frame.querySelector("text");
    return {
        name: frame.getAttribute("aria-label").replace(/, [^,]*$/, ""),
        x: graph.x + rect.x.baseVal.value, y: graph.y + rect.y.baseVal.value,
        width: rect.width.baseVal.value,
        label: text ? text.textContent : "",
        is_faded: frame.classList.contains("faded"), is_match: frame.classList.contains("match"),
        fill: getComputedStyle(frame.querySelector("rect")).fill,
    };
})"""

GRAPH_LEFT_PX = 10
GRAPH_WIDTH_PX = 1180
ROW_PX = 18


def frames_of(page):
    """{name: frame}, for graphs where each name is drawn once; else the widest."""
    found = {}
    for frame in sorted(page.evaluate(FRAMES), key=lambda frame: frame["width"]):
        found[frame["name"]] = frame
    return found


def click(page, name):
    frame = frames_of(page)[name]
    page.click(frame["x"] + frame["width"] / 2, frame["y"] + ROW_PX / 2)


def near(value):
    return pytest.approx(value, abs=1.0)


def details(page):
    return page.evaluate("document.querySelector('.hovered').textContent").replace("\u2009", " ")


def found(page):
    return page.evaluate("document.querySelector('.found').textContent").replace("\u2009", " ")


def fragment(page):
    return page.evaluate("decodeURIComponent(location.hash)")


@pytest.mark.every_browser
def test_frames_lie_on_their_callers_with_widths_by_samples(show):
    frames = frames_of(show(LINES))
    assert frames["all"]["width"] == near(GRAPH_WIDTH_PX)
    assert frames["all"]["x"] == near(GRAPH_LEFT_PX)
    assert frames["main"]["width"] == near(0.80 * GRAPH_WIDTH_PX)
    assert frames["work"]["width"] == near(0.50 * GRAPH_WIDTH_PX)
    assert frames["work"]["y"] == near(frames["main"]["y"] - ROW_PX)
    assert frames["main"]["y"] == near(frames["app"]["y"] - ROW_PX)
    # Siblings by name: [incomplete stack], init, main.
    assert frames["[incomplete stack]"]["x"] == near(GRAPH_LEFT_PX)
    assert frames["init"]["x"] == near(GRAPH_LEFT_PX + 0.05 * GRAPH_WIDTH_PX)
    assert frames["main"]["x"] == near(GRAPH_LEFT_PX + 0.20 * GRAPH_WIDTH_PX)
    assert frames["lost"]["y"] == near(frames["[incomplete stack]"]["y"] - ROW_PX)


@pytest.mark.every_browser
def test_click_zooms_fades_callers_and_is_remembered(show):
    page = show(LINES)
    click(page, "sort")
    frames = frames_of(page)
    assert frames["sort"]["width"] == near(GRAPH_WIDTH_PX)
    assert frames["compare"]["width"] == near(0.75 * GRAPH_WIDTH_PX)
    assert [frames[name]["is_faded"] for name in ("all", "app", "main", "work")] == [True] * 4
    assert not frames["sort"]["is_faded"]
    assert "init" not in frames
    assert "zoom=" in fragment(page)

    click(page, "main")
    assert frames_of(page)["work"]["width"] == near(0.625 * GRAPH_WIDTH_PX)
    page.evaluate("history.back()")
    page.wait_for("document.querySelectorAll('.faded').length === 4")
    assert frames_of(page)["compare"]["width"] == near(0.75 * GRAPH_WIDTH_PX)
    page.key("Escape")
    page.wait_for("document.querySelectorAll('.faded').length === 0")
    assert frames_of(page)["main"]["width"] == near(0.80 * GRAPH_WIDTH_PX)
    assert fragment(page) == ""


def test_click_on_the_zoomed_frame_goes_back(show):
    page = show(LINES)
    click(page, "work")
    assert frames_of(page)["work"]["width"] == near(GRAPH_WIDTH_PX)
    click(page, "work")
    page.wait_for("document.querySelectorAll('.faded').length === 0")
    assert frames_of(page)["work"]["width"] == near(0.50 * GRAPH_WIDTH_PX)


def test_reset_shows_everything(show):
    page = show(LINES)
    click(page, "sort")
    page.evaluate("document.querySelector('.reset').click()")
    assert frames_of(page)["main"]["width"] == near(0.80 * GRAPH_WIDTH_PX)
    assert page.evaluate("document.querySelector('.reset').disabled")


@pytest.mark.every_browser
def test_a_link_opens_the_same_view(show, browser):
    page = show(LINES)
    click(page, "sort")
    page.key("i")
    page.key("/")
    page.type("compare")
    page.key("Enter")
    link = page.evaluate("location.href")
    other = browser.open(link)
    other.wait_for("document.querySelectorAll('.frame').length > 0")
    assert page.evaluate(FRAMES) == other.evaluate(FRAMES)
    assert found(other) == "30.0 % in 1 function"
    other.close()


def test_a_link_to_what_is_not_there_shows_what_is(show):
    page = show(LINES, fragment="#zoom=999999.x.-1.0&filter=f77777&filter=hr:(&filter=q"
                "&search=(&regex=1")
    assert frames_of(page)["main"]["width"] == near(0.80 * GRAPH_WIDTH_PX)
    assert found(page) == "not a regular expression"


@pytest.mark.every_browser
def test_search_counts_each_stack_once(show):
    page = show(r"app;a;find;find;find 30" "\n" r"app;b;find;c 20" "\n" r"app;b;other 50" "\n")
    page.key("/")
    page.type("FIND")
    assert found(page) == "50.0 % in 1 function"
    matches = [frame for frame in page.evaluate(FRAMES) if frame["is_match"]]
    assert len(matches) == 4
    page.evaluate("document.querySelector('[title=\"Match case\"]').click()")
    assert found(page) == "no match"
    assert not [frame for frame in page.evaluate(FRAMES) if frame["is_match"]]


def test_search_by_regular_expression_or_plain_text(show):
    page = show("app;operator() 40\napp;co.y 10\napp;copy 50\n")
    page.key("/")
    page.type("co.y")
    assert found(page) == "10.0 % in 1 function"
    page.evaluate("document.querySelector('[title=\"Regular expression\"]').click()")
    assert found(page) == "60.0 % in 2 functions"
    page.evaluate("document.querySelector('.field input').focus()")
    page.key("Escape")
    assert found(page) == ""
    page.type("operator(")
    assert found(page) == "not a regular expression"


@pytest.mark.every_browser
def test_next_and_previous_match_walk_and_wrap(show):
    page = show(LINES)
    page.key("/")
    page.type("copy")
    page.key("Enter")
    focused = "document.activeElement.getAttribute('aria-label')"
    assert found(page).startswith("1 of 2")
    first = page.evaluate("document.activeElement.querySelector('rect').getAttribute('x')")
    assert page.evaluate(focused).startswith("copy")
    page.key("n")
    assert found(page).startswith("2 of 2")
    assert page.evaluate("document.activeElement.querySelector('rect').getAttribute('x')") != first
    page.key("n")
    assert found(page).startswith("1 of 2")
    page.key("N", shift=True)
    assert found(page).startswith("2 of 2")


def test_legend_marks_a_library(show):
    page = show(LINES)
    page.evaluate("""[...document.querySelectorAll('.chip')]
                     .find((chip) => chip.textContent.startsWith('libc.so.6')).click()""")
    assert [name for name, frame in frames_of(page).items() if frame["is_match"]] == ["read_line"]
    assert found(page) == "10.0 % in 1 function"


@pytest.mark.every_browser
def test_hover_tells_everything_about_a_frame(show):
    page = show(LINES)
    frame = frames_of(page)["read_line"]
    page.move(frame["x"] + 5, frame["y"] + 5)
    # 1.96 * sqrt(0.1 * 0.9 / 100) = 5.88 %
    assert details(page) == "read_linelibc.so.610 samples10.0 % ± 5.9 of all10 self"
    click(page, "parse")
    frame = frames_of(page)["copy"]
    page.move(frame["x"] + 5, frame["y"] + 5)
    assert "20 samples" in details(page) and "66.7 % of the zoomed" in details(page)


@pytest.mark.every_browser
def test_flip_puts_the_root_on_top(show):
    page = show(LINES)
    page.key("i")
    frames = frames_of(page)
    assert frames["app"]["y"] == near(frames["all"]["y"] + ROW_PX)
    assert frames["main"]["y"] == near(frames["app"]["y"] + ROW_PX)
    assert fragment(page) == "#icicle=1"
    page.key("i")
    assert frames_of(page)["app"]["y"] == near(frames_of(page)["all"]["y"] - ROW_PX)


@pytest.mark.parametrize("options", [(), ("--reversed",)])
def test_callers_merge_from_the_leaf(show, options):
    page = show(LINES, *options)
    if not options:
        page.key("r")
    frames = frames_of(page)
    # copy ends 35 stacks: 20 called by parse, 15 by init.
    assert frames["copy"]["width"] == near(0.35 * GRAPH_WIDTH_PX)
    assert frames["copy"]["y"] == near(frames["all"]["y"] - ROW_PX)
    assert frames["parse"]["width"] == near(0.20 * GRAPH_WIDTH_PX)
    assert frames["parse"]["y"] == near(frames["copy"]["y"] - ROW_PX)
    assert frames["init"]["width"] == near(0.15 * GRAPH_WIDTH_PX)


def test_kernel_frames_can_be_left_out(show):
    page = show(LINES)
    assert "sys_call" in frames_of(page)
    page.key("k")
    frames = frames_of(page)
    assert "sys_call" not in frames
    assert frames["sort"]["width"] == near(0.40 * GRAPH_WIDTH_PX)
    page.key("k")
    assert "sys_call" in frames_of(page)


def test_kernel_frames_left_out_of_callers_count_for_who_called_them(show):
    page = show(LINES)
    page.key("r")
    page.key("k")
    row_above_root = frames_of(page)["all"]["y"] - ROW_PX
    widths = [frame["width"] for frame in page.evaluate(FRAMES)
              if frame["name"] == "sort" and frame["y"] == row_above_root]
    assert widths == [near(0.10 * GRAPH_WIDTH_PX)]


def test_recursion_can_be_merged(show):
    page = show("app;f;f;f;g 60\napp;f;f 40\n")
    assert len([frame for frame in page.evaluate(FRAMES) if frame["name"] == "f"]) == 3
    page.key("m")
    frames = [frame for frame in page.evaluate(FRAMES) if frame["name"] == "f"]
    assert len(frames) == 1 and frames[0]["width"] == near(GRAPH_WIDTH_PX)
    assert frames_of(page)["g"]["width"] == near(0.60 * GRAPH_WIDTH_PX)


def test_a_function_can_be_hidden_and_shown_again(show):
    page = show(LINES)
    frame = frames_of(page)["sort"]
    page.move(frame["x"] + 5, frame["y"] + 5)
    page.key("x")
    frames = frames_of(page)
    assert "sort" not in frames
    assert frames["compare"]["y"] == near(frames["work"]["y"] - ROW_PX)
    assert frames["compare"]["width"] == near(0.30 * GRAPH_WIDTH_PX)
    page.key("u")
    assert "sort" in frames_of(page)


@pytest.mark.every_browser
def test_arrow_keys_walk_and_enter_zooms(show):
    page = show(LINES)
    name = "document.activeElement.getAttribute('aria-label').replace(/, .*/, '')"
    page.evaluate("document.querySelector('.frame[tabindex]').focus()")
    walked = []
    for key in ("ArrowUp", "ArrowUp", "ArrowUp", "ArrowLeft", "ArrowRight", "ArrowDown"):
        page.key(key)
        walked.append(page.evaluate(name))
    assert walked == ["app", "main", "work", "parse", "work", "main"]
    page.key("Enter")
    assert frames_of(page)["main"]["width"] == near(GRAPH_WIDTH_PX)
    assert page.evaluate(name) == "main"
    page.key("Home")
    assert frames_of(page)["main"]["width"] == near(0.80 * GRAPH_WIDTH_PX)


@pytest.mark.every_browser
def test_focus_is_visible(show):
    page = show(LINES)
    page.evaluate("document.querySelector('.frame[tabindex]').focus()")
    page.key("ArrowUp")
    style = "getComputedStyle(document.activeElement.querySelector('rect'))"
    assert page.evaluate(style + ".stroke") != "none"
    assert float(page.evaluate(style + ".strokeWidth").removesuffix("px")) >= 2


def test_help_opens_and_closes(show):
    page = show(LINES)
    page.key("?", shift=True)
    assert "merge direct recursion" in page.evaluate("document.querySelector('.help').innerText")
    page.key("Escape")
    assert page.evaluate("document.querySelector('.help').hidden")


@pytest.mark.every_browser
def test_dark_by_its_key(show):
    page = show(LINES)
    page.key("d")
    assert page.evaluate("getComputedStyle(document.querySelector('.app')).backgroundColor") == (
        "rgb(21, 24, 29)")
    assert fragment(page) == "#theme=dark"


def test_dark_follows_the_system_and_the_toggle(show):
    page = show(LINES)
    page_color = "getComputedStyle(document.querySelector('.app')).backgroundColor"
    light = page.evaluate(page_color), frames_of(page)["main"]["fill"]
    page.color_scheme("dark")
    dark = page.evaluate(page_color), frames_of(page)["main"]["fill"]
    assert light[0] == "rgb(255, 255, 255)" and light[0] != dark[0] and light[1] != dark[1]
    page.key("d")
    assert (page.evaluate(page_color), frames_of(page)["main"]["fill"]) == light
    assert fragment(page) == "#theme=light"
    page.color_scheme("light")
    page.key("d")
    assert (page.evaluate(page_color), frames_of(page)["main"]["fill"]) == dark


@pytest.mark.every_browser
def test_width_follows_the_window_and_labels_are_fitted_again(show):
    page = show("app;alpha::beta::gamma_delta(int) 50\napp;rest 50\n")
    name = "alpha::beta::gamma_delta(int)"
    assert frames_of(page)[name]["label"] == name
    page.size(300, 600)
    frame = frames_of(page)[name]
    assert frame["width"] == near(140)
    assert frame["label"] == "\u2026beta::gamma_delta"
    page.size(230, 600)
    assert frames_of(page)[name]["label"] in ("\u2026gamma_delta", "gamma_delta")
    page = show("app;alpha::beta::gamma_delta(int) 6\napp;rest 94\n")
    assert frames_of(page)[name]["label"] == "gamma\u2026"


def test_a_given_width_stays(show):
    page = show(LINES, "--width=600")
    assert frames_of(page)["all"]["width"] == near(600)
    page.size(900, 700)
    assert frames_of(page)["all"]["width"] == near(600)


def test_labels_stay_inside_their_frames(show):
    lines = "".join(f"app;std::vector<long,\\ std::allocator<long>>::function_{i}(int) {i}\n"
                    for i in range(1, 40))
    page = show(lines)
    outside = page.evaluate("""[...document.querySelectorAll(".frame")].filter((frame) => {
        const text = frame.querySelector("text");
        return text && text.getBoundingClientRect().right >
               frame.querySelector("rect").getBoundingClientRect().right + 0.5;
    }).length""")
    assert outside == 0


def test_narrow_frames_are_counted(show):
    lines = "app;main 1000000\n" + "".join(f"app;tiny_{i} 1\n" for i in range(7))
    page = show(lines)
    note = page.evaluate("document.querySelector('.note').textContent")
    assert "7 frames under 0.03 % hidden" in note


HOSTILE = [
    "</script><script>window.broken=1</script>", "]]><script>window.broken=1</script>",
    "\"onmouseover=\"window.broken=1", "'><img src=x onerror=window.broken=1>",
    "javascript:window.broken=1", "<!--", "-->", "&lt;b&gt;", "${window.broken=1}",
    "\\u003cscript\\u003e", "__proto__", "constructor", "x\u202eevil", "\x1b[31mred", "(", "[a-",
]


@pytest.mark.every_browser
def test_hostile_names_are_only_text(show):
    def escape(name):
        return "".join("\\" + letter if letter in "\\;@ " else letter for letter in name)

    page = show("".join(f"app;{escape(name)} {10 + i}\n" for i, name in enumerate(HOSTILE)))
    names = {frame["name"] for frame in page.evaluate(FRAMES)}
    for name in HOSTILE:
        shown = name.replace("\u202e", "\ufffd").replace("\x1b", "\ufffd")
        assert shown in names
    assert page.evaluate("window.broken") is None
    assert page.evaluate("document.querySelectorAll('script').length") == 2
    assert page.evaluate("document.querySelectorAll('img').length") == 0
    click(page, "</script><script>window.broken=1</script>")
    assert page.evaluate("window.broken") is None
    assert all(url.startswith(("file:", "about:", "data:")) for url in page.requests())


@pytest.mark.every_browser
def test_static_in_an_image(show, draw, browser, tmp_path):
    """In <img> no script runs: the picture itself must be there, with its default size."""
    path = draw(LINES)
    html = tmp_path / "page.html"
    html.write_text(f"<body style='margin:0'><img src='{path.as_uri()}'></body>")
    page = browser.open(html.as_uri())
    page.wait_for("document.images[0].complete")
    assert page.evaluate("document.images[0].naturalWidth") == 1200
    assert page.evaluate("document.images[0].naturalHeight") > 150
    page.close()


def test_nothing_is_loaded_from_anywhere(show):
    page = show(LINES)
    click(page, "sort")
    page.key("r")
    assert [url for url in page.requests() if not url.startswith(("file:", "about:"))] == []
