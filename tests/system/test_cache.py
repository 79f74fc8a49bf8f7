"""What is kept between runs: the same report with it, and nothing but time lost without it."""
import os
import re
import stat
import subprocess

import pytest

from recordings import PROGRAM, Recording, profile, workload

FOUND = re.compile(r"cache: (\d+) found .*, (\d+) not found, (\d+) damaged, (\d+) stored, "
                   r"(\d+) not stored")


@pytest.fixture(name="cache")
def fixture_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    return tmp_path / "xdg/perf-profile"


def counts(folder, *options):
    """(found, not found, damaged, stored, not stored) of one run; None: without a cache."""
    done = profile(folder, workload("split"), 200, options=["-f", "--timings", *options])
    assert done.returncode == 0, done.stderr
    match = FOUND.search(done.stderr)
    return tuple(map(int, match.groups())) if match else None


def test_second_run_finds_what_the_first_kept(tmp_path, cache):
    first = counts(tmp_path / "first")
    assert first[0] == 0 and first[3] > 0 and first[2] == first[4] == 0
    assert stat.S_IMODE(cache.stat().st_mode) == 0o700
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in cache.iterdir())
    second = counts(tmp_path / "second")
    assert second[0] > 0 and second[2] == 0
    plain = counts(tmp_path / "plain", "--no-cache")
    assert plain is None
    for name in ("first", "second", "plain"):
        assert Recording(tmp_path / name).share("work_seventy") == pytest.approx(0.7, abs=0.15)


def test_damaged_files_are_made_again(tmp_path, cache):
    counts(tmp_path / "out")
    for path in cache.iterdir():
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 0xff
        path.write_bytes(content)
    again = counts(tmp_path / "out")
    assert again[2] > 0 and again[3] > 0
    assert counts(tmp_path / "out")[0] > 0


def test_folder_open_to_others_is_not_used(tmp_path, cache):
    cache.mkdir(parents=True)
    cache.chmod(0o777)
    assert counts(tmp_path / "out")[0::3] == (0, 0)
    assert not os.listdir(cache)
    done = subprocess.run([PROGRAM, "cache"], capture_output=True, text=True, check=False)
    assert done.returncode == 125
    assert "others may write" in done.stderr


def test_list_and_clear(tmp_path, cache):
    counts(tmp_path / "out")
    n_files = len(os.listdir(cache))
    (cache / "a file of the user").write_text("keep me")
    listed = subprocess.run([PROGRAM, "cache", "--list"], capture_output=True, text=True,
                            check=True).stdout.splitlines()
    assert len(listed) == n_files + 1
    assert any("[kernel.kallsyms]" in line or "split" in line or "libc" in line
               for line in listed)
    cleared = subprocess.run([PROGRAM, "cache", "--clear"], capture_output=True, text=True,
                             check=True).stdout
    assert cleared.startswith(f"{n_files} files removed")
    assert os.listdir(cache) == ["a file of the user"]
