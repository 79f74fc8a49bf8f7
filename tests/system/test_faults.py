"""What goes wrong around a recording: killed, full, closed, stopped; and programs that are odd.

Each test says what a user is told and what is left on disk.
"""
import os
import re
import resource
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from recordings import DELIVERABLES, PROGRAM, Recording, fault, profile, record, workload


def wait_until(condition, timeout_s=30):
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "timed out"
        time.sleep(0.02)


def start(folder, *command, options=(), **keywords):
    """The profiler in the background, sampling."""
    keywords.setdefault("stderr", subprocess.PIPE)
    process = subprocess.Popen([PROGRAM, "-o", str(folder), *options, "--", *map(str, command)],
                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, text=True,
                               **keywords)
    partial = folder / "perf.data.partial"
    wait_until(lambda: partial.exists() and partial.stat().st_size > 0)
    return process


def children_of(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        return [int(word) for word in file.read().split()]


def has_ended(pid):
    """Gone, or a zombie that nobody waits for."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
            return file.read().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def leave_no_partial(folder):
    assert not [name for name in os.listdir(folder) if "partial" in name]


# The profiler is hurt.

@pytest.mark.parametrize("options", [(), ("--compress",)], ids=["plain", "compressed"])
def test_killed_profiler(tmp_path, options):
    process = start(tmp_path / "out", "sh", "-c",
                    f"{workload('split')} 2500; touch {tmp_path}/went-on", options=options)
    time.sleep(1.2)
    command, = children_of(process.pid)
    process.kill()
    process.wait()
    # Nothing has the name of a result; what was recorded is in the unfinished file.
    assert os.listdir(tmp_path / "out") == ["perf.data.partial"]
    done = subprocess.run([PROGRAM, "report", "-i", str(tmp_path / "out/perf.data.partial")],
                          capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "work_seventy" in done.stdout and "stopped before it finished" in done.stdout
    # The command goes on to its end, and nothing of ours is left running.
    wait_until((tmp_path / "went-on").exists)
    wait_until(lambda: has_ended(command))


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM, signal.SIGQUIT])
def test_ending_signals_end_the_command_and_report(tmp_path, number):
    process = start(tmp_path / "out", workload("split"), 60000)
    time.sleep(0.3)
    process.send_signal(number)
    _, messages = process.communicate(timeout=30)
    assert process.returncode == 128 + number, messages
    assert sorted(os.listdir(tmp_path / "out")) == sorted(DELIVERABLES)


def test_hangup_that_was_ignored_stays_ignored(tmp_path):
    process = start(tmp_path / "out", workload("split"), 1200,
                    preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
    process.send_signal(signal.SIGHUP)
    _, messages = process.communicate(timeout=30)
    assert process.returncode == 0, messages


def test_suspended_and_continued(tmp_path):
    process = start(tmp_path / "out", workload("split"), 1500)
    command, = children_of(process.pid)
    for pid in (process.pid, command):
        os.kill(pid, signal.SIGSTOP)
    time.sleep(0.7)
    for pid in (command, process.pid):
        os.kill(pid, signal.SIGCONT)
    _, messages = process.communicate(timeout=30)
    assert process.returncode == 0, messages
    recording = Recording(tmp_path / "out")
    # Only the time on the CPU is sampled, none of the time it stood still.
    assert recording.n_samples < 2200 and recording.complete_share > 0.9


def test_suspended_alone_loses_and_says_so(tmp_path):
    """The rings run over while nobody empties them: every sample is there or counted as lost."""
    process = start(tmp_path / "out", workload("split"), 1500,
                    options=["-F", "max", "--mmap-pages", "16K"])
    os.kill(process.pid, signal.SIGSTOP)
    time.sleep(1)
    os.kill(process.pid, signal.SIGCONT)
    _, messages = process.communicate(timeout=60)
    assert process.returncode == 0, messages
    losses = Recording(tmp_path / "out").summary["quality"]["losses"]
    lost = losses["records"] + losses["samples"]
    assert lost > 0
    assert f"{lost:,} lost" in messages
    assert f"{lost:,}" in (tmp_path / "out/analysis.txt").read_text()


# The outputs meet trouble.

RATE_LIMIT = Path("/proc/sys/kernel/perf_event_max_sample_rate")


@pytest.fixture(name="low_rate_limit")
def make_low_rate_limit():
    """Well above the rates of everybody else on this machine."""
    before = RATE_LIMIT.read_text()
    try:
        RATE_LIMIT.write_text("5000")
    except OSError as error:
        pytest.skip(f"{RATE_LIMIT}: {error.strerror}")
    yield
    RATE_LIMIT.write_text(before)


def test_sampling_paused_by_the_kernel_is_said(tmp_path, low_rate_limit):
    """A period is not held against the limit when the event is opened, but when it samples."""
    done = profile(tmp_path / "out", workload("split"), 300,
                   options=["-e", "cpu-clock", "-c", "20000"])
    assert done.returncode == 0, done.stderr
    losses = Recording(tmp_path / "out").summary["quality"]["losses"]
    assert losses["throttles"] > 0
    assert f"the kernel paused sampling {losses['throttles']:,} times" in done.stderr
    assert "use a lower rate (-c 40000)" in done.stderr


def test_output_folder_removed_meanwhile(tmp_path):
    process = start(tmp_path / "out", workload("split"), 900)
    shutil.rmtree(tmp_path / "out")
    _, messages = process.communicate(timeout=30)
    assert process.returncode == 125
    assert messages.count("NOT WRITTEN") == len(DELIVERABLES), messages
    assert "No such file or directory" in messages
    assert "work_seventy" in messages     # what was found is said all the same
    assert not (tmp_path / "out").exists()


def test_disk_full_in_the_middle_of_each_file(small_disk):
    """From no room at all to room for nearly all: whole files, or files named as not written."""
    seen = set()
    for kib in (4, 24, 48, 96, 192):
        disk = small_disk(kib)
        done = profile(disk / "out", workload("split"), 250)
        names = os.listdir(disk / "out") if (disk / "out").exists() else []
        assert not [name for name in names if "partial" in name], names
        missing = set(DELIVERABLES) - set(names)
        assert done.returncode == (125 if missing else 0), done.stderr
        for name in missing:
            assert name in done.stderr
        assert not missing or "No space left on device" in done.stderr
        for name in set(names) & {"summary.json", "flamegraph.svg"}:
            assert (disk / "out" / name).read_bytes().rstrip()[-1:] in (b"}", b">")
        seen |= missing
    assert len(seen) >= 5, seen


@pytest.mark.parametrize("arguments", [["report"], ["script"], ["collapse"], ["export", "--format",
                                       "speedscope", "-o", "-"], ["flamegraph"]])
def test_outputs_into_a_full_device(recorded, arguments):
    with open("/dev/full", "w", encoding="ascii") as full:
        done = subprocess.run([PROGRAM, *arguments, "-i", recorded / "perf.data"]
                              if arguments[0] != "flamegraph" and arguments[0] != "collapse"
                              else [PROGRAM, *arguments, recorded / "perf-script.txt"],
                              stdout=full, stderr=subprocess.PIPE, text=True, check=False,
                              timeout=60)
    assert done.returncode == 125, done.stderr
    assert "No space left on device" in done.stderr


@pytest.fixture(name="recorded", scope="module")
def make_recording(tmp_path_factory):
    folder = tmp_path_factory.mktemp("recorded") / "out"
    record(folder, workload("split"), 300)
    return folder


def test_reader_that_goes_away(recorded):
    done = subprocess.run(f"'{PROGRAM}' script -i '{recorded}/perf.data' | head -1",
                          shell=True, capture_output=True, text=True, check=False, timeout=60)
    assert done.stdout.count("\n") == 1 and not done.stderr


def test_pipe_that_nobody_empties(recorded):
    """A full pipe is waited for, and what comes out at last is whole."""
    process = subprocess.Popen([PROGRAM, "script", "-i", recorded / "perf.data"],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    time.sleep(0.5)
    assert process.poll() is None
    out, messages = process.communicate(timeout=60)
    assert process.returncode == 0, messages
    assert out == (recorded / "perf-script.txt").read_bytes()


@pytest.mark.parametrize("closed", ["2>&-", ">&-", "<&-", ">&- 2>&- <&-"])
def test_closed_streams(tmp_path, closed):
    done = subprocess.run(f"exec '{PROGRAM}' -o '{tmp_path}/out' '{workload('split')}' 200 "
                          f"{closed}", shell=True, capture_output=True, check=False, timeout=60)
    assert done.returncode == 0
    assert sorted(os.listdir(tmp_path / "out")) == sorted(DELIVERABLES)
    # A file opened as number 2 would have got the messages.
    for name in DELIVERABLES:
        assert b"enough samples:" not in (tmp_path / "out" / name).read_bytes() \
            or name == "analysis.txt", name


def test_messages_that_nobody_reads(tmp_path):
    read_end, write_end = os.pipe()
    os.close(read_end)
    done = profile_with(tmp_path / "out", write_end)
    os.close(write_end)
    assert done.returncode == 0
    assert sorted(os.listdir(tmp_path / "out")) == sorted(DELIVERABLES)


def profile_with(folder, messages):
    return subprocess.run([PROGRAM, "-o", str(folder), workload("split"), "200"],
                          stdin=subprocess.DEVNULL, stderr=messages, timeout=60, check=False)


# The command is odd.

TROUBLES = {
    "closes all its descriptors": (["close", 300, "-"], 1),
    "10,000 mappings": (["mappings", 300, 10000], 1),
    "execs itself five times": (["exec", 60, 5], 1),
    "1,000 processes": (["forks", 200, 500], 0.5),
}


@pytest.mark.parametrize("name", TROUBLES)
def test_odd_programs(tmp_path, name):
    arguments, share = TROUBLES[name]
    recording = record(tmp_path / "out", workload("trouble"), *arguments)
    # Starting a thousand processes is work too, of the kernel and the loader.
    assert recording.share(r"work_under_trouble") > 0.6 * share, name
    assert recording.complete_share > 0.9
    assert recording.summary["quality"]["losses"]["samples"] == 0


@pytest.fixture(name="many_threads")
def make_many_threads():
    limit = resource.getrlimit(resource.RLIMIT_NPROC)[0]
    if limit != resource.RLIM_INFINITY and limit < 8000:
        pytest.skip("the limit of processes (ulimit -u) is below 8,000")


def test_5000_threads(tmp_path, many_threads):
    recording = record(tmp_path / "out", workload("trouble"), "threads", 300, 5000)
    assert recording.share(r"work_under_trouble|thread_main|start_thread|.*clone.*") > 0.5


def test_5000_threads_that_were_there_before(tmp_path, many_threads):
    """Attached to: an event for each on each CPU, far beyond the usual limit of open files."""
    with subprocess.Popen([workload("trouble"), "sleeping-threads", "60000", "5000"]) as process:
        try:
            wait_until(lambda: len(os.listdir(f"/proc/{process.pid}/task")) == 5001)
            done = subprocess.run([PROGRAM, "-o", tmp_path / "out", "-p", str(process.pid),
                                   "--duration", "1s"], capture_output=True, text=True,
                                  check=False, timeout=60)
            assert process.poll() is None
        finally:
            process.kill()
    assert done.returncode == 0, done.stderr
    assert Recording(tmp_path / "out").share("work_under_trouble") > 0.9


def test_1000_libraries(tmp_path):
    libraries = tmp_path / "libraries"
    libraries.mkdir()
    for i in range(1000):
        shutil.copy(workload("plugin.so"), libraries / f"{i}.so")
    recording = record(tmp_path / "out", workload("trouble"), "libraries", 200, libraries)
    assert recording.share("work_under_trouble") > 0.2
    assert recording.summary["quality"]["losses"]["samples"] == 0


def test_daemon_that_stays_behind(tmp_path):
    """The recording is the command's: it ends with it, and the daemon goes on untouched."""
    # Without pipes, which the daemon would hold open.
    assert subprocess.call([PROGRAM, "-q", "-o", tmp_path / "out", workload("trouble"), "daemon",
                            "1500", tmp_path / "went-on"], stdout=subprocess.DEVNULL) == 0
    assert sorted(os.listdir(tmp_path / "out")) == sorted(DELIVERABLES)
    assert not (tmp_path / "went-on").exists()
    wait_until((tmp_path / "went-on").exists)


def as_root():
    return os.geteuid() == 0


@pytest.mark.skipif(not as_root(), reason="only root may change users or make namespaces")
@pytest.mark.parametrize("what", ["user", "namespaces"])
def test_leaves_its_user_or_its_namespaces(tmp_path, what):
    recording = record(tmp_path / "out", workload("trouble"), what, 400, "-")
    assert recording.share("work_under_trouble") > 0.9
    assert recording.complete_share > 0.95


def test_replaces_its_own_binary(tmp_path):
    """After the replacement the addresses are still those of the old file."""
    program, other = tmp_path / "program", tmp_path / "other"
    shutil.copy(workload("trouble"), program)
    shutil.copy(shutil.which("true"), other)
    recording = record(tmp_path / "out", program, "replace", 300, other)
    assert recording.share("work_under_trouble") > 0.9


def test_binary_cut_short_while_it_is_read(tmp_path):
    """A compiler that writes a library anew in place: no SIGBUS, the rest of the report stands."""
    library = tmp_path / "0.so"
    shutil.copy(workload("plugin.so"), library)
    process = start(tmp_path / "out", workload("loader"), 1500, library)
    time.sleep(0.7)
    with open(library, "r+b") as file:
        file.truncate(4096)
    process.communicate(timeout=60)
    # The command itself may well die of it; the profiler does not.
    assert process.returncode in (0, 1, 128 + signal.SIGBUS, 128 + signal.SIGSEGV)
    assert sorted(os.listdir(tmp_path / "out")) == sorted(DELIVERABLES)


def test_killed_command(tmp_path):
    process = start(tmp_path / "out", workload("split"), 60000)
    command, = children_of(process.pid)
    time.sleep(0.3)
    os.kill(command, signal.SIGKILL)
    _, messages = process.communicate(timeout=30)
    assert process.returncode == 128 + signal.SIGKILL, messages
    assert sorted(os.listdir(tmp_path / "out")) == sorted(DELIVERABLES)
    assert "killed by signal 9" in (tmp_path / "out/analysis.txt").read_text()


def test_clock_of_the_wall_that_is_set_back(tmp_path):
    """Ten years, in the middle of it: lengths and order come from the clock that nobody sets."""
    done = profile(tmp_path / "out", workload("split"), 1500,
                   env={**os.environ, "LD_PRELOAD": fault("jump_clock")})
    assert done.returncode == 0, done.stderr
    recording = Recording(tmp_path / "out")
    assert recording.n_samples > 500 and recording.complete_share > 0.99
    command = recording.summary["command"]
    assert command["user_cpu_ns"] / 2 < command["wall_ns"] < 60e9
    script = (tmp_path / "out/perf-script.txt").read_text()
    times = [float(text) for text in re.findall(r" (\d+\.\d{6}): ", script)]
    assert len(times) == recording.n_samples and times == sorted(times)
    assert times[-1] - times[0] <= command["wall_ns"] / 1e9
