"""What to sample, how often, which side; what is given up without privilege."""
import sys
from pathlib import Path

import pytest

from recordings import (PROGRAM, Recording, as_nobody, profile, reachable_copy, record,
                        without_perf_events, workload)


def is_kernel(stack):
    return any(frame.startswith(("asm_", "do_syscall_64", "entry_SYSCALL", "__irq"))
               for frame in stack)


def test_rate(tmp_path):
    slow = record(tmp_path / "slow", workload("split"), 1000, options=["-F", "200"])
    fast = record(tmp_path / "fast", workload("split"), 1000, options=["-F", "2000"])
    assert slow.summary["sampling"]["frequency_hz"] == 200
    assert 5 < fast.n_samples / slow.n_samples < 15


def test_event_and_period(tmp_path):
    recording = record(tmp_path / "out", "sh", "-c", "ls /usr/lib >/dev/null",
                       options=["-e", "page-faults", "-c", "1"])
    assert recording.summary["sampling"]["event"] == "page-faults"
    assert recording.summary["sampling"]["fixed_period"] == 1
    faults = recording.summary["command"]["minor_faults"]
    # The faults before exec are the shell's or ours, not sampled.
    assert 0.5 * faults < recording.n_samples <= faults * 1.1


def test_sides(tmp_path):
    reader = ["dd", "if=/dev/zero", "of=/dev/null", "bs=4k", "count=400000"]
    user = record(tmp_path / "user", *reader, options=["--user-only"])
    kernel = record(tmp_path / "kernel", *reader, options=["--kernel-only"])
    assert not any(is_kernel(stack) for stack in user.stacks)
    assert user.summary["sampling"]["kernel_side"] is False
    assert kernel.summary["sampling"]["user_side"] is False
    words = (tmp_path / "kernel/analysis.txt").read_text().split()
    assert "kernel side only" in " ".join(words)
    assert kernel.n_samples > 20
    assert sum(count for stack, count in kernel.stacks.items()
               if is_kernel(stack)) > 0.9 * kernel.n_samples


@pytest.mark.parametrize("rate", ["max", "90000"])
def test_no_rate_stops_the_program(tmp_path, rate):
    """Where an interrupt takes longer than their distance, a program would not get on."""
    done = profile(tmp_path / "out", workload("fixed-work"), 300, options=["-F", rate])
    assert done.returncode == 0, done.stderr
    recording = Recording(tmp_path / "out")
    most_hz = int(Path("/proc/sys/kernel/perf_event_max_sample_rate").read_text())
    hz = recording.summary["sampling"]["frequency_hz"]
    asked_hz = most_hz if rate == "max" else min(most_hz, int(rate))
    assert 997 <= hz <= asked_hz
    assert (hz < asked_hz) == ("a sample's interrupt takes" in " ".join(done.stderr.split()))
    assert recording.n_samples > 100


def test_without_stacks(tmp_path):
    recording = record(tmp_path / "out", workload("split"), 500,
                       options=["--call-graph", "none", "--no-inline"])
    assert recording.share("work_seventy") > 0.5
    assert all(len(stack) == 2 for stack in recording.stacks)


def test_small_stack_copy_is_counted_as_cut(tmp_path):
    """A user who may not copy more; root may, see test_stacks.py."""
    program = reachable_copy(tmp_path, PROGRAM)
    recursion = reachable_copy(tmp_path, workload("recursion"))
    done = as_nobody([program, "--call-graph", "dwarf,1024", "-o", str(tmp_path / "out"),
                      recursion, "500", "400"])
    assert done.returncode == 0, done.stderr
    recording = Recording(tmp_path / "out")
    ends = recording.summary["quality"]["stack_ends"]
    assert recording.summary["sampling"]["stack_windows"] is False
    assert ends["copy-ended"] > 0.9 * recording.n_samples
    assert recording.complete_share < 0.1
    assert "use --call-graph dwarf,65528; root can copy deeper stacks" in " ".join(
        done.stderr.split())


def test_ordinary_user(tmp_path):
    with open("/proc/sys/kernel/perf_event_paranoid", encoding="ascii") as file:
        paranoid = int(file.read())
    if paranoid > 2:
        pytest.skip(f"perf_event_paranoid is {paranoid}: users may not sample at all")
    program = reachable_copy(tmp_path, PROGRAM)
    split = reachable_copy(tmp_path, workload("split"))
    done = as_nobody([program, "-o", str(tmp_path / "out"), split, "1000"])
    assert done.returncode == 0, done.stderr
    recording = Recording(tmp_path / "out")
    assert recording.share("work_seventy") == pytest.approx(0.7, abs=0.06)
    assert recording.complete_share >= 0.99
    # All its stacks fit into the copy: that there could have been others is said by check.
    assert not [line for line in recording.summary["sampling"]["degradations"] if "stack" in line]
    checked = as_nobody([program, "check"])
    assert "stacks deeper than the kernel's copy" in checked.stdout
    if paranoid == 2:
        assert "kernel side not recorded" in done.stderr
        assert recording.summary["sampling"]["kernel_side"] is False


def test_ring_limits_are_met(tmp_path):
    """With next to no locked memory the rings shrink; sampling goes on."""
    program = reachable_copy(tmp_path, PROGRAM)
    split = reachable_copy(tmp_path, workload("split"))
    done = as_nobody(["prlimit", "--memlock=65536:65536", program, "-o", str(tmp_path / "out"),
                      split, "600"])
    assert done.returncode == 0, done.stderr
    recording = Recording(tmp_path / "out")
    assert recording.n_samples > 300
    assert recording.complete_share >= 0.99


def test_event_that_is_not_there(tmp_path):
    done = profile(tmp_path / "out", "true", options=["-e", "rffff"])
    if done.returncode == 0:
        pytest.skip("this machine counts raw events")
    assert done.returncode == 125
    assert "-e cpu-clock" in done.stderr
    assert not (tmp_path / "out").exists()


def test_kernel_side_is_refused_to_an_ordinary_user(tmp_path):
    with open("/proc/sys/kernel/perf_event_paranoid", encoding="ascii") as file:
        paranoid = int(file.read())
    if paranoid < 2:
        pytest.skip(f"perf_event_paranoid is {paranoid}: users may sample the kernel")
    program = reachable_copy(tmp_path, PROGRAM)
    done = as_nobody([program, "--kernel-only", "-o", str(tmp_path / "out"), "true"])
    assert done.returncode == 125
    assert f"perf_event_paranoid is {paranoid}" in done.stderr
    assert "sysctl kernel.perf_event_paranoid=1" in done.stderr
    assert not (tmp_path / "out").exists()


def test_seccomp_filter_is_told_from_other_refusals(tmp_path):
    # Faults cannot be sampled in any other way.
    done = without_perf_events("-e", "page-faults", "-o", tmp_path / "out", "true")
    assert done.returncode == 125
    assert "seccomp filter blocks perf_event_open" in done.stderr
    assert not (tmp_path / "out").exists()
