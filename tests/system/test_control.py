"""When samples are taken: -D, --control."""
import os
import shutil
import signal
import subprocess
import tempfile
import time

import pytest

from recordings import PROGRAM, Recording, profile, record, workload


def test_delay_leaves_the_beginning_out(tmp_path):
    """All of it, if it ends before; else what runs after."""
    recording = record(tmp_path / "none", workload("split"), 200, options=["-D", "600000"])
    assert recording.n_samples == 0
    recording = record(tmp_path / "some", workload("split"), 1000, options=["-D", "20"])
    assert recording.n_samples > 0


def start(tmp_path, *options):
    return subprocess.Popen([PROGRAM, "-o", str(tmp_path / "out"), *options, workload("split"),
                             "60000"], stderr=subprocess.PIPE, text=True)


def test_fifos_switch_sampling_on_and_off(tmp_path):
    control, ack = str(tmp_path / "control"), str(tmp_path / "ack")
    os.mkfifo(control)
    os.mkfifo(ack)
    process = start(tmp_path, "-D", "-1", "--control", f"fifo:{control},{ack}")
    # Opening waits for the other end, which is the profiler.
    with open(control, "w", encoding="ascii") as commands, \
            open(ack, encoding="ascii") as answers:
        for command in ("ping", "enable"):
            print(command, file=commands, flush=True)
            assert answers.readline() == "ack\n"
        time.sleep(1)
        for command in ("disable", "snapshot"):
            print(command, file=commands, flush=True)
            assert answers.readline() == "ack\n"
        snapshot = Recording(tmp_path / "out/snapshot-1")
        time.sleep(0.5)
        print("stop", file=commands, flush=True)
        _, messages = process.communicate(timeout=60)
    assert process.returncode == 128 + signal.SIGTERM, messages
    recording = Recording(tmp_path / "out")
    # Off means off: nothing has come in half a second but what was on its way to the snapshot.
    assert 0 < snapshot.n_samples <= recording.n_samples < snapshot.n_samples + 100
    # Mappings from before are known all the same.
    assert recording.share("work_.*") > 0.9


def test_fifos_with_nobody_at_their_other_ends(tmp_path):
    """The command neither waits for them nor hears of them."""
    for name in ("control", "ack"):
        os.mkfifo(tmp_path / name)
    done = profile(tmp_path / "out", workload("split"), 100,
                   options=["--control", f"fifo:{tmp_path / 'control'},{tmp_path / 'ack'}"])
    assert done.returncode == 0, done.stderr
    assert Recording(tmp_path / "out").n_samples > 0


def test_answers_that_nobody_reads(tmp_path):
    """A pipe of others that is full, and would wait."""
    commands, command_end = os.pipe()
    answers, answer_end = os.pipe()
    os.set_blocking(answer_end, False)
    with pytest.raises(BlockingIOError):
        while True:
            os.write(answer_end, b"x" * 4096)
    os.set_blocking(answer_end, True)
    with subprocess.Popen([PROGRAM, "-o", str(tmp_path / "out"), "--control",
                           f"fd:{commands},{answer_end}", workload("split"), "400"],
                          stderr=subprocess.PIPE, text=True,
                          pass_fds=[commands, answer_end]) as process:
        os.write(command_end, b"ping\nenabel\n")
        _, messages = process.communicate(timeout=60)
    for end in (commands, command_end, answers, answer_end):
        os.close(end)
    assert process.returncode == 0, messages
    assert "it is full, nobody reads it" in messages
    assert "unknown command 'enabel'" in messages


def test_signals(tmp_path):
    process = start(tmp_path, "--control", "signals")
    deadline = time.monotonic() + 20
    while not (tmp_path / "out/perf.data.partial").exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    time.sleep(0.5)
    process.send_signal(signal.SIGUSR2)
    while not (tmp_path / "out/snapshot-1/summary.json").exists():
        assert time.monotonic() < deadline + 20
        time.sleep(0.02)
    process.send_signal(signal.SIGUSR1)
    time.sleep(0.3)
    process.send_signal(signal.SIGTERM)
    _, messages = process.communicate(timeout=60)
    assert process.returncode == 128 + signal.SIGTERM, messages
    assert Recording(tmp_path / "out").n_samples > 0


