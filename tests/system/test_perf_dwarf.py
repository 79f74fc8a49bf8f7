"""perf's own recordings with stack copies, unwound by us and by perf: frame by frame."""
import shutil
import subprocess
from pathlib import Path

import pytest

import perf_chains

SOURCE = Path(__file__).resolve().parent.parent / "workloads/every-frame.c"

BUILDS = {
    "gcc -O2": ["gcc", "-O2", "-fomit-frame-pointer"],
    "gcc -O0, not PIE": ["gcc", "-O0", "-no-pie"],
    "gcc -O3, static": ["gcc", "-O3", "-fomit-frame-pointer", "-static"],
    "gcc -O2, .debug_frame only": ["gcc", "-O2", "-g", "-fno-asynchronous-unwind-tables",
                                   "-fno-unwind-tables"],
    "clang -O1, frame pointers": ["clang-14", "-O1", "-fno-omit-frame-pointer"],
}


@pytest.fixture(scope="module")
def perf():
    if not shutil.which("perf") or subprocess.run(["perf", "version"], capture_output=True,
                                                  check=False).returncode != 0:
        pytest.skip("perf is not installed")


@pytest.mark.parametrize("name", BUILDS)
def test_chains_are_at_least_perfs(perf, tmp_path, name):
    command = BUILDS[name]
    if not shutil.which(command[0]):
        pytest.skip(f"{command[0]} is not installed")
    program = tmp_path / "every-frame"
    subprocess.run([*command, "-D_GNU_SOURCE", SOURCE, "-o", program, "-pthread"], check=True)
    perf_chains.record_by_perf(tmp_path / "perf.data", program, 40)
    counts, examples = perf_chains.compare(tmp_path / "perf.data")
    unexplained = {found: examples[found] for found in counts
                   if found not in perf_chains.EXPLAINED}
    assert not unexplained
    assert sum(counts.values()) > 20


def test_chains_of_programs_that_moved(perf, tmp_path):
    """The files are under a folder of their own, by their recorded paths."""
    program = tmp_path / "every-frame"
    subprocess.run(["gcc", "-O2", "-D_GNU_SOURCE", SOURCE, "-o", program, "-pthread"], check=True)
    perf_chains.record_by_perf(tmp_path / "perf.data", program, 40)
    here = perf_chains.chains_of_ours(tmp_path / "perf.data")
    for path in {frame.file for _, chain in here for frame in chain if frame.file[0] == "/"}:
        copy = tmp_path / ("root" + path)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)
    program.unlink()
    assert perf_chains.chains_of_ours(tmp_path / "perf.data", "--symfs", tmp_path / "root") == here
