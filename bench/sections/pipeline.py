"""
How long one waits for the picture when the program has ended: the last deliverable of the main job
against perf script | stackcollapse-perf.pl | flamegraph.pl, and against perf report.
"""
import shlex
import statistics

import peers
from context import absent, figure, row
from measure import SCRATCH, fresh_folder, job, n_samples, timed

NAME = "pipeline"

# perf script takes minutes for a second of rustc; what takes longer is not waited for.
PATIENCE_S = 300

FINISH_GOALS_MS = {"sqlite3": 50, "Rust, two threads": 50, "rustc": 200}
RATIO_GOALS = {("sqlite3", ""): 40, ("rustc", ""): 100, ("sqlite3", "--no-inline"): 10,
               ("rustc", "--no-inline"): 10}
SIZE_GOAL = 50


def theirs(context, data, flag):
    script = " | ".join((f"{peers.PERF} script {flag} -i {shlex.quote(str(data))}",
                         f"perl {shlex.quote(str(context.flamegraph.collapse))}",
                         f"perl {shlex.quote(str(context.flamegraph.draw))}"))
    return timed(["sh", "-c", script], timeout_s=PATIENCE_S)


def pipeline_row(name, flag, ours_ms, result):
    goal = RATIO_GOALS.get((name, flag))
    ratio = 1000 * result["wall_s"] / statistics.median(ours_ms)
    more = "" if result["status"] is not None else "more than "
    return row(name, f"end to picture, perf script {flag} | FlameGraph".replace("  ", " "),
               figure(ours_ms, "ms"), f"{more}{result['wall_s']:.3g} s", f"{more}{ratio:.0f} x",
               f">= {goal} x" if goal else "", ratio >= goal if goal else None)


def whole_row(name, command, ours):
    """From the command's start to the picture: what cargo-flamegraph does in one call, as we do."""
    if not (peers.CARGO_FLAMEGRAPH and peers.PERF):
        return absent(name, "start to picture", "cargo-flamegraph or perf")
    result = timed([peers.CARGO_FLAMEGRAPH, "-F", "997", "-o", fresh_folder("theirs.svg"), "--",
                    *command], timeout_s=PATIENCE_S, cwd=SCRATCH)
    ours_s = [run["wall_s"] for run in ours]
    more = "" if result["status"] is not None else "more than "
    return row(name, "start to picture, cargo-flamegraph", figure(ours_s, "s"),
               f"{more}{result['wall_s']:.3g} s",
               f"{more}{result['wall_s'] / statistics.median(ours_s):.1f} x")


def measure(context):
    for name, command in context.programs.items():
        if not command:
            continue
        job(command)
        cold = job(command, "--no-cache")
        warm = [job(command) for _ in range(context.runs)]
        ours_ms = [run["finish_ms"] for run in warm]
        goal = FINISH_GOALS_MS.get(name)
        yield row(name, "end to last deliverable", figure(ours_ms, "ms"),
                  goal=f"<= {goal} ms" if goal else "",
                  is_met=statistics.median(ours_ms) <= goal if goal else None)
        yield row(name, "the same without a cache", f"{cold['finish_ms']:.1f} ms")
        yield whole_row(name, command, warm)
        if not peers.PERF:
            yield absent(name, "end to picture", "perf")
            continue
        data = fresh_folder("theirs.perf.data")
        timed([peers.PERF, "record", "-q", "-F", "997", "--call-graph", "dwarf", "-o", data, "--",
               *command])
        ours_bytes = (warm[-1]["folder"] / "perf.data").stat().st_size / n_samples(warm[-1])
        their_bytes = data.stat().st_size / max(n_samples(warm[-1]), 1)
        yield row(name, "perf.data, KB a sample", f"{ours_bytes / 1e3:.2f}",
                  f"{their_bytes / 1e3:.2f}", f"{their_bytes / ours_bytes:.0f} x",
                  f">= {SIZE_GOAL} x", their_bytes / ours_bytes >= SIZE_GOAL)
        if context.flamegraph.is_there():
            for flag in ("--no-inline", ""):
                yield pipeline_row(name, flag, ours_ms, theirs(context, data, flag))
        else:
            yield absent(name, "end to picture", "FlameGraph")
        data.unlink()
