"""What all Python tests share: where the built program is."""
import os
import signal
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def pytest_addoption(parser):
    parser.addoption("--bless", action="store_true",
                     help="golden tests: take what the program prints now as what is expected")


def pytest_configure():
    """Signals as a terminal has them: who starts us (nohup, a shell's background job, a CI
    runner) may ignore or block some, and every program under test would."""
    for number in (signal.SIGHUP, signal.SIGQUIT, signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory):
    """No test uses or fills the cache of whoever runs the tests."""
    caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    with pytest.MonkeyPatch.context() as patch:
        # But Go's: without it each run of the tests would compile Go's library and pprof anew.
        patch.setenv("GOCACHE", os.environ.get("GOCACHE") or str(caches / "go-build"))
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def root():
    """The top folder of the sources."""
    return ROOT


@pytest.fixture(scope="session")
def build():
    """The build folder under test: $PERF_PROFILE_BUILD, else ./run's."""
    return Path(os.environ.get("PERF_PROFILE_BUILD", ROOT / "build"))


@pytest.fixture(scope="session")
def perf_profile(build):
    """The program under test: $PERF_PROFILE, else the one in the build folder."""
    program = Path(os.environ.get("PERF_PROFILE", build / "src/cli/perf-profile"))
    assert program.is_file(), f"{program} is not built; run ./test, or ./run once"
    return program


@pytest.fixture
def small_disk(tmp_path):
    """A function that makes a file system of so many KiB, gone afterwards."""
    mounted = []

    def make(kib):
        folder = tmp_path / f"disk-{kib}"
        folder.mkdir()
        if subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={kib}k,mode=0700", "none", folder],
                          stderr=subprocess.DEVNULL, check=False).returncode != 0:
            pytest.skip("no right to mount a small file system")
        mounted.append(folder)
        return folder

    yield make
    for folder in mounted:
        subprocess.run(["umount", folder], check=True)
