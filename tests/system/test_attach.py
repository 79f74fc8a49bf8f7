"""Attaching to running processes, and recording whole CPUs."""
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from recordings import PROGRAM, Recording, workload


@pytest.fixture
def busy():
    """Two named threads that were there before us."""
    process = subprocess.Popen([workload("threads"), "60000"])
    time.sleep(0.3)
    yield process
    process.kill()
    process.wait()


def perf_profile(*arguments, timeout=60):
    return subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, timeout=timeout, check=False)


def may_record_cpus():
    with open("/proc/sys/kernel/perf_event_paranoid", encoding="ascii") as file:
        return os.geteuid() == 0 or int(file.read()) <= 0


def test_attach_to_all_threads_and_let_go(tmp_path, busy):
    done = perf_profile("-p", busy.pid, "--duration", "800ms", "-o", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert busy.poll() is None
    recording = Recording(tmp_path / "out")
    names = {stack[0] for stack in recording.stacks}
    assert {"worker-0", "worker-1", "worker-2", "worker-3"} <= names
    assert recording.share_of_chain("thread_main", "spin") >= 0.99
    assert recording.complete_share >= 0.99
    assert f"process {busy.pid} (threads)" in recording.summary["command"]["line"]
    assert f"perf-profile -F 4999 -p {busy.pid}" in " ".join(done.stderr.split())


def test_interrupt_ends_the_recording_and_not_the_process(tmp_path, busy):
    process = subprocess.Popen([PROGRAM, "-p", str(busy.pid), "-o", str(tmp_path / "out")],
                               stderr=subprocess.PIPE, text=True, start_new_session=True)
    deadline = time.monotonic() + 20
    while not (tmp_path / "out/perf.data.partial").exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    _, messages = process.communicate(timeout=30)
    assert process.returncode == 0, messages
    assert busy.poll() is None
    assert Recording(tmp_path / "out").n_samples > 100


def test_ends_with_the_process(tmp_path):
    process = subprocess.Popen([workload("split"), "800"])
    done = perf_profile("-p", process.pid, "-o", tmp_path / "out")
    process.wait()
    assert done.returncode == 0, done.stderr
    assert Recording(tmp_path / "out").share("work_seventy") > 0.5


def test_killed_profiler_leaves_the_process_alone(tmp_path, busy):
    process = subprocess.Popen([PROGRAM, "-p", str(busy.pid), "-o", str(tmp_path / "out")],
                               stderr=subprocess.DEVNULL)
    time.sleep(0.5)
    process.kill()
    process.wait()
    time.sleep(0.2)
    assert busy.poll() is None
    assert "flamegraph.svg" not in os.listdir(tmp_path / "out")


def test_whole_machine_while_a_command_runs(tmp_path, busy):
    if not may_record_cpus():
        pytest.skip("recording whole CPUs is not permitted to this user")
    done = perf_profile("-a", "-o", tmp_path / "out", "--", "sh", "-c", "sleep 0.5; exit 3")
    assert done.returncode == 3, done.stderr
    recording = Recording(tmp_path / "out")
    # Another program's spin() is none of ours.
    recording.stacks = {stack: count for stack, count in recording.stacks.items()
                        if stack[0].startswith("worker-")}
    assert "worker-0" in {stack[0].partition("_[")[0] for stack in recording.stacks}
    assert recording.share_of_chain("thread_main", "spin") >= 0.98


def test_the_profiler_itself_is_left_out(tmp_path):
    if not may_record_cpus():
        pytest.skip("recording whole CPUs is not permitted to this user")
    for options, is_there in (([], True), (["--exclude-self"], False)):
        folder = tmp_path / f"out-{len(options)}"
        command = [PROGRAM, "-a", *options, "-F", "4999", "--script-limit", "1G", "-o", folder,
                   "--", "sleep", "1"]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
            _, messages = process.communicate(timeout=60)
        assert process.returncode == 0, messages
        script = (folder / "perf-script.txt").read_text()
        assert (f" {process.pid}/" in script) == is_there


# 500 processes at once, each busy for 5 ms of CPU time.
CROWD = """
import os, time
children = []
for _ in range(500):
    pid = os.fork()
    if pid == 0:
        while time.process_time() < 0.005:
            pass
        os._exit(0)
    children.append(pid)
for pid in children:
    os.waitpid(pid, 0)
"""


def test_nothing_is_lost_of_five_hundred_processes(tmp_path):
    if not may_record_cpus():
        pytest.skip("recording whole CPUs is not permitted to this user")
    done = perf_profile("-a", "--script-limit", "1G", "-o", tmp_path / "out", "--", "python3", "-c",
                        CROWD, timeout=120)
    assert done.returncode == 0, done.stderr
    recording = Recording(tmp_path / "out")
    assert recording.summary["quality"]["losses"]["records"] == 0
    assert recording.summary["quality"]["losses"]["samples"] == 0
    script = (tmp_path / "out/perf-script.txt").read_text()
    headers = re.findall(r"^python3\b.*? (\d+)/\d+ +\[\d+\] ", script, re.M)
    assert len(set(headers)) > 400


def test_one_cpu(tmp_path):
    if not may_record_cpus():
        pytest.skip("recording whole CPUs is not permitted to this user")
    done = perf_profile("-C", "0", "--duration", "300ms", "-o", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    script = (tmp_path / "out/perf-script.txt").read_text()
    assert "[000]" in script and "[001]" not in script


def test_attach_by_name_and_user(tmp_path, busy):
    done = perf_profile("--comm", "threads", "-u", os.geteuid(), "--duration", "300ms",
                        "-o", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert f"{busy.pid} (threads)" in Recording(tmp_path / "out").summary["command"]["line"]


def test_a_users_processes_that_start_later(tmp_path):
    """With whole CPUs nobody has to be there when it begins; servers change their user by fork."""
    if os.geteuid() != 0 or not shutil.which("setpriv"):
        pytest.skip("only root can become another user")
    spin = "end = time.process_time() + 0.3\nwhile time.process_time() < end: pass\n"
    others = f"import os, time\nif os.fork() == 0: os.setuid(65534)\n{spin}"
    folder = tmp_path / "out"
    done = perf_profile("-a", "-u", "65534", "-o", folder, "--", sys.executable, "-c", others)
    assert done.returncode == 0, done.stderr
    recording = Recording(folder)
    assert "user 65534 on this whole machine" in recording.summary["command"]["line"]
    pids = set(re.findall(r"^\S.*? (\d+)/\d+ +\[\d+\] ",
                          (folder / "perf-script.txt").read_text(), re.M))
    # The parent did as much, as root.
    assert len(pids) == 1 and recording.n_samples > 50


def test_one_name_on_the_whole_machine(tmp_path, busy):
    if not may_record_cpus():
        pytest.skip("recording whole CPUs is not permitted to this user")
    done = perf_profile("-a", "--comm", "split", "-o", tmp_path / "out", "--", workload("split"),
                        "400")
    assert done.returncode == 0, done.stderr
    recording = Recording(tmp_path / "out")
    assert recording.n_samples > 50 and busy.poll() is None
    # It is looked up a little later, and was perf-profile's own child just before.
    assert {stack[0].partition("_[")[0] for stack in recording.stacks} <= {"split", "perf-profile"}
    assert recording.share("work_.*") > 0.9


def test_one_thread_without_what_it_starts(tmp_path, busy):
    tid = max(int(name) for name in os.listdir(f"/proc/{busy.pid}/task"))
    done = perf_profile("-t", tid, "--duration", "500ms", "-o", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    recording = Recording(tmp_path / "out")
    assert len({stack[0] for stack in recording.stacks}) == 1
    assert recording.n_samples > 20
    assert recording.share_of_chain("thread_main", "spin") >= 0.9


def test_threads_that_come_and_go_while_attaching(tmp_path):
    """A thread that an unlisted one has started is found by listing again."""
    with subprocess.Popen([sys.executable, "-c", "import threading, time\n"
                           "def work(): time.sleep(0.02)\n"
                           "while True:\n"
                           "    threading.Thread(target=work).start(); time.sleep(0.001)"]) as busy:
        time.sleep(0.3)
        try:
            done = perf_profile("-p", busy.pid, "--duration", "300ms", "-o", tmp_path / "out")
            assert done.returncode == 0, done.stderr
            assert busy.poll() is None
        finally:
            busy.kill()


def test_processes_in_a_cgroup(tmp_path, busy):
    mounts = [line.split()[1] for line in open("/proc/mounts", encoding="utf-8")
              if line.split()[2] == "cgroup2"]
    if not may_record_cpus() or not mounts or not os.access(mounts[0], os.W_OK):
        pytest.skip("no cgroup can be made here")
    group = Path(mounts[0]) / f"perf-profile-test-{os.getpid()}.service"
    group.mkdir()
    try:
        (group / "cgroup.procs").write_text(str(busy.pid))
        done = perf_profile("-G", group.name, "--duration", "400ms", "-o", tmp_path / "out")
        assert done.returncode == 0, done.stderr
        recording = Recording(tmp_path / "out")
        # Nothing else is in it, and everything says where it ran.
        assert all(stack[0].endswith(f"_[{group.name}]") for stack in recording.stacks)
        counted = perf_profile("stat", "-x,", "-e", "task-clock", "-G", group.name,
                               "--timeout", "200")
        assert counted.returncode == 0, counted.stderr
        assert float(counted.stderr.split(",")[0]) > 10
    finally:
        busy.kill()
        busy.wait()
        group.rmdir()


def test_someone_elses_process():
    if os.geteuid() != 0:
        pytest.skip("only root can become another user")
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o777)
        done = subprocess.run(
            ["setpriv", "--reuid=65534", "--clear-groups", "--inh-caps=-all",
             PROGRAM, "-o", folder + "/out", "-p", "1"],
            capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 125
    assert "1 (" in done.stderr and "belongs to another user" in done.stderr


def test_a_kernel_thread(tmp_path):
    """Recorded by root, with words that fit when it has not run; refused by name to others."""
    name = Path("/proc/2/comm")
    if os.geteuid() != 0 or not name.exists() or name.read_text() != "kthreadd\n":
        pytest.skip("no kernel threads are seen here, or not root")
    done = perf_profile("-p", "2", "--duration", "100ms", "-o", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert "--repeat" not in (tmp_path / "out/analysis.txt").read_text()
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o777)
        done = subprocess.run(
            ["setpriv", "--reuid=65534", "--clear-groups", "--inh-caps=-all", PROGRAM,
             "-o", folder + "/out", "-p", "2"],
            capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 125
    assert "is a kernel thread" in done.stderr


def test_a_process_that_ends_at_once(tmp_path):
    """Gone when it is looked for, or opened, or later: each has a clear answer."""
    for i in range(5):
        with subprocess.Popen(["sleep", f"0.00{i}"]) as short:
            done = perf_profile("-p", short.pid, "-o", tmp_path / f"out-{i}")
        assert done.returncode == 0 or (done.returncode == 125 and
                                        "no such process" in done.stderr.lower() or
                                        f"no process {short.pid}" in done.stderr), done.stderr


def wait_until(is_so):
    deadline = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_code_compiled_before_we_came_has_names(tmp_path):
    node = shutil.which("node")
    if not node:
        pytest.skip("no node here")
    script = ("function hottest(n) { let s = 0; for (let i = 0; i < n; i++) s += i % 7; return s; }"
              "for (;;) hottest(1e6);")
    with subprocess.Popen([node, "--perf-basic-prof", "-e", script],
                          stdout=subprocess.DEVNULL) as process:
        names = Path(f"/tmp/perf-{process.pid}.map")
        try:
            # The optimised one, which comes after some calls.
            wait_until(lambda: names.exists() and re.search(r"\*hottest", names.read_text()))
            done = perf_profile("-p", process.pid, "--duration", "600ms", "-o", tmp_path / "out")
        finally:
            process.kill()
            process.wait()
            names.unlink(missing_ok=True)
    assert done.returncode == 0, done.stderr
    assert Recording(tmp_path / "out").share(r".*\*hottest.*") > 0.8


def test_a_process_in_another_pid_namespace(tmp_path):
    if os.geteuid() != 0 or not shutil.which("unshare"):
        pytest.skip("namespaces need root and unshare(1)")
    with subprocess.Popen(["unshare", "--pid", "--fork", "--kill-child", workload("split"),
                           "60000"]) as outer:
        try:
            children = Path(f"/proc/{outer.pid}/task/{outer.pid}/children")
            wait_until(lambda: children.read_text().split() or outer.poll() is not None)
            if outer.poll() is not None:
                pytest.skip("no pid namespaces here")
            inner = children.read_text().split()[0]
            wait_until(lambda: "split" in Path(f"/proc/{inner}/comm").read_text())
            done = perf_profile("-p", inner, "--duration", "600ms", "-o", tmp_path / "out")
            assert outer.poll() is None
        finally:
            outer.kill()
            outer.wait()
    assert done.returncode == 0, done.stderr
    recording = Recording(tmp_path / "out")
    assert recording.share("work_.*") > 0.9
    assert recording.complete_share > 0.9


@pytest.mark.parametrize("arguments, words", [
    (["--comm", "no-such-name"], "no process is called 'no-such-name'"),
    (["-u", "no-such-user"], "no user 'no-such-user'"),
    (["-t", "4000000"], "no thread 4000000"),
    (["-G", "no/such"], "no cgroup 'no/such'"),
    (["-p", "1", "-a"], "go without -a"),
    (["-a", "-u", "no-such-user"], "no user 'no-such-user'"),
    (["-p", "4000000"], "no process 4000000"),
    (["-p", "abc"], "not a process id"),
    (["-p", "0"], "not a process id"),
    (["-p", "1", "true"], "go without a command"),
    (["-C", "3-1"], "not a list of CPUs"),
    (["-C", "8000", "--duration", "1"], "no CPU 8000 is online"),
])
def test_bad_targets(tmp_path, arguments, words):
    done = perf_profile("-o", tmp_path / "out", *arguments)
    assert done.returncode == 125
    if "no cgroup hierarchy with perf_event is mounted" in done.stderr:
        pytest.skip("no cgroup hierarchy with perf_event is mounted")
    assert words in done.stderr
    assert not (tmp_path / "out").exists()
