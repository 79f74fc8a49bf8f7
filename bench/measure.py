"""What the benchmarks share: timed runs, the main job and its own timings, medians, tables."""
import json
import os
import platform
import re
import statistics
import subprocess
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build-bench/build"
PROGRAM = BUILD / "src/cli/perf-profile"
WORKLOADS = BUILD / "tests/workloads"
SCRATCH = ROOT / "build-bench/scratch"

UNIT_MS = {"us": 0.001, "ms": 1, "s": 1000}


def build():
    """Make the program and the workloads as they are shipped: a build of the benchmarks' own."""
    log = BUILD.parent / "build.log"
    BUILD.mkdir(parents=True, exist_ok=True)
    with open(log, "w", encoding="utf-8") as file:
        for command in (["meson", "setup", BUILD, ROOT],
                        ["ninja", "-C", BUILD, "src/cli/perf-profile", "workloads"]):
            if command[0] == "meson" and (BUILD / "build.ninja").exists():
                continue
            if subprocess.run(command, stdout=file, stderr=file, check=False).returncode != 0:
                raise SystemExit(f"bench: {command[0]} failed: see {log} (is ./test set up?)")


def timed(command, timeout_s=None, **keywords):
    """
    Run a command; wall seconds, CPU seconds and peak memory of it and what it waited for, status.
    When it takes longer than timeout_s it is ended, and has the status None and the time it had.
    """
    keywords.setdefault("stdin", subprocess.DEVNULL)
    keywords.setdefault("stdout", subprocess.DEVNULL)
    keywords.setdefault("stderr", subprocess.DEVNULL)
    start_s = time.monotonic()
    with subprocess.Popen([str(word) for word in command], start_new_session=True,
                          **keywords) as process:
        timer = threading.Timer(timeout_s or threading.TIMEOUT_MAX, os.killpg, (process.pid, 9))
        timer.daemon = True
        timer.start()
        _, status, usage = os.wait4(process.pid, 0)
        wall_s = time.monotonic() - start_s
        timer.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
    is_late = timeout_s and wall_s >= timeout_s
    return {"wall_s": wall_s, "status": None if is_late else process.returncode,
            "cpu_s": usage.ru_utime + usage.ru_stime, "memory_mib": usage.ru_maxrss / 1024}


def job(command, *options, folder_name="job"):
    """
    The main job on a command: what timed() tells, and the folder of its deliverables, summary.json
    as "summary", and the stages of --timings in milliseconds as "stages".
    """
    folder = fresh_folder(folder_name)
    log = SCRATCH / f"{folder_name}.log"
    with open(log, "w", encoding="utf-8") as file:
        result = timed([PROGRAM, "--timings", *options, "-o", folder, "--", *command], stderr=file)
    text = log.read_text(errors="replace")
    if not (folder / "summary.json").exists():
        raise SystemExit(f"bench: no summary of {command[0]}: {text}")
    result["folder"] = folder
    result["summary"] = json.loads((folder / "summary.json").read_text())
    result["stages"] = {name.strip(): float(value) * UNIT_MS[unit] for name, value, unit in
                        re.findall(r"^  +(\S.*?)  +([\d.]+) (us|ms|s)$", text, re.MULTILINE)}
    result["memory_mib"] = int(re.search(r"itself (\d+) KiB", text)[1]) / 1024
    result["finish_ms"] = result["stages"]["end of command to last deliverable"]
    return result


def n_samples(result):
    return result["summary"]["sampling"]["samples"]


def n_lost(result):
    losses = result["summary"]["quality"]["losses"]
    return losses["records"] + losses["samples"]


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


def machine_facts():
    """What someone needs to know of the machine to make sense of the figures."""
    memory_kib = int(re.search(r"MemTotal: +(\d+)", Path("/proc/meminfo").read_text())[1])
    system = re.search(r'PRETTY_NAME="?([^"\n]*)', Path("/etc/os-release").read_text())
    pmu = Path("/sys/bus/event_source/devices/cpu/events/cpu-cycles").exists()
    return {"machine": machine(), "memory_gib": round(memory_kib / 2**20, 1),
            "system": system[1] if system else "unknown",
            "hardware_counters": pmu, "load_at_start": os.getloadavg()[0],
            "compiler": subprocess.run(["cc", "--version"], capture_output=True, text=True,
                                       check=False).stdout.partition("\n")[0],
            "revision": subprocess.run(["git", "-C", ROOT, "describe", "--always", "--dirty"],
                                       capture_output=True, text=True, check=False).stdout.strip()}


def print_table(rows, file=None):
    """Rows of (what, value, goal, verdict)."""
    widths = [max(len(str(row[i])) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        print("  ".join(str(cell).ljust(width) for cell, width in zip(row, widths)).rstrip(),
              file=file)


def save(path, rows, facts):
    Path(path).write_text(json.dumps({"machine": machine(), "facts": facts, "rows": rows},
                                     indent=1) + "\n")
