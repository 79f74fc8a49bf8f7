"""Whose the files are, who may read them, and what is believed: SECURITY.md, line by line."""
import os
import shutil
import stat
import subprocess
import tempfile
from pathlib import Path

import pytest

from recordings import DELIVERABLES, PROGRAM, profile, workload

NOBODY = 65534

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")


@pytest.fixture(name="open_folder")
def make_open_folder():
    """A folder that other users can reach and write, unlike pytest's."""
    folder = Path(tempfile.mkdtemp(prefix="perf-profile-test-"))
    folder.chmod(0o777)
    yield folder
    shutil.rmtree(folder)


def modes(folder):
    return {stat.S_IMODE((folder / name).stat().st_mode) for name in os.listdir(folder)}


def test_only_the_user_can_read_unless_shared(tmp_path):
    old_mask = os.umask(0)
    try:
        assert profile(tmp_path / "own", "true").returncode == 0
        assert profile(tmp_path / "shared", "true", options=["--shared"]).returncode == 0
        os.umask(0o027)
        assert profile(tmp_path / "masked", "true", options=["--shared"]).returncode == 0
    finally:
        os.umask(old_mask)
    for name, file_mode, folder_mode in [("own", 0o600, 0o700), ("shared", 0o644, 0o755),
                                         ("masked", 0o640, 0o750)]:
        folder = tmp_path / name
        assert modes(folder) == {file_mode}, name
        assert stat.S_IMODE(folder.stat().st_mode) == folder_mode


def test_links_under_our_names_are_not_followed(tmp_path):
    """Somebody who can write into the folder puts links where files are to be written."""
    folder = tmp_path / "out"
    folder.mkdir()
    victim = tmp_path / "victim"
    victim.write_text("precious")
    for name in DELIVERABLES:
        (folder / f"{name}.partial").symlink_to(victim)
        (folder / name).symlink_to(victim)
    done = profile(folder, "true", options=["--force"])
    assert victim.read_text() == "precious"
    assert done.returncode == 0, done.stderr
    assert not [name for name in os.listdir(folder) if (folder / name).is_symlink()]


@needs_root
def test_user_runs_the_command_and_gets_the_files(open_folder):
    done = profile(open_folder / "out", "sh", "-c",
                   "id -u; id -g; echo $HOME; grep -E 'CapEff|CapPrm' /proc/self/status",
                   options=["--user", "nobody"])
    assert done.returncode == 0, done.stderr
    lines = done.stdout.split("\n")
    assert lines[0] == str(NOBODY)
    assert lines[2] != os.environ.get("HOME")
    assert lines[3].split()[1] == lines[4].split()[1] == "0" * 16
    for path in [open_folder / "out", *(open_folder / "out").iterdir()]:
        assert path.stat().st_uid == NOBODY, path


