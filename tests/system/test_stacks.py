"""Stacks that the kernel's copy does not reach the end of, on the real kernel."""
import pytest

from recordings import record, workload


def recorded(folder, *command, options=()):
    recording = record(folder, *command, options=options)
    if not recording.summary["sampling"]["stack_windows"]:
        pytest.skip("no BPF program on sampling events here: needs root and Linux 5.8")
    return recording


def counts_of_turns(recording):
    """Samples whose leaf and outer caller are of one colour, and of two."""
    n_right = n_wrong = 0
    for stack, count in recording.stacks.items():
        for own, other in (("red", "blue"), ("blue", "red")):
            if f"{own}_leaf" in stack:
                n_right += count if f"from_{own}" in stack else 0
                n_wrong += count if f"from_{other}" in stack else 0
    return n_right, n_wrong


def test_callers_under_a_huge_frame_are_those_of_the_moment(tmp_path):
    recording = recorded(tmp_path / "out", workload("huge-frames"), 2000, 300)
    n_right, n_wrong = counts_of_turns(recording)
    assert n_right > 0.9 * recording.n_samples
    assert n_wrong == 0
    assert recording.complete_share >= 0.95


def test_ten_thousand_frames_are_there(tmp_path):
    recording = recorded(tmp_path / "out", workload("recursion"), 1000, 5000)
    depths = [stack.count("recurse") for stack, count in recording.stacks.items()
              if "bottom" in stack for _ in range(count)]
    assert len(depths) > 500
    assert sum(depth == 5000 for depth in depths) / len(depths) >= 0.95


def test_small_copy_is_made_up_for(tmp_path):
    # The first of a thread come before what is to be copied is known.
    recording = recorded(tmp_path / "out", workload("recursion"), 2500, 400,
                         options=["--call-graph", "dwarf,1024"])
    assert recording.complete_share >= 0.95
