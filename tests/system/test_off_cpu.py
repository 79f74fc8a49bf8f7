"""Waits: how long and what for, against what the waiting program's own clocks say."""
import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from recordings import PROGRAM, profile, record, workload

OFF_CPU = "perf-collapsed-off-cpu.txt"


def folded(path):
    """(frames, microseconds) of each line."""
    for line in Path(path).read_text().splitlines():
        stack, _, count = line.rpartition(" ")
        yield stack.split(";"), int(count)


def text_of(path):
    """Without its line ends."""
    return " ".join(Path(path).read_text().split())


def waited_ms(path, function, reason=None):
    """Off the CPU in a function, all of it or for one reason."""
    return sum(count for frames, count in folded(path)
               if function in frames and reason in (None, frames[-1])) / 1000


def taken_ms():
    """What interrupts and the hypervisor have taken of all CPUs so far; proc(5), /proc/stat."""
    ticks = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]
    return sum(map(int, ticks[5:8])) * 1000 / os.sysconf("SC_CLK_TCK")


def truth_ms(output, kind):
    """What the workload says of itself, all threads together."""
    return sum(int(ns) for ns in re.findall(rf"^{kind} \w+ (\d+)$", output, re.M)) / 1e6


@pytest.fixture(scope="module")
def needs_stacks():
    """The kernel side is needed to see a switch: root or perf_event_paranoid <= 1."""
    paranoid = int(Path("/proc/sys/kernel/perf_event_paranoid").read_text())
    if os.geteuid() != 0 and paranoid > 1:
        pytest.skip(f"perf_event_paranoid is {paranoid}")


@pytest.mark.parametrize("kind, count, reason", [
    ("sleeper", 40, "sleep"),
    ("locker", 40, "lock"),
    ("listener", 40, "condition"),
    ("reader", 40, "pipe"),
    ("poller", 40, "poll"),
    ("parent", 30, "child"),
])
def test_waits_are_as_long_as_they_are(tmp_path, needs_stacks, kind, count, reason):
    folder = tmp_path / "out"
    done = profile(folder, workload("waits"), kind, count, options=["--off-cpu"])
    assert done.returncode == 0, done.stderr
    truth = truth_ms(done.stdout, kind)
    # On a busy machine a woken thread waits for its turn; that is no other wait.
    found = waited_ms(folder / OFF_CPU, kind, f"[waiting: {reason}]")
    assert found == pytest.approx(truth, rel=0.05), done.stdout


def test_a_disk_is_waited_for(tmp_path, needs_stacks):
    folder = tmp_path / "out"
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    taken = -taken_ms()
    done = profile(folder, workload("waits"), "syncer", 20, options=["--off-cpu"],
                   env=environment)
    taken += taken_ms()
    assert done.returncode == 0, done.stderr
    truth = truth_ms(done.stdout, "syncer")
    if truth < 5:
        pytest.skip(f"fsync does not wait here: {truth:.1f} ms")
    in_fsync = sum(count for frames, count in folded(folder / OFF_CPU)
                   if "syncer" in frames and any(f.endswith("fsync") for f in frames)) / 1000
    # A thread's CPU clock leaves out what interrupts and the hypervisor take while it is on a CPU:
    # that waits for the program, not for the scheduler. Never the other way round.
    assert truth * 0.95 - taken - 1 < in_fsync < truth * 1.05 + 1, f"{taken} ms were taken"
    assert waited_ms(folder / OFF_CPU, "syncer", "[waiting: disk]") > 0.8 * truth


def test_a_flood_of_switches_keeps_its_time(tmp_path, needs_stacks):
    """More than can be recorded: none is lost, and what was not timed is worked out and told."""
    folder = tmp_path / "out"
    done = profile(folder, workload("waits"), "pingpong", 150000,
                   options=["--off-cpu", "--off-cpu-stacks", "200"])
    assert done.returncode == 0, done.stderr
    truth = truth_ms(done.stdout, "pingpong")
    summary = json.loads((folder / "summary.json").read_text())
    # The truth is the length of the calls: at so many, what they do on the CPU, which recording
    # makes longer, is a good part of it. Being put aside between two of them is not in it.
    wall_ms = summary["command"]["wall_ns"] / 1e6
    assert 0.4 * truth < waited_ms(folder / OFF_CPU, "pingpong") < 2 * wall_ms, done.stdout
    assert waited_ms(folder / OFF_CPU, "pingpong", "[waiting: no stack]") < 0.02 * truth
    assert re.search(r"stacks of [\d.]+ % of them", text_of(folder / "analysis.txt"))
    # Some were not timed; how many there were, the kernel has counted.
    assert re.search(r"% of this time \([^)]+\) is estimated", text_of(folder / "analysis.txt"))
    waiting, command = summary["waiting"], summary["command"]
    assert 0 < waiting["estimated_waits"] < waiting["waits"]
    n_switches = command["voluntary_switches"] + command["involuntary_switches"]
    # The threads' own counts are asked for now and then, and not once they have ended.
    assert 0.8 * n_switches < waiting["waits"] < 1.2 * n_switches
    for thread in summary["threads"]["busiest"]:
        assert thread["cpu_ns"] + thread["off_cpu_ns"] < 1.1 * command["wall_ns"]
    assert ", 0 lost" in done.stderr


