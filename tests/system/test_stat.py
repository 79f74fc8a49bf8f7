"""Counting: the same numbers as perf stat, and clear words about what cannot be counted."""
import json
import os
import re
import shutil
import signal
import subprocess
import time

import pytest

from recordings import PROGRAM, workload

EVENTS = "task-clock,page-faults,minor-faults,major-faults,context-switches,cpu-migrations"


def stat(*arguments, **keywords):
    return subprocess.run([PROGRAM, "stat", *map(str, arguments)], capture_output=True, text=True,
                          timeout=60, stdin=subprocess.DEVNULL, **keywords)


def counts_of_csv(text):
    """event: value of perf's -x output; None when it could not be counted."""
    counts = {}
    for line in text.splitlines():
        fields = line.split(",")
        if len(fields) >= 5:
            counts[fields[2]] = None if fields[0].startswith("<") else float(fields[0])
    return counts


def counts(*command, options=()):
    done = stat("-x,", *options, "--", *command)
    assert done.returncode == 0, done.stderr
    return counts_of_csv(done.stderr)


def test_same_counts_as_perf():
    if not shutil.which("perf"):
        pytest.skip("perf is not installed")
    command = [workload("split"), "300"]
    theirs = subprocess.run(["perf", "stat", "-x,", "-r", "3", "-e", EVENTS, *command],
                            capture_output=True, text=True, timeout=60, check=True)
    # With -r there is one more field, behind the event.
    expected = counts_of_csv(theirs.stderr)
    ours = counts(*command, options=["-r", "3", "-e", EVENTS])
    assert set(ours) == set(expected)
    assert ours["task-clock"] == pytest.approx(expected["task-clock"], rel=0.15)
    assert ours["page-faults"] == pytest.approx(expected["page-faults"], abs=10)
    assert ours["minor-faults"] + ours["major-faults"] == pytest.approx(ours["page-faults"], abs=2)
    assert ours["cpu-migrations"] <= 20


def test_tracepoints_as_perf_counts_them():
    if not shutil.which("perf") or not os.access("/sys/kernel/tracing/events", os.R_OK):
        pytest.skip("perf is not installed, or tracepoints are root's")
    events = "syscalls:sys_enter_openat,sched:sched_process_exec,alignment-faults"
    command = ["sh", "-c", "for i in 1 2 3; do cat /dev/null; done"]
    theirs = subprocess.run(["perf", "stat", "-x,", "-e", events, *command],
                            capture_output=True, text=True, timeout=60, check=True)
    ours = counts(*command, options=["-e", events])
    assert ours == counts_of_csv(theirs.stderr)
    assert ours["sched:sched_process_exec"] == 4


def test_children_are_counted_unless_told():
    command = ["sh", "-c", "ls /usr/lib >/dev/null; ls /usr/bin >/dev/null"]
    whole = counts(*command, options=["-e", "page-faults"])["page-faults"]
    alone = counts(*command, options=["-i", "-e", "page-faults"])["page-faults"]
    assert whole > 1.5 * alone


def test_sleeping_is_not_cpu_time():
    done = stat("-j", "-e", "task-clock,context-switches", "sleep", "0.3")
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    values = {line.get("event", line.get("measure")): line for line in lines}
    assert float(values["task-clock"]["counter-value"]) < 50
    assert float(values["context-switches"]["counter-value"]) >= 1
    assert values["elapsed"]["value"] >= 0.3
    assert values["peak-memory"]["value"] > 500


def test_what_cannot_be_counted_has_a_reason():
    done = stat("-j", "true")
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    cycles = next(line for line in lines if line.get("event") == "cycles")
    if cycles["counter-value"].startswith("<"):
        assert cycles["reason"]
        assert not any("verdict" in line for line in lines)
    else:
        assert float(cycles["counter-value"]) > 0


def test_repeated_runs():
    done = stat("-r", "4", "-j", "-e", "page-faults", "true")
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert lines[0]["variance"] >= 0 and lines[0]["interval-95"] >= 0
    assert lines[0]["median"] == pytest.approx(float(lines[0]["counter-value"]), rel=0.2)
    assert next(line for line in lines if line.get("measure") == "elapsed")["runs"] == 4


def test_intervals():
    done = stat("-I", "100", "-x,", "-e", "task-clock", workload("split"), "450")
    times = [float(line.split(",")[0]) for line in done.stderr.splitlines()]
    total = sum(float(line.split(",")[1]) for line in done.stderr.splitlines()
                if not line.split(",")[1].startswith("<"))
    assert len(times) >= 4 and times == sorted(times)
    assert total > 200


