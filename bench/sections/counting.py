"""Counts of stat beside those of perf stat, of the same command: all events that both can count."""
import re
import statistics
import subprocess

import peers
from context import absent, figure, row
from measure import PROGRAM, WORKLOADS, interleaved

NAME = "counting"

EVENTS = ("task-clock", "cpu-clock", "page-faults", "minor-faults", "major-faults",
          "context-switches", "cpu-migrations", "alignment-faults", "emulation-faults",
          "cycles", "instructions", "branches", "branch-misses", "cache-references",
          "cache-misses", "L1-dcache-loads", "LLC-loads", "dTLB-loads", "iTLB-loads",
          "syscalls:sys_enter_read", "syscalls:sys_enter_write", "sched:sched_switch",
          "sched:sched_process_exec", "sched:sched_process_fork")

# Of the larger one: counts of one program differ this much from run to run, and by more only
# when something else ran. Those that must be equal are, and differ by nothing.
GOAL_DIFFERENCE = 0.05
GOAL_COUNT = 5


def count(tool):
    """Event -> count; those that this tool cannot count here are not in it."""
    command = ["sh", "-c", f"{WORKLOADS / 'split'} 300; {WORKLOADS / 'waits'} sleeper 20"]
    done = subprocess.run([*tool, "stat", "-x,", "-e", ",".join(EVENTS), "--", *command],
                          capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    fields = [line.split(",") for line in done.stderr.splitlines()]
    return {line[2]: float(line[0]) for line in fields
            if len(line) > 4 and re.fullmatch(r"[\d.]+", line[0])}


def measure(context):
    if not peers.PERF:
        yield absent("split and sleeper", "perf stat", "perf")
        return
    ways = {"ours": lambda: count([PROGRAM]), "theirs": lambda: count([peers.PERF])}
    results = interleaved(ways, context.runs)
    for event in EVENTS:
        ours, theirs = ([run[event] for run in runs if event in run] for runs in results.values())
        if not ours and not theirs:
            continue
        if not ours or not theirs:
            yield row("split and sleeper", event, "not counted" if not ours else figure(ours),
                      "not counted" if not theirs else figure(theirs), goal="both or none",
                      is_met=False)
            continue
        a, b = statistics.median(ours), statistics.median(theirs)
        # Their own runs say what noise is.
        noise = max(max(runs) - min(runs) for runs in (ours, theirs))
        allowed = max(GOAL_DIFFERENCE * max(a, b), GOAL_COUNT, noise)
        yield row("split and sleeper", event, figure(ours), figure(theirs),
                  f"{a / b:.3f}" if b else "", f"within {GOAL_DIFFERENCE:.0%} or noise",
                  abs(a - b) <= allowed)
