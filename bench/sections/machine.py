"""What recording the whole machine costs it: the profiler's own CPU time with every CPU busy."""
import os
import subprocess

import peers
from context import absent, figure, row
from measure import WORKLOADS, fresh_folder, interleaved, job, n_lost, n_samples, timed

NAME = "machine"

GOAL_SHARE = 0.02

# Ends by itself if we do not.
BUSY_MS = 600000


def measure(context):
    n_cpus = os.cpu_count()
    seconds = 2 * context.seconds
    ways = {"ours, recording and reports": lambda: job(
        ["sleep", str(seconds)], "-a", folder_name="machine")}
    if peers.PERF:
        for name, options in (("perf, frame pointers", ["-g"]),
                              ("perf, dwarf", ["--call-graph", "dwarf,65528"])):
            ways[name] = lambda options=options: timed(
                [peers.PERF, "record", "-q", "-a", "-F", "997", *options, "-o",
                 fresh_folder("machine.perf.data"), "--", "sleep", str(seconds)])
    busy = [subprocess.Popen([WORKLOADS / "split", str(BUSY_MS)]) for _ in range(n_cpus)]
    try:
        results = interleaved(ways, context.runs)
    finally:
        for process in busy:
            process.kill()
            process.wait()
    for name, runs in results.items():
        share = sorted(run["cpu_s"] for run in runs)[len(runs) // 2] / (seconds * n_cpus)
        text = figure((run["cpu_s"] for run in runs), "s")
        is_ours = name.startswith("ours")
        yield row(f"{n_cpus} x split", f"{name}: CPU time in {seconds:g} s",
                  text if is_ours else "", "" if is_ours else text, f"{share:.2%} of the machine",
                  f"<= {GOAL_SHARE:.0%}" if is_ours else "",
                  share <= GOAL_SHARE if is_ours else None)
    runs = results["ours, recording and reports"]
    lost, taken = sum(map(n_lost, runs)), sum(map(n_samples, runs))
    yield row(f"{n_cpus} x split", "samples lost", f"{lost} of {taken}", goal="0",
              is_met=lost == 0)
    if not peers.PERF:
        yield absent(f"{n_cpus} x split", "perf record -a", "perf")