@needs_root
def test_user_cannot_lead_root_elsewhere(open_folder, tmp_path):
    """The files are made with the user's rights: a link to a folder of root's ends there."""
    target = tmp_path / "of-root"
    target.mkdir(mode=0o700)
    os.symlink(target, open_folder / "perf-profile.out")
    done = subprocess.run([os.path.abspath(PROGRAM), "--user", str(NOBODY), "true"],
                          cwd=open_folder, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 125
    assert "Permission denied" in done.stderr
    assert not os.listdir(target)


def as_through_sudo(*arguments, **variables):
    environment = {**os.environ, "SUDO_UID": str(NOBODY), "SUDO_GID": str(NOBODY), **variables}
    return subprocess.run([os.path.abspath(PROGRAM), *map(str, arguments)], env=environment,
                          capture_output=True, text=True, check=False, timeout=60)


@needs_root
def test_through_sudo_the_files_are_the_callers(open_folder, tmp_path):
    """Of each command, in folders that user may write; what is made elsewhere is root's."""
    assert as_through_sudo("-q", "-o", open_folder / "out", "id", "-u").stdout == "0\n"
    done = as_through_sudo("export", "--format", "csv", "-i", open_folder / "out/perf.data",
                           "-o", open_folder / "table")
    assert done.returncode == 0, done.stderr
    made = [open_folder / "out", open_folder / "table", *(open_folder / "out").iterdir()]
    assert {path.stat().st_uid for path in made} == {NOBODY}
    assert as_through_sudo("stat", "-o", open_folder / "counts", "true").returncode == 0
    home = {"HOME": str(open_folder), "XDG_DATA_HOME": ""}
    done = as_through_sudo("compare", "--no-profile", "-r", "2", "--save", "x", "true", "true",
                           **home)
    assert done.returncode == 0, done.stderr
    history = open_folder / ".local/share/perf-profile/history.db"
    for path in (open_folder / "counts", history):
        assert (path.stat().st_uid, path.stat().st_mode & 0o777) == (NOBODY, 0o600), path
    assert as_through_sudo("-q", "-o", tmp_path / "out", "true").returncode == 0
    assert {path.stat().st_uid for path in [tmp_path / "out", *(tmp_path / "out").iterdir()]} == {0}


@needs_root
@pytest.mark.parametrize("variables", [{"SUDO_UID": "4294967295"}, {"SUDO_UID": "-2"},
                                       {"SUDO_UID": "65534x"}, {"SUDO_GID": ""},
                                       {"SUDO_UID": "3999999999"}])
def test_numbers_that_are_no_users_are_not_taken(open_folder, variables):
    assert as_through_sudo("-q", "-o", open_folder / "out", "true", **variables).returncode == 0
    assert (open_folder / "out").stat().st_uid == 0


def test_user_is_for_root_and_must_exist(tmp_path):
    done = profile(tmp_path / "out", "true", options=["--user", "no-such-user-here"])
    assert done.returncode == 125
    assert ("no user 'no-such-user-here'" if os.geteuid() == 0 else "only root") in done.stderr
    assert not (tmp_path / "out").exists()


def as_nobody(*command, **keywords):
    return subprocess.run(["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups",
                           *map(str, command)], capture_output=True, text=True, check=False,
                          timeout=60, **keywords)


@pytest.fixture(name="capable")
def make_capable(open_folder):
    """A copy of the program with more file capabilities than it should use."""
    if os.geteuid() != 0 or not shutil.which("setcap") or not shutil.which("setpriv"):
        pytest.skip("needs root, setcap and setpriv")
    program = open_folder / "perf-profile"
    shutil.copy(PROGRAM, program)
    program.chmod(0o755)
    if subprocess.run(["setcap", "cap_perfmon,cap_sys_ptrace,cap_dac_read_search=ep", program],
                      check=False, stderr=subprocess.DEVNULL).returncode != 0:
        pytest.skip("no file capabilities on this file system")
    return program


def test_file_capabilities_stay_with_us(capable, open_folder):
    done = as_nobody(capable, "-o", open_folder / "out", "sh", "-c",
                     "grep -E 'Cap(Inh|Prm|Eff|Amb)' /proc/self/status")
    assert done.returncode == 0, done.stderr
    assert {line.split()[1] for line in done.stdout.splitlines()} == {"0" * 16}


def test_file_capabilities_read_nothing_of_others(capable, open_folder, tmp_path):
    secret = open_folder / "secret.folded"
    secret.write_text("main;classified 1\n")
    secret.chmod(0o600)
    done = as_nobody(capable, "flamegraph", secret)
    assert done.returncode == 125 and "classified" not in done.stdout
    assert "Permission denied" in done.stderr


def test_environment_steers_nothing_with_file_capabilities(capable, open_folder):
    cache = open_folder / "cache"
    done = as_nobody(capable, "-o", open_folder / "out", workload("split"), "100",
                     env={**os.environ, "XDG_CACHE_HOME": str(cache), "HOME": str(open_folder),
                          "PAGER": f"touch {open_folder}/paged"})
    assert done.returncode == 0, done.stderr
    assert not cache.exists()
    assert not (open_folder / ".cache").exists() and not (open_folder / "paged").exists()


def test_set_user_id_is_refused(open_folder):
    if os.geteuid() != 0 or not shutil.which("setpriv"):
        pytest.skip("needs root and setpriv")
    program = open_folder / "perf-profile"
    shutil.copy(PROGRAM, program)
    program.chmod(0o4755)
    done = as_nobody(program, "version")
    if "NoNewPrivs:\t1" in Path("/proc/self/status").read_text(encoding="ascii"):
        pytest.skip("set-user-ID files do nothing here")
    assert done.returncode == 125
    assert "refused" in done.stderr and "cap_perfmon" in done.stderr


RULE = "[trap]\ntitle = Trap\nmeaning = M\nadvice = A\nfunction = work_*\n"


@needs_root
def test_root_reads_no_rules_of_others(tmp_path):
    rules = tmp_path / "perf-profile/rules/x.rules"
    rules.parent.mkdir(parents=True)
    rules.write_text(RULE)
    environment = {**os.environ, "XDG_CONFIG_HOME": str(tmp_path)}
    done = profile(tmp_path / "own", workload("split"), 100, env=environment)
    assert "Trap" in (tmp_path / "own/analysis.txt").read_text(), done.stderr
    os.chown(rules, NOBODY, NOBODY)
    done = profile(tmp_path / "others", workload("split"), 100, env=environment)
    assert done.returncode == 0
    assert "belongs to user 65534" in done.stderr
    assert "Trap" not in (tmp_path / "others/analysis.txt").read_text()
    done = profile(tmp_path / "named", "true", options=["--rules", str(rules)])
    assert done.returncode == 125 and "belongs to user" in done.stderr


@needs_root
def test_root_reads_no_cache_of_others(tmp_path):
    cache = tmp_path / "perf-profile"
    cache.mkdir(mode=0o700)
    os.chown(cache, NOBODY, NOBODY)
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path)}
    assert profile(tmp_path / "out", workload("split"), 100, env=environment).returncode == 0
    assert not os.listdir(cache)
