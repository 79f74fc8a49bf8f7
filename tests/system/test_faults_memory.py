"""Every allocation fails once, wherever it is: a message and a status, never a crash."""
import os
import signal
import subprocess

import pytest

from recordings import PROGRAM, fault, profile, workload

# Tried in each job, from the first allocation to the last.
N_PLACES = 15


@pytest.fixture(scope="module")
def library():
    with open(PROGRAM, "rb") as program:
        if b"__asan_init" in program.read():
            pytest.skip("the address sanitizer has an allocator of its own")
    return fault("fail_allocation")


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("inputs")
    assert profile(folder / "out", workload("split"), 200).returncode == 0
    (folder / "a.folded").write_text("a;b 3\na;c 4\n")
    (folder / "b.folded").write_text("a;b 5\na;d 4\n")
    return folder


JOBS = {
    "report": ["report", "-i", "out/perf.data"],
    "script": ["script", "-i", "out/perf.data"],
    "flamegraph": ["flamegraph", "out/perf-collapsed.txt"],
    "collapse": ["collapse", "out/perf-script.txt"],
    "export": ["export", "--format", "pprof", "-i", "out/perf.data", "-o", "pprof", "--force"],
    "annotate": ["annotate", "-i", "out/perf.data"],
    "merge": ["merge", "out/perf.data", "a.folded", "-o", "merged", "--force"],
    "bundle": ["bundle", "out/perf.data", "-o", "bundle", "--force"],
    "diff": ["diff", "a.folded", "b.folded"],
    "check": ["check"],
    "run": ["-o", "fresh", "--force", "--no-cache", "true"],
    "stat": ["stat", "true"],
    "compare": ["compare", "--runs", "2", "--no-profile", "true", "true"],
}


def run(library, arguments, folder, **variables):
    environment = {**os.environ, "LD_PRELOAD": library, **variables}
    return subprocess.run([os.path.abspath(PROGRAM), *arguments], cwd=folder, env=environment,
                          stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, text=True, timeout=60, check=False)


@pytest.mark.parametrize("job", JOBS)
def test_out_of_memory(library, inputs, tmp_path, job):
    count = tmp_path / "count"
    run(library, JOBS[job], inputs, FAIL_ALLOCATION_COUNT=str(count))
    n_allocations = int(count.read_text())
    assert n_allocations > 20
    ratio = n_allocations ** (1 / N_PLACES)
    n_messages = 0
    for at in sorted({int(ratio ** i) for i in range(N_PLACES + 1)}):
        done = run(library, JOBS[job], inputs, FAIL_ALLOCATION_AT=str(at))
        if done.returncode == -signal.SIGABRT and "Unexpected error." in done.stderr:
            continue    # an assertion of libdw about its table of abbreviations
        # The last ones may be of what is not missed: stdio without a buffer works too.
        assert done.returncode in (0, 125), (at, done.returncode, done.stderr[-300:])
        assert done.returncode == 0 or "memory" in done.stderr, (at, done.stderr[-300:])
        n_messages += done.returncode == 125
    assert n_messages > N_PLACES / 4
