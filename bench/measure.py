"""What the benchmarks share: timed runs, medians with spread, tables."""
import json
import os
import platform
import resource
import shutil
import statistics
import subprocess
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build-bench/build"
PROGRAM = BUILD / "src/cli/perf-profile"
WORKLOADS = BUILD / "tests/workloads"
SCRATCH = ROOT / "build-bench/scratch"


def build():
    """Make the program and the workloads as they are shipped: a build of the benchmarks' own."""
    log = BUILD.parent / "build.log"
    BUILD.mkdir(parents=True, exist_ok=True)
    with open(log, "w", encoding="utf-8") as file:
        targets = ["src/cli/perf-profile", "tests/workloads/fixed-work"]
        if shutil.which("rustc"):
            targets.append("tests/workloads/two_threads")
        for command in (["meson", "setup", BUILD, ROOT], ["ninja", "-C", BUILD, *targets]):
            if command[0] == "meson" and (BUILD / "build.ninja").exists():
                continue
            if subprocess.run(command, stdout=file, stderr=file, check=False).returncode != 0:
                raise SystemExit(f"bench: {command[0]} failed: see {log} (is ./test set up?)")


def timed(command, **keywords):
    """Run a command; wall seconds, CPU seconds and peak memory of its whole tree."""
    keywords.setdefault("stdout", subprocess.DEVNULL)
    keywords.setdefault("stderr", subprocess.DEVNULL)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start_s = time.monotonic()
    status = subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL,
                            check=False, **keywords).returncode
    wall_s = time.monotonic() - start_s
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {"wall_s": wall_s, "status": status,
            "cpu_s": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime}


def peak_memory_mib(command):
    """Peak resident memory of the started process alone, as GNU time sees it."""
    done = subprocess.run(["/usr/bin/time", "-f", "peak %M", *map(str, command)],
                          capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    lines = [line for line in done.stderr.splitlines() if line.startswith("peak ")]
    return int(lines[-1].split()[1]) / 1024


def interleaved(commands, runs):
    """Run each of the named commands in turn, `runs` rounds: {name: [result]}."""
    results = {name: [] for name in commands}
    for _ in range(runs):
        for name, command in commands.items():
            results[name].append(command())
    return results


def median(results, key):
    return statistics.median(result[key] for result in results)


def spread(results, key):
    values = [result[key] for result in results]
    return f"{min(values):.3g}..{max(values):.3g}"


def fresh_folder(name):
    """A path that does not exist, in the scratch folder."""
    SCRATCH.mkdir(parents=True, exist_ok=True)
    path = SCRATCH / name
    subprocess.run(["rm", "-rf", str(path)], check=True)
    return path


def machine():
    model = next((line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo", encoding="utf-8")
                  if line.startswith("model name")), "unknown CPU")
    return f"{model}, {os.cpu_count()} CPUs, Linux {platform.release()}"


def print_table(rows):
    """Rows of (what, value, goal, verdict)."""
    widths = [max(len(str(row[i])) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        print("  ".join(str(cell).ljust(width) for cell, width in zip(row, widths)).rstrip())


def save(path, rows, facts):
    Path(path).write_text(json.dumps({"machine": machine(), "facts": facts, "rows": rows},
                                     indent=1) + "\n")
