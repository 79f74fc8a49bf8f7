"""Debian's perf and FlameGraph's collapser read what we write, and agree."""
import re
import shutil
import subprocess

import pytest

from recordings import record, workload


@pytest.fixture(scope="module")
def perf():
    path = shutil.which("perf")
    if not path or subprocess.run([path, "version"], capture_output=True,
                                  check=False).returncode != 0:
        pytest.skip("perf is not installed")
    return path


@pytest.fixture(scope="module", params=[(), ("--compress",)], ids=["plain", "compressed"])
def recording(tmp_path_factory, request):
    return record(tmp_path_factory.mktemp("perf") / "out", workload("threads"), 1500,
                  options=request.param)


def run_perf(perf, recording, *arguments):
    done = subprocess.run([perf, *arguments, "-i", recording.folder / "perf.data"],
                          capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done


def test_stats_agree(perf, recording):
    text = run_perf(perf, recording, "report", "--stats").stdout
    assert int(re.search(r"SAMPLE events: +(\d+)", text)[1]) == recording.n_samples


def test_script_has_the_same_stacks(perf, recording):
    done = run_perf(perf, recording, "script", "-F", "comm,tid,ip,sym,dso")
    text = done.stdout
    assert "not properly" not in done.stderr
    samples = [block for block in text.split("\n\n") if block.strip()]
    assert len(samples) == recording.n_samples
    theirs = sum("spin" in block and "thread_main" in block for block in samples)
    ours = sum(count for stack, count in recording.stacks.items()
               if "spin" in stack and "thread_main" in stack)
    assert theirs == ours


def test_report_names_the_same_functions(perf, recording):
    text = run_perf(perf, recording, "report", "--stdio", "--no-children", "-g", "none", "-s",
                    "comm,dso,symbol").stdout
    top = re.search(r"^ +([\d.]+)% +worker-0 +threads +\[\.\] spin", text, re.MULTILINE)
    assert top, text
    ours = sum(count for stack, count in recording.stacks.items()
               if stack[0] == "worker-0" and stack[-1] == "spin") / recording.n_samples
    assert float(top[1]) / 100 == pytest.approx(ours, abs=0.005)


def test_header_and_build_ids(perf, recording):
    header = run_perf(perf, recording, "report", "--header-only").stdout
    assert "threads 1500" in header
    assert re.search(r"hostname : \S+", header)
    build_ids = run_perf(perf, recording, "buildid-list").stdout
    notes = subprocess.run(["readelf", "-n", workload("threads")], capture_output=True, text=True,
                           check=True).stdout
    assert re.search(r"Build ID: (\w+)", notes)[1] in build_ids


def test_compressed_is_smaller_and_says_so(perf, recording):
    header = run_perf(perf, recording, "report", "--header-only").stdout
    size_bytes = (recording.folder / "perf.data").stat().st_size
    ratio = re.search(r"compressed : Zstd, level = 1, ratio = (\d+)", header)
    if ratio:
        assert int(ratio[1]) >= 2
    assert (size_bytes / recording.n_samples < 60) == bool(ratio)


def test_our_script_has_perfs_shape(perf, recording):
    ours = (recording.folder / "perf-script.txt").read_text()
    theirs = run_perf(perf, recording, "script", "-F", "+pid").stdout

    def heads(text):
        return [re.sub(r"\s+", " ", line.strip()) for line in text.splitlines()
                if line and not line[0].isspace()]

    assert heads(ours) == heads(theirs)
