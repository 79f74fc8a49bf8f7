"""
What off-CPU recording costs a program that does nothing but switch: a byte through two pipes, both
threads on one CPU and on one each. Unpinned the figures say where the scheduler put them.
"""
import os
import re
import statistics
import subprocess

import peers
from context import absent, row
from measure import PROGRAM, WORKLOADS, fresh_folder, interleaved

NAME = "waiting"

TURNS_PER_SECOND = 40000

# On two CPUs each switch wakes an idle CPU: in a virtual machine that is 100 us and more.
APART_TURNS_PER_SECOND = 2000

SWITCHES_LEAST = 50000

# Switches per second at which the goal is to be met. What a switch costs more is the same at any
# rate, a program that does some work between two has fewer: at 200,000 there are 5 us for each.
GOAL_RATE = 200000
GOAL_RATIO = 1.10


def switches(command, **keywords):
    """Switches per second, by the program's own clock: how it starts and ends is not in it."""
    done = subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                          check=False, **keywords)
    found = re.search(r"switches per second: (\d+)", done.stdout)
    if not found:
        raise SystemExit(f"bench: {command[0]} said nothing of its switches")
    return int(found[1])


def offcputime(command):
    """bcc watches the whole machine from before the program's start until after its end."""
    with subprocess.Popen([peers.OFFCPUTIME, "-f"], stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL) as watcher:
        try:
            watcher.wait(6)  # until its program is compiled and loaded
        except subprocess.TimeoutExpired:
            pass
        if watcher.poll() is not None:
            raise RuntimeError("offcputime ended at once")
        rate = switches(command)
        watcher.send_signal(2)
        watcher.wait()
    return rate


def ways(command):
    yield "bare", lambda: switches(command)
    for name, options in (("ours, CPU only", ()), ("ours, --off-cpu", ("--off-cpu",))):
        yield name, lambda options=options: switches(
            [PROGRAM, "-q", *options, "-o", fresh_folder("waiting"), "--", *command])
    if peers.PERF:
        for name, options in (("perf, an event that does nothing", ("-e", "dummy:u")),
                              ("perf, sched_switch -g", ("-e", "sched:sched_switch", "-g")),
                              ("perf, cpu-clock", ("-e", "cpu-clock", "-F", "997", "-g"))):
            yield name, lambda options=options: switches(
                [peers.PERF, "record", "-q", *options, "-o", fresh_folder("waiting.perf.data"),
                 "--", *command])
    if peers.OFFCPUTIME:
        yield "bcc, offcputime", lambda: offcputime(command)


def added_us(bare, rates):
    """What one switch takes longer."""
    return 1e6 / statistics.median(rates) - 1e6 / bare


def measure_on(context, cpus, turns):
    is_one = cpus[0] == cpus[1]
    command = [WORKLOADS / "waits", "pingpong", str(turns), *map(str, cpus)]
    program = "pingpong, CPU " + " and ".join(str(cpu) for cpu in sorted(set(cpus)))
    usable, reasons = {}, {}
    for name, way in ways(command):
        try:
            way()
            usable[name] = way
        except (RuntimeError, OSError) as error:
            reasons[name] = error
    results = interleaved(usable, context.runs)
    bare = statistics.median(results.pop("bare"))
    yield row(program, "switches per second, bare", f"{bare:.0f}",
              goal=f">= {SWITCHES_LEAST}" if is_one else "",
              is_met=bare >= SWITCHES_LEAST if is_one else None)
    for name, rates in results.items():
        more_us = added_us(bare, rates)
        ratio = 1 + more_us * GOAL_RATE / 1e6
        figure = f"{statistics.median(rates):.0f} ({min(rates)}..{max(rates)})"
        has_goal = is_one and name == "ours, --off-cpu"
        yield row(program, f"{name}: switches per second", figure if "ours" in name else "",
                  figure if "ours" not in name else "",
                  f"{bare / statistics.median(rates):.3f} times as long, {more_us:+.2f} us each" +
                  (f": {ratio:.3f} at {GOAL_RATE:,} a second" if is_one else ""),
                  f"<= {GOAL_RATIO} at that" if has_goal else "",
                  ratio <= GOAL_RATIO if has_goal else None)
    for name, reason in reasons.items():
        yield row(program, name, "", str(reason))
    if not peers.OFFCPUTIME:
        yield absent(program, "bcc, offcputime", "offcputime")


def measure(context):
    cpus = sorted(os.sched_getaffinity(0))
    yield from measure_on(context, (cpus[-1], cpus[-1]), int(TURNS_PER_SECOND * context.seconds))
    if len(cpus) > 1:
        yield from measure_on(context, (cpus[-1], cpus[-2]),
                              int(APART_TURNS_PER_SECOND * context.seconds))
