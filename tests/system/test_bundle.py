"""perf-profile bundle: one file that is opened without what was recorded."""
import io
import os
import shutil
import subprocess
import tarfile

import pytest

SOURCE = """
#include <string.h>
static inline __attribute__((always_inline)) unsigned long step(unsigned long x)
{
	return x * 6364136223846793005UL + 1;
}
__attribute__((noinline)) unsigned long secretly_slow(unsigned long x)
{
	for (volatile long i = 0; i < 60000000; i++)
		x = step(x);
	return x;
}
int main(int argc, char **argv)
{
	return secretly_slow((unsigned long)argc) == 0;
}
"""


@pytest.fixture
def recording(perf_profile, tmp_path):
    """A recording of a program that is gone afterwards."""
    folder = tmp_path / "customer folder"
    folder.mkdir()
    (folder / "it.c").write_text(SOURCE)
    subprocess.run(["cc", "-O1", "-g", "-o", folder / "it", folder / "it.c"], check=True)
    subprocess.run([perf_profile, "-q", "-o", "out", folder / "it", "--password", "hunter2"],
                   cwd=tmp_path, check=True, stdout=subprocess.DEVNULL)
    return tmp_path


@pytest.fixture
def run(perf_profile, tmp_path):
    def run(*arguments, status=0):
        done = subprocess.run([perf_profile, *arguments], cwd=tmp_path, capture_output=True,
                              env={**os.environ, "XDG_CACHE_HOME": str(tmp_path / "empty")})
        assert done.returncode == status, (done.stdout[:2000], done.stderr)
        return done.stdout.decode() + done.stderr.decode()
    return run


def without_times(report):
    return [line for line in report.split("\n") if not line.startswith("# time ")]


def test_it_opens_without_the_program(run, recording):
    before = run("report", "out/perf.data")
    run("bundle", "out/perf.data", "-o", "it.tar.zst")
    shutil.rmtree(recording / "customer folder")
    shutil.rmtree(recording / "out")
    assert without_times(run("report", "it.tar.zst")) == without_times(before)
    assert "secretly_slow" in run("collapse", "it.tar.zst")
    assert "<svg" in run("flamegraph", "it.tar.zst")
    members = subprocess.run(["zstd", "-dc", recording / "it.tar.zst"], capture_output=True,
                             check=True).stdout
    names = tarfile.open(fileobj=io.BytesIO(members)).getnames()
    assert [name.split("/")[1] for name in names] == ["README.txt", "report.txt", "machine.txt",
                                                      "profile"]


def test_redacted(run, recording):
    run("bundle", "--redact", "out/perf.data", "-o", "it.tar.zst")
    content = subprocess.run(["zstd", "-dc", recording / "it.tar.zst"], capture_output=True,
                             check=True).stdout
    for secret in (b"hunter2", b"customer", os.uname().nodename.encode() + b"\n"):
        assert secret not in content
    assert "secretly_slow" in run("report", "it.tar.zst")


def test_nothing_is_replaced_and_damage_is_told(run, recording):
    run("bundle", "out/perf.data", "-o", "it.tar.zst")
    assert "exists" in run("bundle", "out/perf.data", "-o", "it.tar.zst", status=125)
    whole = (recording / "it.tar.zst").read_bytes()
    (recording / "cut.tar.zst").write_bytes(whole[:len(whole) // 2])
    assert "cut.tar.zst" in run("report", "cut.tar.zst", status=125)
    plain = subprocess.run(["zstd", "-dc", recording / "it.tar.zst"], capture_output=True,
                           check=True).stdout
    (recording / "cut.tar").write_bytes(plain[:len(plain) * 3 // 4])
    assert "the bundle is damaged" in run("report", "cut.tar", status=125)
