"""Known time splits and call chains, recorded on the real kernel."""
import re
import subprocess

import pytest

from recordings import PROGRAM, WORKLOADS, record, workload

# A split of n samples is known to about 1/sqrt(n); this is several times that for 1,500 samples.
SPLIT_TOLERANCE = 0.05


def built(name):
    if not (WORKLOADS / name).exists():
        pytest.skip(f"workload {name} was not built: no compiler for it")
    return workload(name)


@pytest.mark.parametrize("name", ["split", "split-fp", "split-static"])
def test_split(tmp_path, name):
    recording = record(tmp_path / "out", workload(name), 1500)
    assert recording.n_samples > 1000
    assert recording.share("work_seventy") == pytest.approx(0.7, abs=SPLIT_TOLERANCE)
    assert recording.share("work_thirty") == pytest.approx(0.3, abs=SPLIT_TOLERANCE)
    assert recording.share_of_chain("_start", "main", "run_both", "dispatch",
                                    "work_seventy") >= 0.99
    assert recording.complete_share >= 0.99


def test_split_by_frame_pointer(tmp_path):
    recording = record(tmp_path / "out", workload("split-fp"), 1000, options=["--call-graph", "fp"])
    assert recording.share_of_chain("main", "run_both", "dispatch", "work_seventy") >= 0.98


def test_stripped_program_has_whole_stacks_without_names(tmp_path):
    recording = record(tmp_path / "out", workload("split-stripped"), 1000)
    assert recording.complete_share >= 0.99
    unresolved = recording.summary["quality"]["unresolved_libraries"]
    library = next(entry for entry in unresolved if entry["path"].endswith("split-stripped"))
    assert "stripped" in library["problem"]
    assert library["mend"]


def test_every_recursion_is_there(tmp_path):
    recording = record(tmp_path / "out", workload("recursion"), 1000, 200)
    depths = [stack.count("recurse") for stack, count in recording.stacks.items()
              if "bottom" in stack for _ in range(count)]
    assert len(depths) > 300  # Of a second that others may have a share of.
    assert sum(depth == 200 for depth in depths) / len(depths) >= 0.99


def test_threads_by_name(tmp_path):
    recording = record(tmp_path / "out", workload("threads"), 2000)
    shares = {name: sum(count for stack, count in recording.stacks.items() if stack[0] == name)
              / recording.n_samples for name in ("worker-0", "worker-1", "worker-2", "worker-3")}
    assert shares["worker-0"] == pytest.approx(0.5, abs=SPLIT_TOLERANCE)
    assert shares["worker-1"] == pytest.approx(0.25, abs=SPLIT_TOLERANCE)
    assert shares["worker-2"] == pytest.approx(0.125, abs=SPLIT_TOLERANCE)
    assert shares["worker-3"] == pytest.approx(0.125, abs=SPLIT_TOLERANCE)
    assert recording.share_of_chain("thread_main", "spin") >= 0.99
    assert recording.complete_share >= 0.99


def test_through_signal_frames(tmp_path):
    recording = record(tmp_path / "out", workload("signals"), 1000)
    assert recording.share_of_chain("main", "interrupted", "on_signal", "in_handler") >= 0.99
    assert recording.complete_share >= 0.99


def test_forked_and_execed_children(tmp_path):
    recording = record(tmp_path / "out", workload("forks"), 1600)
    script = (tmp_path / "out/perf-script.txt").read_text()
    pids = set(re.findall(r"^(?:forks|exe) +(\d+)", script, re.MULTILINE))
    assert len(pids) >= 8
    assert recording.share("child_work") >= 0.9
    assert recording.share_of_chain("main", "child_work") >= 0.99
    assert recording.complete_share >= 0.98


def test_no_inherit_leaves_the_children_out(tmp_path):
    done = record(tmp_path / "out", workload("forks"), 800, options=["--no-inherit"])
    assert not any("child_work" in stack for stack in done.stacks)


def test_cpp_templates_and_exceptions(tmp_path):
    recording = record(tmp_path / "out", built("templates"), 1000)
    assert recording.share_of_chain("main", r"(int )?outer<int>.*",
                                    r"Worker<int>::run.*") >= 0.99
    assert recording.complete_share >= 0.99


def test_rust_threads(tmp_path):
    recording = record(tmp_path / "out", built("two_threads"), 1500)
    crunch = recording.share(r"two_threads::crunch_numbers")
    shuffle = recording.share(r"two_threads::shuffle_bytes")
    assert crunch / (crunch + shuffle) == pytest.approx(2 / 3, abs=SPLIT_TOLERANCE)
    assert recording.complete_share >= 0.99


def test_reading_the_recording_back_says_the_same(tmp_path):
    recording = record(tmp_path / "out", workload("split"), 1000)
    report = subprocess.run([PROGRAM, "report", "-i", tmp_path / "out/perf.data"],
                            capture_output=True, text=True, timeout=60, check=True).stdout
    live = (tmp_path / "out/perf-report.txt").read_text()
    assert report.splitlines()[0] == live.splitlines()[0]
    assert f"{recording.n_samples:,} samples, 100.0 % complete stacks" in report
    folded = subprocess.run([PROGRAM, "collapse", tmp_path / "out/perf.data"],
                            capture_output=True, text=True, timeout=60, check=True).stdout
    assert "_start;__libc_start_main;__libc_start_call_main;main;run_both;dispatch" in folded