def test_a_process_that_runs():
    process = subprocess.Popen([workload("split"), "5000"], stdout=subprocess.DEVNULL)
    try:
        done = stat("-p", process.pid, "--timeout", "300", "-x,", "-e", "task-clock")
        assert done.returncode == 0, done.stderr
        assert counts_of_csv(done.stderr)["task-clock"] > 5
        assert process.poll() is None
    finally:
        process.kill()
        process.wait()


def test_a_process_that_does_not_run():
    with subprocess.Popen(["sleep", "30"]) as sleeper:
        time.sleep(0.3)
        done = stat("-p", sleeper.pid, "--timeout", "100", "-e", "task-clock")
        sleeper.kill()
    assert done.returncode == 0, done.stderr
    assert "<not counted>" in done.stderr and "Nothing of it ran" in done.stderr


def test_whole_machine():
    if os.geteuid() != 0:
        pytest.skip("needs root")
    done = stat("-a", "-j", "-e", "cpu-clock", "--", "sleep", "0.3")
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    values = {line.get("event", line.get("measure")): line for line in lines}
    expected_ms = 1000 * values["elapsed"]["value"] * os.cpu_count()
    assert float(values["cpu-clock"]["counter-value"]) == pytest.approx(expected_ms, rel=0.3)


def test_status_and_streams_are_the_commands(tmp_path):
    done = stat("--", "sh", "-c", "echo out; exit 7")
    assert (done.returncode, done.stdout) == (7, "out\n")
    assert "seconds time elapsed" in done.stderr
    assert stat("--", "sh", "-c", "kill -9 $$").returncode == 128 + 9
    assert stat("no-such-program").returncode == 127
    assert stat("/etc/passwd").returncode == 126
    done = stat("-o", "-", "-e", "task-clock", "true")
    assert "task-clock" in done.stdout and not done.stderr
    done = stat("-o", tmp_path / "counts", "-e", "task-clock", "true")
    assert not done.stderr and "task-clock" in (tmp_path / "counts").read_text()


def test_interrupt_prints_what_was_counted():
    process = subprocess.Popen([PROGRAM, "stat", "-e", "task-clock", "sleep", "30"],
                               stderr=subprocess.PIPE, text=True)
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=20)
    assert re.search(r"task-clock", errors) and "time elapsed" in errors
    assert process.returncode == 128 + signal.SIGINT


def test_timeout_ends_the_command():
    done = stat("--timeout", "200", "-e", "task-clock", "sleep", "30")
    assert done.returncode == 128 + signal.SIGTERM
    assert "task-clock" in done.stderr


@pytest.mark.parametrize("arguments, word", [
    (["-e", "cycels", "true"], "'cycles'"),
    (["-e", "{cycles", "true"], "lacks its '}'"),
    (["-e", "nopmu/event/", "true"], "nopmu"),
    (["-p", "4194304"], "no process"),
    (["-p", "1", "-a"], "go without -a"),
    (["--uid", "0", "-a"], "go without -a"),
    (["-r", "3", "-a"], "needs a command"),
    ([], "no command given"),
])
def test_wrong_calls(arguments, word):
    done = stat(*arguments)
    assert done.returncode == 125
    assert word in done.stderr


def test_ordinary_user(tmp_path):
    if os.geteuid() != 0 or not shutil.which("setpriv"):
        pytest.skip("needs root and setpriv to become another user")
    with open("/proc/sys/kernel/perf_event_paranoid", encoding="ascii") as file:
        if int(file.read()) != 2:
            pytest.skip("perf_event_paranoid is not 2")
    for folder in (tmp_path.parent.parent, tmp_path.parent, tmp_path):
        os.chmod(folder, 0o755)
    program = shutil.copy(PROGRAM, tmp_path / "perf-profile")
    as_nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all"]
    done = subprocess.run([*as_nobody, program, "stat", "-e", "page-faults,context-switches",
                           "true"], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert "(user side)" in done.stderr
    # Not a zero: switches happen in the kernel, which is not counted for this user.
    assert "Not counted" in done.stderr and "kernel.perf_event_paranoid=1" in done.stderr
    done = subprocess.run([*as_nobody, program, "stat", "-a", "--timeout", "100"],
                          capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 125
    assert "perf_event_paranoid=0" in done.stderr
