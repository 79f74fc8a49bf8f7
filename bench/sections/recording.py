"""What recording costs the program: the whole job and perf's recording against the bare command."""
import subprocess

import peers
from context import absent, figure, row
from measure import ROOT, SCRATCH, fresh_folder, interleaved, job, median, n_lost, n_samples, timed

NAME = "recording"

RATES_HZ = (997, 4999, 20000)
GOALS = {997: 1.03, 4999: 1.10}

# Programs that the goals speak of: five seconds of work on one thread, so that the one-time cost
# is a small part and the other CPU is free for the profiler.
WITH_GOALS = ("sqlite3",)


def perf_record(command, *options):
    return timed([peers.PERF, "record", "-q", "-F", "997", *options, "-o",
                  fresh_folder("theirs.perf.data"), "--", *command])


def samply_record(command):
    return timed([peers.SAMPLY, "record", "--save-only", "-r", "997", "-o",
                  fresh_folder("theirs.samply.json.gz"), "--", *command])


def floor_rows():
    """The timer's interrupt and an address: what no sampling profiler can go below."""
    program = SCRATCH / "floor"
    subprocess.run(["cc", "-O2", "-o", program, ROOT / "bench/floor.c"], check=True)
    done = subprocess.run([program, *map(str, RATES_HZ)], capture_output=True, text=True,
                          check=False)
    for line in done.stdout.splitlines():
        rate, sample_us = line.split()
        yield row("a loop", f"{rate} Hz, interrupts alone / bare", f"{sample_us} us a sample", "",
                  f"{1 + float(sample_us) * int(rate) / 1e6:.3f}")
    if done.returncode != 0:
        yield row("a loop", "interrupts alone", done.stderr.strip())


def overhead_rows(name, results):
    bare_s, bare_cpu_s = median(results["bare"], "wall_s"), median(results["bare"], "cpu_s")
    for way, runs in results.items():
        if way == "bare":
            continue
        ratio = median(runs, "wall_s") / bare_s
        cpu = median(runs, "cpu_s") / bare_cpu_s
        goal = GOALS.get(way) if name in WITH_GOALS else None
        text = f"{ratio:.3f} (CPU {cpu:.3f})"
        seconds = figure((run["wall_s"] for run in runs), "s")
        label = f"{way} Hz, whole job / bare" if way in RATES_HZ else f"{way}, recording / bare"
        yield row(name, label, seconds if way in RATES_HZ else "",
                  "" if way in RATES_HZ else seconds, text, f"<= {goal}" if goal else "",
                  ratio <= goal if goal else None)


def quality_rows(name, results):
    for rate in RATES_HZ:
        runs = results[rate]
        lost = sum(n_lost(run) for run in runs)
        taken = sum(n_samples(run) for run in runs)
        yield row(name, f"{rate} Hz, samples lost", f"{lost} of {taken}", goal="0" if rate < 20000
                  else "", is_met=lost == 0 if rate < 20000 else None)
    runs = results[997]
    last = runs[-1]
    yield row(name, "perf.data, bytes a sample",
              f"{(last['folder'] / 'perf.data').stat().st_size / max(n_samples(last), 1):.0f}")
    yield row(name, "peak memory of perf-profile", figure((r["memory_mib"] for r in runs), "MiB"))
    stages = {stage: sorted(run["stages"][stage] for run in runs)[len(runs) // 2]
              for stage in ("start to sampling", "unwinding in it", "symbols",
                            "other deliverables")}
    yield row(name, "stages, median ms", ", ".join(f"{stage} {value:.1f}"
                                                   for stage, value in stages.items()))


def measure(context):
    start = interleaved({"bare": lambda: timed(["true"]), "ours": lambda: job(["true"])},
                        context.runs * 4)
    cost_ms = 1000 * (median(start["ours"], "wall_s") - median(start["bare"], "wall_s"))
    yield row("true", "whole job less the bare command", f"{cost_ms:.1f} ms", goal="<= 30 ms",
              is_met=cost_ms <= 30)
    yield from floor_rows()
    if not peers.PERF:
        yield absent("all", "perf record", "perf")
    if not peers.SAMPLY:
        yield absent("all", "samply record", "samply")
    for name, command in context.programs.items():
        if not command:
            yield absent(name, "everything", name)
            continue
        ways = {"bare": lambda c=command: timed(c)}
        for rate in RATES_HZ:
            ways[rate] = lambda c=command, r=rate: job(c, "-F", str(r), folder_name=f"job-{r}")
        if peers.PERF:
            ways["perf dwarf 997 Hz"] = lambda c=command: perf_record(c, "--call-graph", "dwarf")
            ways["perf fp 997 Hz"] = lambda c=command: perf_record(c, "-g")
        if peers.SAMPLY:
            ways["samply 997 Hz"] = lambda c=command: samply_record(c)
        job(command)  # what is kept from run to run is part of everyday life
        results = interleaved(ways, context.runs)
        yield from overhead_rows(name, results)
        yield from quality_rows(name, results)
