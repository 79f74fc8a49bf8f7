"""What the system tests share: running the program and reading what it leaves behind."""
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = os.environ.get("PERF_PROFILE", "build/src/cli/perf-profile")
WORKLOADS = Path(os.environ.get("PERF_PROFILE_BUILD", "build")).resolve() / "tests/workloads"

DELIVERABLES = ["perf.data", "perf-report.txt", "perf-script.txt", "perf-collapsed.txt",
                "flamegraph.svg", "analysis.txt", "summary.json"]


def workload(name):
    return str(WORKLOADS / name)


def fault(name):
    """A library of tests/system/faults, to be preloaded."""
    return str(WORKLOADS.parent / f"system/faults/{name}.so")


def profile(folder, *command, options=(), **keywords):
    """Run the program; the finished process."""
    keywords.setdefault("stdin", subprocess.DEVNULL)
    return subprocess.run([PROGRAM, "-o", str(folder), *options, "--", *map(str, command)],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=120,
                          **keywords)


# seccomp(2): load the system call's number; perf_event_open (298 on x86-64) gives EPERM.
SECCOMP = """
import ctypes, os, struct, sys
program = b"".join(struct.pack("HBBI", *line) for line in [
    (0x20, 0, 0, 0), (0x15, 0, 1, 298), (0x06, 0, 0, 0x00050001), (0x06, 0, 0, 0x7fff0000)])
code = ctypes.create_string_buffer(program)
fprog = struct.pack("HxxxxxxP", 4, ctypes.addressof(code))
libc = ctypes.CDLL(None, use_errno=True)
if libc.prctl(38, 1, 0, 0, 0) != 0 or libc.prctl(22, 2, fprog, 0, 0) != 0:
    sys.exit(77)
os.execv(sys.argv[1], sys.argv[1:])
"""


def without_perf_events(*arguments, program=PROGRAM, **keywords):
    """The program behind a filter as container engines have it; the finished process."""
    done = subprocess.run([sys.executable, "-c", SECCOMP, program, *map(str, arguments)],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=120, check=False, **keywords)
    if done.returncode == 77 or os.uname().machine != "x86_64":
        pytest.skip("this machine does not take the seccomp filter")
    return done


class Recording:
    """The deliverables of one run."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.summary = json.loads((self.folder / "summary.json").read_text())
        self.stacks = {}
        for line in (self.folder / "perf-collapsed.txt").read_text().splitlines():
            stack, _, count = line.rpartition(" ")
            self.stacks[tuple(stack.split(";"))] = int(count)
        self.n_samples = sum(self.stacks.values())

    def share(self, function):
        """Share of samples with a frame of this name (a regular expression for all of it)."""
        pattern = re.compile(function)
        return sum(count for stack, count in self.stacks.items()
                   if any(pattern.fullmatch(frame) for frame in stack)) / self.n_samples

    def share_of_chain(self, *functions):
        """Share of the samples of the last function that have all of them, in this order."""
        patterns = [re.compile(function) for function in functions]
        n_leaf = n_chain = 0
        for stack, count in self.stacks.items():
            if not any(patterns[-1].fullmatch(frame) for frame in stack):
                continue
            n_leaf += count
            frames = iter(stack)
            if all(any(pattern.fullmatch(frame) for frame in frames) for pattern in patterns):
                n_chain += count
        return n_chain / n_leaf

    @property
    def complete_share(self):
        """Share of the user stacks that reach their root, by perf-profile's own count."""
        return self.summary["quality"]["complete_share"]


def record(folder, *command, options=(), status=0):
    """Profile, expect the status, read the deliverables."""
    done = profile(folder, *command, options=options)
    assert done.returncode == status, done.stderr
    return Recording(folder)


def as_nobody(command, **keywords):
    if os.geteuid() != 0 or not shutil.which("setpriv"):
        pytest.skip("needs root and setpriv to become another user")
    return subprocess.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
                           "--inh-caps=-all", *command], capture_output=True, text=True,
                          timeout=60, check=False, **keywords)


def reachable_copy(tmp_path, path):
    """The build folder may be closed to other users; a copy in an open one is not."""
    os.chmod(tmp_path.parent.parent, 0o755)
    os.chmod(tmp_path.parent, 0o755)
    os.chmod(tmp_path, 0o777)
    copy = tmp_path / os.path.basename(path)
    shutil.copy(path, copy)
    os.chmod(copy, 0o755)
    return str(copy)
