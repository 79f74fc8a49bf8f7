"""Each folder in cases/ is one call of the program and all that it must print.

    cases/NAME/cmd      bash; "perf-profile" is the program under test, "." is an empty folder
               stdout   expected, byte for byte; no file: nothing
               stderr   the same
               exit     expected status; no file: 0
               filter   optional sed script that both outputs go through first (versions, times)

tools/test runs these; `python3 -m pytest tests/golden --bless` rewrites what is expected: look at
the difference before committing it.
"""
import os
import subprocess
from pathlib import Path

import pytest

CASES = Path(__file__).resolve().parent / "cases"
TIMEOUT_S = 60


def run_case(case, perf_profile, folder):
    """Run the case's command; its exit status and the two outputs, filtered."""
    bin_folder = folder / "bin"
    work_folder = folder / "work"
    bin_folder.mkdir()
    work_folder.mkdir()
    (bin_folder / "perf-profile").symlink_to(perf_profile)
    environment = {**os.environ, "PATH": f"{bin_folder}:{os.environ['PATH']}",
                   "LC_ALL": "C.UTF-8", "TERM": "dumb", "CASE": str(case)}
    done = subprocess.run(["bash", case / "cmd"], cwd=work_folder, env=environment,
                          stdin=subprocess.DEVNULL, capture_output=True, timeout=TIMEOUT_S)
    return done.returncode, filtered(case, done.stdout), filtered(case, done.stderr)


def filtered(case, output):
    script = case / "filter"
    if not script.exists():
        return output
    return subprocess.run(["sed", "-E", "-f", script], input=output, capture_output=True,
                          check=True).stdout


def write_expected(path, content, nothing):
    if content == nothing:
        path.unlink(missing_ok=True)
    else:
        path.write_bytes(content)


def read_expected(path, nothing):
    return path.read_bytes() if path.exists() else nothing


@pytest.mark.parametrize("name", sorted(case.name for case in CASES.iterdir()))
def test_golden(name, perf_profile, tmp_path, request):
    case = CASES / name
    status, stdout, stderr = run_case(case, perf_profile, tmp_path)
    if request.config.getoption("--bless"):
        write_expected(case / "stdout", stdout, b"")
        write_expected(case / "stderr", stderr, b"")
        write_expected(case / "exit", b"%d\n" % status, b"0\n")
    assert stderr.decode() == read_expected(case / "stderr", b"").decode()
    assert stdout.decode() == read_expected(case / "stdout", b"").decode()
    assert status == int(read_expected(case / "exit", b"0\n"))
