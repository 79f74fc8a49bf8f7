"""Timing commands: what a run of perf-profile compare costs beside one of hyperfine -N."""
import peers
from context import absent, figure, row
from measure import PROGRAM, interleaved, timed

NAME = "compare"

RUNS_A_SIDE = 200


def measure(context):
    if not peers.HYPERFINE:
        yield absent("true", "a timed run", "hyperfine")
        return
    count = str(RUNS_A_SIDE)
    results = interleaved({
        "ours": lambda: timed([PROGRAM, "compare", "-q", "-N", "--no-profile", "--warmup", "0",
                               "--runs", count, "true", "true"]),
        "theirs": lambda: timed([peers.HYPERFINE, "-N", "-w", "0", "-r", count, "true", "true"]),
    }, context.runs)
    run_us = {name: [1e6 * run["wall_s"] / (2 * RUNS_A_SIDE) for run in runs]
              for name, runs in results.items()}
    ratio = sorted(run_us["ours"])[len(run_us["ours"]) // 2] / \
        sorted(run_us["theirs"])[len(run_us["theirs"]) // 2]
    yield row("true", "a timed run, hyperfine -N", figure(run_us["ours"], "us"),
              figure(run_us["theirs"], "us"), f"{ratio:.2f}")