def test_bad_channels(tmp_path):
    for channel, words in (("fifo:" + str(tmp_path / "none"), "mkfifo"), ("x", "is no channel")):
        done = subprocess.run([PROGRAM, "-o", str(tmp_path / "out"), "--control", channel, "true"],
                              capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 125
        assert words in done.stderr
        assert not (tmp_path / "out").exists()


def test_several_events_stand_side_by_side(tmp_path):
    record(tmp_path / "out", "python3", "-c", "x = [bytearray(10**6) for _ in range(100)]",
           options=["-e", "cpu-clock,page-faults"])
    text = (tmp_path / "out/events.txt").read_text()
    assert "cpu-clock:" in text and "page-faults:" in text


def test_what_a_command_leaves_running_is_named(tmp_path):
    leave = "sleep 77 >/dev/null 2>&1 & until grep -q sleep /proc/$!/comm; do :; done; echo $!"
    done = subprocess.run([PROGRAM, "-o", str(tmp_path / "out"), "sh", "-c", leave],
                          capture_output=True, text=True, timeout=60, check=False)
    os.kill(int(done.stdout), signal.SIGKILL)
    assert f"{int(done.stdout)} (sleep)" in done.stderr
    assert f"perf-profile -p {int(done.stdout)}" in " ".join(done.stderr.split())


def test_repeated_until_there_are_enough(tmp_path):
    done = subprocess.run([PROGRAM, "-o", str(tmp_path / "out"), "--repeat", "enough",
                           workload("split"), "300"],
                          capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert "runs in one profile" in done.stderr
    assert 1000 <= Recording(tmp_path / "out").n_samples < 2000


def needs_probes():
    if os.geteuid() != 0 or not os.path.exists("/sys/bus/event_source/devices/uprobe"):
        pytest.skip("uprobes need root and a kernel with them")


@pytest.mark.parametrize("options", [
    ["--begin", "work_thirty"],
    ["--begin", "work_thirty", "--end", "work_thirty%return"],
    ["--begin", "work_thirty", "--end", "work_seventy"],
    ["--begin", "work_thirty@" + workload("split"), "--span", "process"],
])
def test_spans_of_a_function(tmp_path, options):
    needs_probes()
    recording = record(tmp_path / "out", workload("split"), 1000, options=options)
    assert recording.n_samples > 100
    # What is outside of it is the few instructions up to the next one.
    assert recording.share("work_thirty") > 0.98
    assert recording.share("work_seventy") < 0.02


def test_spans_of_a_process_are_of_all_its_threads(tmp_path):
    """The main thread is in the span all the time, and only waits; others work beside it."""
    needs_probes()
    command = workload("threads"), 800
    alone = record(tmp_path / "thread", *command, options=["--begin", "main"])
    together = record(tmp_path / "process", *command,
                      options=["--begin", "main", "--span", "process"])
    assert together.n_samples > 400
    assert alone.n_samples < 100


THROWS = """
volatile unsigned long sink;
__attribute__((noinline)) void work() { for (unsigned i = 0; i < 3000000; i++) sink += i; }
__attribute__((noinline)) void outside() { work(); work(); work(); sink++; }
__attribute__((noinline)) void inside(int n) { work(); if (n % 2) throw n; sink++; }
int main()
{
	for (int i = 0; i < 60; i++) {
		try { inside(i); } catch (int) { }
		outside();
	}
}
"""


def test_spans_left_by_an_exception(tmp_path):
    needs_probes()
    if not shutil.which("g++"):
        pytest.skip("no g++ here")
    (tmp_path / "throws.cc").write_text(THROWS)
    subprocess.run(["g++", "-O2", "-o", tmp_path / "throws", tmp_path / "throws.cc"], check=True)
    recording = record(tmp_path / "out", tmp_path / "throws", options=["--begin", "inside"])
    assert recording.n_samples > 50
    assert recording.share(r"inside.*") > 0.95
    assert recording.share(r"outside.*") < 0.05


def test_spans_that_cannot_be(tmp_path):
    def refused(*options, command=workload("split")):
        done = profile(tmp_path / "out", command, 10, options=options)
        assert done.returncode == 125, done.stderr
        assert not (tmp_path / "out").exists()
        return " ".join(done.stderr.split())

    assert "did you mean 'work_thirty'" in refused("--begin", "work_thirtee")
    assert "spans begin at an entry" in refused("--begin", "work_thirty%return")
    assert "--end needs --begin" in refused("--end", "work_thirty")
    assert "without --off-cpu" in refused("--begin", "work_thirty", "--off-cpu")
    assert "in which file is 'work_thirty'" in refused("--begin", "work_thirty@nothing.so")
    assert "FUNCTION@FILE" in refused("--begin", "main", command="/usr/bin/ldd")


def test_a_span_that_never_begins_is_said(tmp_path):
    needs_probes()
    done = profile(tmp_path / "out", workload("split"), 100,
                   options=["--begin", "abort@/lib/x86_64-linux-gnu/libc.so.6", "--end",
                            "work_thirty"])
    assert done.returncode == 0, done.stderr
    assert "was never called" in " ".join(done.stderr.split())


def test_spans_need_rights():
    if os.geteuid() != 0:
        pytest.skip("root is needed to give root up")
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        os.chmod(folder, 0o777)
        done = subprocess.run(["setpriv", "--reuid", "65534", "--clear-groups", PROGRAM, "-o",
                               folder + "/out", "--begin", "work_thirty", workload("split"),
                               "10"], capture_output=True, text=True, timeout=60, check=False)
    if "cannot set a probe" not in done.stderr:
        pytest.skip("another user cannot reach this build: " + done.stderr)
    assert done.returncode == 125
    assert "root or CAP_PERFMON" in " ".join(done.stderr.split())
