"""Where perf_event_open is refused altogether: threads are stopped for each sample instead."""
import signal
import subprocess
import sys
import time

import pytest

from recordings import PROGRAM, SECCOMP, Recording, without_perf_events, workload


def test_shares_are_right_and_losses_are_said(tmp_path):
    done = without_perf_events("-o", tmp_path / "out", workload("split"), "600")
    assert done.returncode == 0, done.stderr
    messages = " ".join(done.stderr.split())
    assert "stopped with ptrace" in messages and "No kernel side" in messages
    assert "a seccomp filter blocks perf_event_open" in messages
    recording = Recording(tmp_path / "out")
    assert recording.n_samples > 50
    assert recording.complete_share >= 0.97
    shares = {row["name"]: row["children_share"] for row in recording.summary["functions"]}
    assert 0.55 < shares["work_seventy"] < 0.85
    assert 0.15 < shares["work_thirty"] < 0.45


def test_threads_have_their_names(tmp_path):
    done = without_perf_events("-o", tmp_path / "out", workload("threads"), "400")
    assert done.returncode == 0, done.stderr
    recording = Recording(tmp_path / "out")
    assert {f"worker-{i}" for i in range(4)} <= {stack[0] for stack in recording.stacks}
    assert recording.share_of_chain("thread_main", "spin") >= 0.95


def test_children_are_followed_and_the_status_passed_on(tmp_path):
    """vfork, exec, pipes: nobody waits for anybody forever."""
    script = ("import subprocess, sys\nfor _ in range(10): subprocess.run(['true'])\n"
              "subprocess.run([sys.argv[1], '200'])\nsys.exit(7)")
    done = without_perf_events("-o", tmp_path / "out", sys.executable, "-c", script,
                               workload("split"))
    assert done.returncode == 7, done.stderr
    assert Recording(tmp_path / "out").share_of_chain("main", "work_seventy") > 0.9
    done = without_perf_events("-q", "-o", tmp_path / "killed", "sh", "-c", "kill -9 $$")
    assert done.returncode == 128 + signal.SIGKILL
    done = without_perf_events("-q", "-o", tmp_path / "missing", "/no/such/program")
    assert done.returncode == 127


@pytest.fixture
def busy():
    process = subprocess.Popen([workload("threads"), "60000"])
    time.sleep(0.3)
    yield process
    process.kill()
    process.wait()


def tracer_of(process):
    with open(f"/proc/{process.pid}/status", encoding="ascii") as file:
        return int(file.read().split("TracerPid:")[1].split()[0])


def test_attached_to_is_let_go(tmp_path, busy):
    done = without_perf_events("-p", busy.pid, "--duration", "500ms", "-o", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert busy.poll() is None and tracer_of(busy) == 0
    assert Recording(tmp_path / "out").n_samples > 10


def test_killed_profiler_lets_the_process_go_on(tmp_path, busy):
    with subprocess.Popen([sys.executable, "-c", SECCOMP, PROGRAM, "-o", str(tmp_path / "out"),
                           "-p", str(busy.pid)], stderr=subprocess.DEVNULL) as profiler:
        deadline = time.monotonic() + 20
        while tracer_of(busy) == 0 and time.monotonic() < deadline and profiler.poll() is None:
            time.sleep(0.02)
        assert tracer_of(busy) != 0 or profiler.poll() == 77
        profiler.kill()
    time.sleep(0.2)
    assert busy.poll() is None and tracer_of(busy) == 0
    with open(f"/proc/{busy.pid}/stat", encoding="ascii") as file:
        assert file.read().rpartition(")")[2].split()[0] in "RS"


def test_what_only_the_kernel_can_is_refused(tmp_path):
    for arguments in (["-a", "--duration", "1"], ["--kernel-only", "true"]):
        done = without_perf_events("-o", tmp_path / "out", *arguments)
        assert done.returncode == 125
        assert "seccomp filter blocks perf_event_open" in done.stderr
        assert not (tmp_path / "out").exists()
