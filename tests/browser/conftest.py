"""
Fixtures of the browser tests: one browser of each kind for all, flame graphs drawn on demand.

Tests run in Chromium; those marked with every_browser run in Firefox too.
"""
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from chromium import Chromium, find_chromium  # noqa: E402
from firefox import Firefox, find_firefox  # noqa: E402

BROWSERS = {"chromium": (Chromium, find_chromium), "firefox": (Firefox, find_firefox)}


def pytest_configure(config):
    config.addinivalue_line("markers", "every_browser: also in Firefox")


def pytest_generate_tests(metafunc):
    if "browser" in metafunc.fixturenames:
        is_every = metafunc.definition.get_closest_marker("every_browser")
        metafunc.parametrize("browser", list(BROWSERS) if is_every else ["chromium"],
                             indirect=True, scope="session")


@pytest.fixture(scope="session")
def browser(request):
    start, find = BROWSERS[request.param]
    if not find():
        pytest.skip(f"no {request.param} is installed")
    with start() as started:
        yield started


@pytest.fixture(scope="session")
def draw(build, tmp_path_factory):
    """draw(LINES, OPTION...) -> path of an SVG; LINES as in profile_builder.h, text or bytes."""
    folder = tmp_path_factory.mktemp("flamegraphs")
    program = build / "tests/browser/draw_flamegraph"
    assert program.is_file(), f"{program} is not built; run ./test, or ./run once"

    def draw_lines(lines, *options):
        path = folder / f"{len(list(folder.iterdir()))}.svg"
        data = lines if isinstance(lines, bytes) else lines.encode()
        with open(path, "wb") as file:
            subprocess.run([program, *options], input=data, stdout=file, check=True)
        return path

    return draw_lines


@pytest.fixture
def command(perf_profile, tmp_path):
    """command(WORDS..., {NAME: FOLDED}) -> path of the SVG that the program draws in tmp_path."""

    def run(*words, files):
        for name, text in files.items():
            (tmp_path / name).write_text(text)
        subprocess.run([perf_profile, *words, "-f", "-o", "graph.svg"], cwd=tmp_path, check=True)
        return tmp_path / "graph.svg"

    return run


@pytest.fixture
def show_command(browser, command):
    """As command, but opened: its page."""
    pages = []

    def show_graph(*words, files, fragment=""):
        pages.append(browser.open(command(*words, files=files).as_uri() + fragment))
        return pages[-1]

    yield show_graph
    for page in pages:
        complaints = page.complaints()
        page.close()
        assert not complaints, complaints


@pytest.fixture
def show(browser, draw):
    """show(LINES, OPTION...) -> the flame graph's page, opened from its file."""
    pages = []

    def show_lines(lines, *options, fragment=""):
        page = browser.open(draw(lines, *options).as_uri() + fragment)
        pages.append(page)
        return page

    yield show_lines
    for page in pages:
        complaints = page.complaints()
        page.close()
        assert not complaints, complaints
