"""Shell scripts: they parse, stop at errors, and shellcheck finds nothing."""
import shutil
import subprocess

import pytest

from sources import ROOT, is_script, read, tracked_files


def shell_scripts():
    return [path for path in tracked_files()
            if is_script(path) and "bash" in read(path).split("\n", 1)[0]]


SCRIPTS = shell_scripts()


@pytest.mark.parametrize("script", SCRIPTS, ids=str)
def test_script_parses_and_stops_at_errors(script):
    subprocess.run(["bash", "-n", ROOT / script], check=True)
    assert "set -euo pipefail" in read(script)


@pytest.mark.parametrize("script", SCRIPTS, ids=str)
def test_script_can_be_executed(script):
    assert (ROOT / script).stat().st_mode & 0o111


def test_shellcheck_finds_nothing():
    if not shutil.which("shellcheck"):
        pytest.skip("shellcheck is not installed")
    done = subprocess.run(["shellcheck", *SCRIPTS], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
