"""How much is kept: --overwrite, --switch-output, --max-size."""
import re
import shutil
import signal
import subprocess
import time

import pytest

from recordings import PROGRAM, Recording, profile, record, workload


@pytest.fixture(name="perf", scope="module")
def fixture_perf():
    path = shutil.which("perf")
    if not path:
        pytest.skip("perf is not installed")
    return path


def perf_lines(perf, path, *fields):
    """What perf script says of each sample."""
    done = subprocess.run([perf, "script", "-F", ",".join(fields), "-i", path],
                          capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def perf_times(perf, path):
    return [float(line.strip().rstrip(":")) for line in perf_lines(perf, path, "time")
            if line.strip()]


def n_samples_of(path):
    """By our own reader."""
    done = subprocess.run([PROGRAM, "collapse", path], capture_output=True, text=True,
                          timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return sum(int(line.rpartition(" ")[2]) for line in done.stdout.splitlines())


def given_up(recording, word):
    return [line for line in recording.summary["sampling"]["degradations"] if word in line]


def start(tmp_path, *options, command=(workload("split"), "60000")):
    return subprocess.Popen([PROGRAM, "-o", str(tmp_path / "out"), *options, "--", *command],
                            stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def wait_for(path):
    deadline = time.monotonic() + 60
    while not path.exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_overwrite_keeps_the_last_seconds(tmp_path, perf):
    recording = record(tmp_path / "out", workload("split"), 2500, options=["--overwrite=500ms"])
    times = perf_times(perf, recording.folder / "perf.data")
    assert len(times) == recording.n_samples
    assert max(times) - min(times) <= 0.5
    # Its exec and mappings were long before.
    assert recording.share("work_.*") > 0.9
    dropped = given_up(recording, "--overwrite")
    assert re.search(r"all but the last .* of .*: \d+ older samples were dropped", dropped[0])
    assert n_samples_of(recording.folder / "perf.data") == recording.n_samples


def test_overwrite_keeps_the_last_bytes(tmp_path, perf):
    size = 64 * 1024
    recording = record(tmp_path / "out", workload("threads"), 2500,
                       options=["-F", "4999", f"--overwrite={size // 1024}K"])
    done = subprocess.run([perf, "report", "-i", recording.folder / "perf.data", "--stats"],
                          capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    n_samples = int(re.search(r"SAMPLE events: +(\d+)", done.stdout)[1])
    # A sample with its chain is more than 100 bytes and less than 1,000.
    assert size / 1000 < n_samples <= size / 100
    assert n_samples == recording.n_samples
    # Threads that were there before have their names.
    names = {line.strip() for line in perf_lines(perf, recording.folder / "perf.data", "comm")}
    assert any(name.startswith("worker-") for name in names)


def test_overwrite_keeps_all_when_it_fits(tmp_path):
    recording = record(tmp_path / "out", workload("split"), 500, options=["--overwrite"])
    assert recording.share("work_.*") > 0.9
    assert not given_up(recording, "--overwrite")


def test_overwrite_with_waits(tmp_path):
    recording = record(tmp_path / "out", "sh", "-c", "sleep 0.2; sleep 2; sleep 0.2",
                       options=["--overwrite=1s", "--off-cpu"])
    waits = (recording.folder / "perf-collapsed-off-cpu.txt").read_text()
    slept = sum(int(line.rpartition(" ")[2]) for line in waits.splitlines()
                if line.startswith("sleep;"))
    # In microseconds: the long and the last one are over within the last second.
    assert 2_150_000 < slept < 2_600_000


def test_signal_writes_what_there_is(tmp_path, perf):
    process = start(tmp_path, "--overwrite=300ms")
    wait_for(tmp_path / "out/perf.data.partial")
    time.sleep(1)
    process.send_signal(signal.SIGUSR2)
    wait_for(tmp_path / "out/snapshot-1/summary.json")
    time.sleep(0.5)
    process.send_signal(signal.SIGTERM)
    _, messages = process.communicate(timeout=60)
    assert process.returncode == 128 + signal.SIGTERM, messages
    first = perf_times(perf, tmp_path / "out/snapshot-1/perf.data")
    last = perf_times(perf, tmp_path / "out/perf.data")
    assert max(first) - min(first) <= 0.3
    assert max(last) - min(last) <= 0.3
    assert max(first) < max(last)
    assert Recording(tmp_path / "out/snapshot-1").share("work_.*") > 0.9


def test_parts_by_time(tmp_path, perf):
    recording = record(tmp_path / "out", workload("split"), 2000,
                       options=["--switch-output=300ms"])
    parts = sorted(recording.folder.glob("perf.data.*"))
    assert len(parts) >= 3
    assert all(re.fullmatch(r"perf\.data\.\d{16}", part.name) for part in parts)
    files = [*parts, recording.folder / "perf.data"]
    assert sum(n_samples_of(path) for path in files) == recording.n_samples
    times = [perf_times(perf, path) for path in files]
    # In order, nothing twice, nothing missing.
    assert sum(map(len, times)) == recording.n_samples
    for earlier, later in zip(times, times[1:]):
        assert max(earlier) < min(later, default=float("inf"))
    for path in parts:
        names = perf_lines(perf, path, "ip", "sym")
        assert sum("work_" in name for name in names) > 10


def test_parts_by_size_and_number(tmp_path, perf):
    recording = record(tmp_path / "out", workload("split"), 2000,
                       options=["-F", "4999", "--switch-output=64K", "--switch-max-files", "2"])
    parts = sorted(recording.folder.glob("perf.data.*"))
    assert len(parts) == 2
    for path in parts:
        assert perf_times(perf, path)
    # Reports are of all.
    assert recording.n_samples > 2 * sum(n_samples_of(path) for path in parts)


def test_parts_by_signal(tmp_path):
    process = start(tmp_path, "--switch-output")
    wait_for(tmp_path / "out/perf.data.partial")
    time.sleep(0.5)
    process.send_signal(signal.SIGUSR2)
    deadline = time.monotonic() + 60
    while not list((tmp_path / "out").glob("perf.data.2*[0-9]")):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    time.sleep(0.3)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    files = sorted(path.name for path in (tmp_path / "out").glob("perf.data*"))
    assert len(files) == 2 and files[0] == "perf.data"
    assert all(n_samples_of(tmp_path / "out" / name) for name in files)


def test_max_size_ends_it(tmp_path):
    done = profile(tmp_path / "out", workload("split"), 60000,
                   options=["-F", "4999", "--max-size", "100K", "--repeat", "5"])
    assert done.returncode == 128 + signal.SIGTERM, done.stderr
    recording = Recording(tmp_path / "out")
    assert given_up(recording, "--max-size")
    n_samples = n_samples_of(recording.folder / "perf.data")
    assert 100 < n_samples <= recording.n_samples <= n_samples + 1


@pytest.mark.parametrize("options, words", [
    (["--overwrite", "--switch-output"], "exclude each other"),
    (["--overwrite", "--max-size", "1M"], "exclude each other"),
    (["--switch-max-files", "3"], "needs --switch-output"),
    (["--overwrite=5"], "neither a size nor a time"),
    (["--overwrite=0s"], "no time at all"),
    (["--switch-output=12K"], "is not a size from"),
    (["--switch-output=often"], "is not a duration"),
])
def test_bad_values(tmp_path, options, words):
    done = subprocess.run([PROGRAM, "-o", str(tmp_path / "out"), *options, "true"],
                          capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 125
    assert words in done.stderr
    assert not (tmp_path / "out").exists()
