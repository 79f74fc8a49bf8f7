"""Stacks through code that comes without unwind information, on the real kernel."""
import glob
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from recordings import record, workload

PYTHON_CODE = """
def bottom(n):
    total = 0
    for i in range(n):
        total += i * i % 7
    return total

def descend(depth):
    return descend(depth - 1) + 1 if depth else bottom(400000)

for _ in range(30):
    descend(20)
"""

GO_CODE = """package main

import "fmt"

type node struct{ left, right *node }

//go:noinline
func grow(depth int) *node {
	if depth == 0 {
		return &node{}
	}
	return &node{grow(depth - 1), grow(depth - 1)}
}

func main() {
	done := make(chan int)
	for worker := 0; worker < 2; worker++ {
		go func() {
			total := 0
			for i := 0; i < 400; i++ {
				if grow(12).left != nil {
					total++
				}
			}
			done <- total
		}()
	}
	fmt.Println(<-done + <-done)
}
"""


def pythons_with_trampolines():
    """CPython 3.12 and later that were built for perf's maps, wherever they are."""
    candidates = [shutil.which(f"python3.{minor}") for minor in range(12, 20)]
    candidates += sorted(glob.glob(os.path.expanduser("~/.pyenv/versions/3.1[2-9]*/bin/python3")))
    return [path for path in candidates if path and subprocess.run(
        [path, "-X", "perf", "-c", "import sys; sys.exit(not sys.is_stack_trampoline_active())"],
        capture_output=True, check=False).returncode == 0]


def test_functions_of_a_libc_without_unwind_information(tmp_path):
    if not Path(workload("split-musl")).exists():
        pytest.skip("musl-gcc is not installed")
    recording = record(tmp_path / "out", workload("split-musl"), 1000)
    assert recording.n_samples > 500
    assert recording.complete_share >= 0.99
    assert all("main" in stack for stack in recording.stacks if "clock_gettime" in stack)


def test_trampolines_of_cpython(tmp_path):
    pythons = pythons_with_trampolines()
    if not pythons:
        pytest.skip("no CPython 3.12 or later with trampolines (-X perf)")
    (tmp_path / "deep.py").write_text(PYTHON_CODE)
    for i, python in enumerate(pythons):
        recording = record(tmp_path / f"out{i}", python, "-X", "perf", tmp_path / "deep.py")
        depths = [sum(frame.startswith("py::descend") for frame in stack)
                  for stack, count in recording.stacks.items()
                  if any(frame.startswith("py::bottom") for frame in stack) for _ in range(count)]
        assert len(depths) > 100, python
        assert set(depths) == {21}, python
        assert recording.complete_share >= 0.99, python


@pytest.mark.parametrize("flags", ["", "-s -w"])
def test_stacks_of_go(tmp_path, flags):
    go = shutil.which("go") or "/usr/local/go/bin/go"
    if not os.access(go, os.X_OK):
        pytest.skip("go is not installed")
    (tmp_path / "work.go").write_text(GO_CODE)
    subprocess.run([go, "build", f"-ldflags={flags}", "-o", "work", "work.go"], cwd=tmp_path,
                   check=True, env={**os.environ, "GOFLAGS": "-buildvcs=false"})
    recording = record(tmp_path / "out", tmp_path / "work")
    assert recording.n_samples > 200
    assert recording.complete_share >= 0.99
    assert all("main.main.func1" in stack for stack in recording.stacks
               if "main.grow" in stack and "runtime.mallocgc" not in stack)
