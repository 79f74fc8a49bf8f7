"""Fixtures of the browser tests: one Chromium for all, flame graphs drawn on demand."""
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from chromium import Chromium, find_chromium  # noqa: E402


@pytest.fixture(scope="session")
def chromium():
    if not find_chromium():
        pytest.skip("no chromium is installed")
    with Chromium() as browser:
        yield browser


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
def show_command(chromium, command):
    """As command, but opened: its page."""
    pages = []

    def show_graph(*words, files, fragment=""):
        pages.append(chromium.open(command(*words, files=files).as_uri() + fragment))
        return pages[-1]

    yield show_graph
    for page in pages:
        complaints = page.complaints()
        page.close()
        assert not complaints, complaints


@pytest.fixture
def show(chromium, draw):
    """show(LINES, OPTION...) -> the flame graph's page, opened from its file."""
    pages = []

    def show_lines(lines, *options, fragment=""):
        page = chromium.open(draw(lines, *options).as_uri() + fragment)
        pages.append(page)
        return page

    yield show_lines
    for page in pages:
        complaints = page.complaints()
        page.close()
        assert not complaints, complaints