def test_the_file_says_the_same(tmp_path, needs_stacks):
    folder = tmp_path / "out"
    done = profile(folder, workload("waits"), "locker", 20, options=["--off-cpu"])
    assert done.returncode == 0, done.stderr
    again = subprocess.run([PROGRAM, "export", "-i", folder / "perf.data", "-e", "offcpu-time",
                            "--format", "collapsed", "-o", tmp_path / "again.txt"],
                           capture_output=True, text=True, check=False)
    assert again.returncode == 0, again.stderr
    for function, reason in (("locker", "lock"), ("locker", "sleep"), ("main", "thread end")):
        frame = f"[waiting: {reason}]"
        assert waited_ms(tmp_path / "again.txt", function, frame) == pytest.approx(
            waited_ms(folder / OFF_CPU, function, frame), rel=0.001, abs=0.1)


def test_short_waits_are_left_out_and_counted(tmp_path, needs_stacks):
    folder = tmp_path / "out"
    done = profile(folder, workload("waits"), "sleeper", 20,
                   options=["--off-cpu", "--off-cpu-min", "1000000"])
    assert done.returncode == 0, done.stderr
    assert waited_ms(folder / OFF_CPU, "sleeper") == 0
    assert "shorter than 1.00 s left out" in text_of(folder / "analysis.txt")


def test_wall_is_both(tmp_path, needs_stacks):
    recording = record(tmp_path / "out", workload("waits"), "sleeper", 40, options=["--wall"])
    wall_ns = recording.summary["command"]["wall_ns"]
    assert recording.summary["sampling"]["event"] == "wall-clock"
    assert recording.summary["sampling"]["period_total"] == pytest.approx(wall_ns, rel=0.05)
    assert recording.share(r"\[waiting: sleep\]") > 0.8


def test_wall_cannot_add_up_other_things(tmp_path):
    done = profile(tmp_path / "out", "true", options=["--wall", "-e", "page-faults"])
    assert done.returncode == 125
    assert "--wall adds up time" in done.stderr


def test_who_slept_before_and_goes_on_sleeping(tmp_path, needs_stacks):
    """Attached to in its sleep, and left in it."""
    sleeper = subprocess.Popen([workload("waits"), "sleeper", "1"], stdout=subprocess.DEVNULL)
    sleeper.wait()
    with subprocess.Popen(["sleep", "30"]) as sleeper:
        folder = tmp_path / "out"
        done = subprocess.run([PROGRAM, "-o", folder, "-p", str(sleeper.pid), "--off-cpu",
                               "--duration", "500ms"], capture_output=True, text=True,
                              check=False)
        sleeper.kill()
    assert done.returncode == 0, done.stderr
    waits = [(frames, count) for frames, count in folded(folder / OFF_CPU)
             if frames[-1] == "[waiting: sleep]"]
    wall_ns = json.loads((folder / "summary.json").read_text())["command"]["wall_ns"]
    assert sum(count for _, count in waits) == pytest.approx(wall_ns / 1000, rel=0.05)
    assert any("nanosleep" in frame for frames, _ in waits for frame in frames)


def test_without_the_kernel_side_long_waits_are_looked_up(tmp_path):
    """An ordinary user at perf_event_paranoid 2: no stack at a switch, but times and /proc."""
    paranoid = int(Path("/proc/sys/kernel/perf_event_paranoid").read_text())
    if os.geteuid() != 0 or paranoid != 2:
        pytest.skip(f"needs root to become nobody, and perf_event_paranoid 2, not {paranoid}")
    folder = tmp_path / "out"
    for path in (tmp_path, *list(tmp_path.parents)[:2]):
        path.chmod(0o755)
    tmp_path.chmod(0o777)
    done = subprocess.run(["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups",
                           PROGRAM, "--no-cache", "--off-cpu", "-o", folder, "--",
                           "sleep", "0.4"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "no stacks at the moment threads begin to wait" in done.stderr
    waited = sum(count for frames, count in folded(folder / OFF_CPU)
                 if frames[-1] == "[waiting: sleep]")
    wall_ns = json.loads((folder / "summary.json").read_text())["command"]["wall_ns"]
    assert 390_000 < waited <= wall_ns / 1000
