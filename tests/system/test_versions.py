"""What earlier versions wrote is read by this one: files of versions/ (see its README.md)."""
import json
import subprocess
from pathlib import Path

import pytest

from recordings import record, workload

VERSIONS = sorted(path for path in (Path(__file__).parent / "versions").iterdir() if path.is_dir())


@pytest.fixture(params=VERSIONS, ids=lambda path: path.name, name="version")
def each_version(request):
    return request.param


@pytest.fixture(name="summary")
def make_summary(version):
    return json.loads((version / "summary.json").read_text())


def run(perf_profile, *arguments):
    done = subprocess.run([perf_profile, *map(str, arguments)], capture_output=True, text=True,
                          check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_perf_data(perf_profile, version, summary):
    """The program is gone, its samples and stacks are there."""
    folded = run(perf_profile, "collapse", version / "perf.data")
    assert sum(int(line.rpartition(" ")[2]) for line in folded.splitlines()) == \
        summary["sampling"]["samples"]
    header = run(perf_profile, "report", "--header-only", "-i", version / "perf.data")
    assert f"cmdline       : {summary['command']['line']}" in header


def test_bundle(perf_profile, version):
    """With all names: the same folded stacks as on the day it was made."""
    folded = run(perf_profile, "collapse", version / "bundle.tar.zst")
    assert sorted(folded.splitlines()) == \
        sorted((version / "perf-collapsed.txt").read_text().splitlines())


def missing_fields(old, new, path=""):
    """Fields of objects that were there and are no more, or are of another type."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key, value in old.items():
            if key in new:
                yield from missing_fields(value, new[key], f"{path}.{key}")
            else:
                yield f"{path}.{key}"
    elif isinstance(old, list) and isinstance(new, list):
        if old and new:
            yield from missing_fields(old[0], new[0], f"{path}[]")
    elif None not in (old, new) and {type(old), type(new)} not in ({int, float}, {type(old)}):
        yield path


def test_summary(summary, tmp_path):
    """Whoever reads an earlier summary.json reads ours, unless its schema was raised."""
    now = record(tmp_path / "out", workload("split"), 300).summary
    if now["schema"] == summary["schema"]:
        # What happened is not the same twice: only the ways stacks end, which are counted.
        gone = [path for path in missing_fields(summary, now) if ".stack_ends." not in path]
        assert not gone
