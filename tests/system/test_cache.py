"""What is kept between runs: the same report with it, and nothing but time lost without it."""
import os
import re
import shutil
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


def flip(position):
    """Function: the content with one bit of this byte wrong (negative: from the end)."""
    def damage(content):
        changed = bytearray(content)
        changed[position] ^= 1
        return bytes(changed)
    return damage


# Fields of docs/formats/cache.md.
DAMAGES = {
    "magic": flip(0), "checksum": flip(8), "version of the layout": flip(16),
    "version of the content": flip(20), "size": flip(24), "identity": flip(33),
    "first byte of the content": flip(64 * 4), "last byte": flip(-1),
    "empty": lambda content: b"", "cut in the head": lambda content: content[:20],
    "cut in half": lambda content: content[:len(content) // 2],
    "a byte short": lambda content: content[:-1], "longer": lambda content: content + b"more",
}


@pytest.mark.parametrize("kind", DAMAGES)
def test_no_damage_is_believed_or_does_harm(kind, tmp_path, cache):
    counts(tmp_path / "out")
    n_files = len(list(cache.iterdir()))
    for path in cache.iterdir():
        path.write_bytes(DAMAGES[kind](path.read_bytes()))
    found, missed, _, stored, _ = counts(tmp_path / "out")
    assert found == 0 and missed >= n_files and stored > 0
    assert Recording(tmp_path / "out").share("work_seventy") == pytest.approx(0.7, abs=0.15)
    listed = subprocess.run([PROGRAM, "cache"], capture_output=True, text=True, check=False)
    assert listed.returncode == 0
    assert counts(tmp_path / "out")[0] > 0


def in_mount(folder, options, *command):
    """A command with a file system of its own at @p folder."""
    if os.geteuid() != 0 or not shutil.which("unshare"):
        pytest.skip("mounting needs root and unshare(1)")
    folder.mkdir(parents=True)
    return subprocess.run(["unshare", "--mount", "sh", "-c",
                           f'mount -t tmpfs -o {options} none "$1" && shift && exec "$@"', "sh",
                           folder, *command], capture_output=True, text=True, timeout=120,
                          check=False, stdin=subprocess.DEVNULL)


@pytest.mark.parametrize("options", ["size=16k,mode=0700", "ro,mode=0700"])
def test_a_full_or_unwritable_disk_does_no_harm(options, tmp_path, cache):
    done = in_mount(cache, options, PROGRAM, "-f", "--timings", "-o", tmp_path / "out", "--",
                    workload("split"), "200")
    assert done.returncode == 0, done.stderr
    assert int(FOUND.search(done.stderr)[5]) > 0
    assert Recording(tmp_path / "out").share("work_seventy") == pytest.approx(0.7, abs=0.15)


def test_no_folder_can_be_made(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert counts(tmp_path / "out")[0] == 0
    assert (tmp_path / "file").read_text() == "not a folder"


def test_several_at_once(tmp_path, cache):
    for _ in range(3):
        jobs = [subprocess.Popen([PROGRAM, "-f", "-o", tmp_path / str(number), "--",
                                  workload("split"), "100"], stdout=subprocess.DEVNULL,
                                 stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
                for number in range(4)]
        assert [job.wait(timeout=60) for job in jobs] == [0, 0, 0, 0]
    assert not [path.name for path in cache.iterdir() if path.name.startswith(".new")]
    found, _, damaged, _, failed = counts(tmp_path / "out")
    assert found > 0 and damaged == failed == 0


def test_what_is_too_much_goes_the_oldest_first(tmp_path, cache):
    cache.mkdir(parents=True, mode=0o700)
    for number in range(8):
        path = cache / f"table-{number:016x}"
        path.touch(mode=0o600)
        os.truncate(path, 60 << 20)
        os.utime(path, (1000 + number, 1000 + number))
    counts(tmp_path / "out")
    left = sorted(path.name for path in cache.iterdir())
    assert sum((cache / name).stat().st_size for name in left) <= 256 << 20
    assert "table-0000000000000000" not in left and "table-0000000000000007" in left
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
