"""Turning profiles into others: text to folded, perf.data to folded, both to SVG."""
import os
import shlex
import statistics
import subprocess

import peers
from context import absent, figure, row
from measure import PROGRAM, ROOT, SCRATCH, fresh_folder, interleaved, job, median, n_samples, timed
from sections import pipeline
from workloads import large_folded

NAME = "conversion"

# perf's own recordings of stack copies to a picture, warm, against perf script and FlameGraph.
DWARF_GOALS = {"sqlite3": 40, "rustc": 300}

TEXT_SIZE_BYTES = 300_000_000
PATIENCE_S = 300


def piped(command, output):
    with open(output, "wb") as file:
        subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=file,
                       stderr=subprocess.DEVNULL, check=True)


def repeated(path, size_bytes):
    """The file again and again, so that what is measured is not starting."""
    large = fresh_folder(f"{path.name}.large")
    text = path.read_bytes()
    with open(large, "wb") as file:
        for _ in range(max(1, size_bytes // len(text))):
            file.write(text)
    return large


def rate_row(what, results, sizes, goal_ratio=None, goal_rate=None):
    """Bytes a second of ours and of theirs. Results and sizes: by "ours" and the peers' names."""
    rates = {name: [sizes[name] / run["wall_s"] / 1e6 for run in runs]
             for name, runs in results.items()}
    ours = statistics.median(rates["ours"])
    for name, values in rates.items():
        if name == "ours":
            continue
        ratio = ours / statistics.median(values)
        goals, met = [], []
        if goal_ratio and not name.startswith("inferno"):
            goals.append(f">= {goal_ratio} x")
            met.append(ratio >= goal_ratio)
        if goal_rate and not name.startswith("inferno"):
            goals.append(f">= {goal_rate} MB/s")
            met.append(ours >= goal_rate)
        yield row(what, f"against {name}", figure(rates["ours"], "MB/s"), figure(values, "MB/s"),
                  f"{ratio:.1f} x", ", ".join(goals), all(met) if goals else None)


def text_to_folded(context, text):
    large = repeated(text, TEXT_SIZE_BYTES)
    sizes = {"ours": large.stat().st_size, "stackcollapse-perf.pl": text.stat().st_size,
             "inferno-collapse-perf": large.stat().st_size}
    ways = {"ours": lambda: timed([PROGRAM, "collapse", large])}
    if context.flamegraph.is_there():
        ways["stackcollapse-perf.pl"] = lambda: timed(["perl", context.flamegraph.collapse, text])
    if peers.INFERNO_COLLAPSE:
        ways["inferno-collapse-perf"] = lambda: timed([peers.INFERNO_COLLAPSE, "-q", large])
    yield from rate_row("text to folded", interleaved(ways, context.runs), sizes, 50, 1000)
    large.unlink()


def data_to_folded(context, command):
    """A recording of many finished call chains."""
    recording = job(command, "-F", "20000", "--script-limit", "0", folder_name="conversion-job")
    data = recording["folder"] / "perf.data"
    size = data.stat().st_size
    script = (f"{peers.PERF} script --no-inline -i {shlex.quote(str(data))} | "
              f"perl {shlex.quote(str(context.flamegraph.collapse))}")
    ways = {"ours": lambda: timed([PROGRAM, "collapse", data]),
            "perf script --no-inline | stackcollapse-perf.pl":
                lambda: timed(["sh", "-c", script], timeout_s=PATIENCE_S)}
    timed([PROGRAM, "collapse", data])
    results = interleaved(ways, context.runs)
    yield from rate_row(f"perf.data of {n_samples(recording)} samples to folded", results,
                        dict.fromkeys(results, size), 100, 500)
    memory_mib = statistics.median(run["memory_mib"] for run in results["ours"])
    yield row(f"perf.data of {size / 2**20:.0f} MiB to folded", "peak memory",
              f"{memory_mib:.0f} MiB", goal="<= 100 MiB", is_met=memory_mib <= 100)


def stream_to_folded(command_of_repeat, n_bytes):
    """A recording that is made while it is read: timed(), and the samples, made and counted."""
    folded = fresh_folder("stream.folded")
    with open(folded, "wb") as output, subprocess.Popen(
            [*command_of_repeat, str(int(n_bytes))], stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True) as repeat:
        result = timed([PROGRAM, "collapse", "-i", "-"], stdin=repeat.stdout, stdout=output)
        repeat.stdout.close()
        result["n_samples"], result["n_bytes"] = map(int, repeat.stderr.read().split())
    with open(folded, encoding="utf-8") as file:
        result["n_counted"] = sum(int(line.rpartition(" ")[2]) for line in file)
    return result


def streams_to_folded(context, data):
    """As large as nobody keeps: the samples of one long run, and of one short run after another."""
    program, n_bytes = SCRATCH / "repeat", context.stream_gb * 1e9
    subprocess.run(["cc", "-O2", "-o", program, ROOT / "bench/repeat.c"], check=True)
    for what, repeated_records in (("a long run", "samples"), ("short runs", "all")):
        repeat = [program, repeated_records, data]
        tenth, whole = (stream_to_folded(repeat, part) for part in (n_bytes / 10, n_bytes))
        name = f"perf.data stream of {context.stream_gb:g} GB, {what}, to folded"
        yield row(name, "samples counted", f"{whole['n_counted']} of {whole['n_samples']}",
                  goal="all", is_met=whole["n_counted"] == whole["n_samples"])
        yield row(name, "speed", f"{whole['n_bytes'] / whole['wall_s'] / 1e9:.3g} GB/s; "
                  f"{whole['n_bytes'] / whole['cpu_s'] / 1e9:.3g} GB a second of CPU time")
        growth = whole["memory_mib"] / tenth["memory_mib"]
        yield row(name, "peak memory, a tenth and the whole",
                  f"{tenth['memory_mib']:.0f} and {whole['memory_mib']:.0f} MiB", "",
                  f"{growth:.2f} x", "<= 1.05 x", growth <= 1.05)


def folded_to_svg(context, what, folded):
    ways = {"ours": lambda: timed([PROGRAM, "flamegraph", "-q", "-f", "-o",
                                   fresh_folder("ours.svg"), folded])}
    if context.flamegraph.is_there():
        ways["flamegraph.pl"] = lambda: timed(["perl", context.flamegraph.draw, folded])
    if peers.INFERNO_FLAMEGRAPH:
        ways["inferno-flamegraph"] = lambda: timed([peers.INFERNO_FLAMEGRAPH, "-q", folded])
    results = interleaved(ways, context.runs)
    size = folded.stat().st_size
    yield from rate_row(f"{what} to SVG", results, dict.fromkeys(results, size), 50)
    memory_mib = statistics.median(run["memory_mib"] for run in results["ours"])
    limit_mib = 2 * size / 2**20
    yield row(f"{what} to SVG", "peak memory", f"{memory_mib:.0f} MiB",
              goal=f"<= {limit_mib:.0f} MiB", is_met=memory_mib <= limit_mib)


def dwarf_to_svg(context, name, command):
    """A recording of perf's with stack copies: we unwind and name what perf did not."""
    data, svg = fresh_folder("dwarf.perf.data"), fresh_folder("dwarf.svg")
    timed([peers.PERF, "record", "-q", "-F", "997", "--call-graph", "dwarf", "-o", data, "--",
           *command])
    ours = [PROGRAM, "flamegraph", "-q", "-f", "-o", svg, data]
    cold = timed(ours, env={**os.environ, "XDG_CACHE_HOME": str(fresh_folder("cold-cache"))})
    timed(ours)
    warm = [timed(ours) for _ in range(context.runs)]
    theirs = pipeline.theirs(context, data, "")
    size_mib = data.stat().st_size / 2**20
    data.unlink()
    more = "" if theirs["status"] is not None else "more than "
    for what, runs, goal in (("warm", warm, DWARF_GOALS.get(name)), ("cold", [cold], None)):
        ratio = theirs["wall_s"] / median(runs, "wall_s")
        yield row(name, f"perf's dwarf recording of {size_mib:.0f} MiB to SVG, {what} cache",
                  figure([run["wall_s"] * 1000 for run in runs], "ms"),
                  f"{more}{theirs['wall_s']:.3g} s", f"{more}{ratio:.0f} x",
                  f">= {goal} x" if goal else "", ratio >= goal if goal else None)


def measure(context):
    yield from folded_to_svg(context, "200 MB of sorted stacks", large_folded(True))
    yield from folded_to_svg(context, "200 MB of shuffled stacks", large_folded(False))
    command = next((context.programs[name] for name in ("sqlite3", "cc1plus")
                    if context.programs.get(name)), None)
    if not peers.PERF or not command:
        yield absent("sqlite3, cc1plus", "conversions", "perf or the program")
        return
    data, text = fresh_folder("conversion.perf.data"), fresh_folder("conversion.txt")
    timed([peers.PERF, "record", "-q", "-g", "-F", "4000", "-o", data, "--", *command])
    piped([peers.PERF, "script", "--no-inline", "-i", data], text)
    yield from text_to_folded(context, text)
    stream = fresh_folder("stream.perf.data")
    piped([peers.PERF, "record", "-q", "-g", "-F", "4000", "-o", "-", "--", *command], stream)
    yield from streams_to_folded(context, stream)
    for name in DWARF_GOALS:
        if context.flamegraph.is_there() and context.programs.get(name):
            yield from dwarf_to_svg(context, name, context.programs[name])
        else:
            yield absent(name, "perf's dwarf recording to SVG", "FlameGraph or the program")
    if context.flamegraph.is_there():
        yield from data_to_folded(context, command)
    data.unlink()
