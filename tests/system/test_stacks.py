"""Stacks that the kernel's copy or unwind information is too little for, on the real kernel."""
import json
import shutil
import subprocess

import pytest

from recordings import PROGRAM, Recording, as_nobody, profile, reachable_copy, record, workload


def recorded(folder, *command, options=()):
    recording = record(folder, *command, options=options)
    if not recording.summary["sampling"]["stack_windows"]:
        pytest.skip("no BPF program on sampling events here: needs root and Linux 5.8")
    return recording


def recorded_by_nobody(tmp_path, command, *arguments, options=()):
    """As a user who may not load BPF programs."""
    folder = tmp_path / f"out{len(list(tmp_path.iterdir()))}"
    done = as_nobody([reachable_copy(tmp_path, PROGRAM), *options, "-o", str(folder),
                      reachable_copy(tmp_path, command), *map(str, arguments)])
    assert done.returncode == 0, done.stderr
    recording = Recording(folder)
    assert recording.summary["sampling"]["stack_windows"] is False
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


def test_pages_that_were_never_touched_are_passed(tmp_path):
    recording = recorded(tmp_path / "out", workload("untouched"), 1000)
    whole = [count for stack, count in recording.stacks.items()
             if {"main", "room_for_much"} < set(stack) and stack.count("descend") == 21]
    # The first of a thread comes before it is known that there are such.
    assert sum(whole) > 0.95 * recording.n_samples


def test_stack_that_exec_has_taken_away_is_not_called_cut(tmp_path):
    recording = recorded(tmp_path / "out", workload("vforks"), 2000, "exec",
                         options=["-F", "9999"])
    if not recording.summary["sampling"]["kernel_side"]:
        pytest.skip("no samples of the kernel side here")
    assert recording.summary["quality"]["stack_ends"]["none"] > 0
    # Before the first frame stands the thread.
    assert not [stack for stack in recording.stacks if stack[1] == "execve"]


def test_small_copy_is_made_up_for(tmp_path):
    # The first of a thread come before what is to be copied is known.
    recording = recorded(tmp_path / "out", workload("recursion"), 2500, 400,
                         options=["--call-graph", "dwarf,1024"])
    assert recording.complete_share >= 0.95


def test_frame_pointers_go_further_than_the_copy(tmp_path):
    """100 KiB of frames, of which an ordinary user's copy holds a third."""
    recording = recorded_by_nobody(tmp_path, workload("frame-chains"), 1000, 300, 100)
    for stack, count in recording.stacks.items():
        if "spin" not in stack:
            continue
        n_frames = stack.count("descend")
        if any(caller in stack for caller in ("from_red", "from_blue")):
            assert n_frames == 101 and ("main" in stack or "start_thread" in stack), stack
        else:
            # Who called a caller without frame pointers, these do not tell.
            assert n_frames <= 101 and "main" not in stack, stack
    ends = recording.summary["quality"]["stack_ends"]
    assert ends["recovered"] > 0.4 * recording.n_samples
    assert ends["copy-ended"] > 0.4 * recording.n_samples


@pytest.mark.parametrize("options", [(), ("--off-cpu",)])
def test_perf_data_tells_how_stacks_ended(tmp_path, options):
    recording = recorded_by_nobody(tmp_path, workload("recursion"), 1000, 5000, options=options)
    again = subprocess.run([PROGRAM, "export", "--format", "summary", "-i",
                            recording.folder / "perf.data"],
                           capture_output=True, text=True, timeout=60, check=True)
    ends = json.loads(again.stdout)["quality"]["stack_ends"]
    assert ends == recording.summary["quality"]["stack_ends"]
    assert ends["copy-ended"] > 0.9 * recording.n_samples


def test_process_is_asked_only_on_request(tmp_path):
    recording = recorded_by_nobody(tmp_path, workload("recursion"), 2000, 5000)
    assert recording.complete_share < 0.1
    recording = recorded_by_nobody(tmp_path, workload("recursion"), 2000, 5000,
                                   options=["--recover-stacks"])
    assert recording.summary["quality"]["stack_ends"]["recovered"] > 0


# Never returns: there is no way out of it to be followed, and nothing on top of the stack.
ENDLESS = """
void endless(void)
{
	volatile char room[400];

	for (unsigned int i = 0;; i = (i + 1) % sizeof(room))
		room[i] = 0;
}
"""
CALLER = """
#include <unistd.h>
void endless(void);
int main(void) { alarm(1); endless(); }
"""


def test_library_without_unwind_information_is_named(tmp_path):
    if not shutil.which("gcc"):
        pytest.skip("needs gcc")
    (tmp_path / "endless.c").write_text(ENDLESS)
    (tmp_path / "caller.c").write_text(CALLER)
    library, caller = tmp_path / "libendless.so", tmp_path / "caller"
    for command in (["gcc", "-O2", "-fomit-frame-pointer", "-fno-asynchronous-unwind-tables",
                     "-nostdlib", "-shared", "-fPIC", tmp_path / "endless.c", "-o", library],
                    ["gcc", "-O2", tmp_path / "caller.c", library, "-o", caller]):
        subprocess.run(command, check=True)
    profile(tmp_path / "out", caller)
    recording = Recording(tmp_path / "out")
    (cut,) = recording.summary["quality"]["cut_stacks"]
    assert (cut["path"], cut["end"]) == (str(library), "no-rule")
    assert cut["share"] > 0.9 and "no unwind information" in cut["problem"]
    for name in ("perf-report.txt", "analysis.txt"):
        assert "no unwind information" in " ".join(
            (tmp_path / "out" / name).read_text().split()), name
    done = subprocess.run([PROGRAM, "check", "--stacks", caller], capture_output=True, text=True,
                          timeout=60, check=False)
    assert "libendless.so: code without unwind information: " in done.stdout
    assert "mend: build with -fasynchronous-unwind-tables" in done.stdout
