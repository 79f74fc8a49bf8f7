"""What the system tests share: running the program and reading what it leaves behind."""
import json
import os
import re
import subprocess
from pathlib import Path

PROGRAM = os.environ.get("PERF_PROFILE", "build/src/cli/perf-profile")
WORKLOADS = Path(os.environ.get("PERF_PROFILE_BUILD", "build")).resolve() / "tests/workloads"

DELIVERABLES = ["perf.data", "perf-report.txt", "perf-script.txt", "perf-collapsed.txt",
                "flamegraph.svg", "analysis.txt", "summary.json"]


def workload(name):
    return str(WORKLOADS / name)


def profile(folder, *command, options=(), **keywords):
    """Run the program; the finished process."""
    keywords.setdefault("stdin", subprocess.DEVNULL)
    return subprocess.run([PROGRAM, "-o", str(folder), *options, "--", *map(str, command)],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=120,
                          **keywords)


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
