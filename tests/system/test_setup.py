"""Set-up, ./run and installation: what a newcomer meets first."""
import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
SETUP = ROOT / "tools/setup"

# What tools/setup itself needs besides bash.
TOOLS = ["bash", "env", "sort", "tr", "cat"]

DISTRIBUTIONS = {
    "debian": ("ID=debian", "apt-get", "install -y --no-install-recommends", "libdw-dev"),
    "ubuntu": ("ID=ubuntu\nID_LIKE=debian", "apt-get", "install -y --no-install-recommends",
               "libdw-dev"),
    "fedora": ("ID=fedora", "dnf", "install -y", "elfutils-devel"),
    "arch": ("ID=arch", "pacman", "-S --needed --noconfirm", "libelf"),
    "manjaro": ("ID=manjaro\nID_LIKE=arch", "pacman", "-S --needed --noconfirm", "libelf"),
}


def run_setup_on(tmp_path, os_release, package_managers):
    """On a machine without compilers, of another distribution; (process, what was installed)."""
    if os.geteuid() != 0:
        pytest.skip("needs root to put another /etc/os-release in place")
    if subprocess.run(["unshare", "-m", "true"], capture_output=True).returncode != 0:
        pytest.skip("mount namespaces are not allowed here")
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in TOOLS:
        (programs / name).symlink_to(shutil.which(name))
    for name in package_managers:
        (programs / name).write_text(f'#!/usr/bin/bash\necho "$0 $*" >>{tmp_path}/installed\n')
        (programs / name).chmod(0o755)
    (tmp_path / "os-release").write_text(os_release + "\n")
    script = (f"mount --bind {tmp_path}/os-release /etc/os-release && "
              f"PATH={programs} exec {SETUP} test")
    done = subprocess.run(["unshare", "-m", "bash", "-c", script], capture_output=True, text=True,
                          timeout=60)
    log = tmp_path / "installed"
    return done, log.read_text() if log.exists() else ""


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_setup_installs_with_the_right_package_manager(tmp_path, name):
    os_release, manager, arguments, package = DISTRIBUTIONS[name]
    done, installed = run_setup_on(tmp_path, os_release, [manager])
    call = installed.splitlines()[-1]
    assert f"/{manager} {arguments}" in call
    for word in (package, "gcc", "meson", "gdb"):
        assert f" {word}" in call
    # It says what it does, and does not believe that it worked.
    assert "setup: missing: command:gcc" in done.stderr
    assert manager in done.stderr
    assert "still missing" in done.stderr
    assert done.returncode == 1


def test_setup_lists_what_is_needed_elsewhere(tmp_path):
    done, installed = run_setup_on(tmp_path, "ID=gentoo", [])
    assert done.returncode == 1
    assert not installed
    assert "library:libdw" in done.stderr and "libdw-dev" in done.stderr


def test_nothing_is_missing_here():
    done = subprocess.run([SETUP, "test"], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.fixture(scope="module")
def run():
    """./run, with the program built."""
    script = ROOT / "run"
    subprocess.run([script, "version"], stdout=subprocess.DEVNULL, check=True, timeout=600)
    return script


def test_run_keeps_arguments_folder_and_status(run, tmp_path):
    words = ["two words", "ü", "", "*", "$HOME", "--json"]
    done = subprocess.run([run, "-q", "-o", "out", "sh", "-c",
                           'pwd; printf "%s\\n" "$@"; cat; exit 42', "sh", *words],
                          cwd=tmp_path, input="its input", capture_output=True, text=True)
    assert done.stdout == "\n".join([str(tmp_path), *words]) + "\nits input"
    assert done.stderr == ""
    assert done.returncode == 42
    assert (tmp_path / "out/perf.data").is_file()


def test_run_through_a_link(run, tmp_path):
    (tmp_path / "link").symlink_to(run)
    done = subprocess.run([tmp_path / "link", "version"], cwd="/", capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout.startswith("perf-profile ")


def test_everything_is_installed_where_it_belongs(build, tmp_path):
    subprocess.run(["meson", "install", "-C", build, "--no-rebuild", "--destdir", tmp_path],
                   capture_output=True, check=True, timeout=60)
    files = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    endings = ["bin/perf-profile", "share/man/man1/perf-profile.1",
               "share/man/man1/perf-profile-check.1",
               "share/bash-completion/completions/perf-profile",
               "share/zsh/site-functions/_perf-profile",
               "share/fish/vendor_completions.d/perf-profile.fish",
               "share/perf-profile/rules/default.rules"]
    for ending in endings:
        assert any(file.endswith(ending) for file in files), (ending, files)
    program = next(tmp_path.rglob("bin/perf-profile"))
    done = subprocess.run([program, "--version"], capture_output=True, text=True)
    assert done.returncode == 0
