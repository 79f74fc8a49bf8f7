"""Machines that lack something, simulated in mount namespaces and with limits: what still works.

What is seen is the table of docs/machines.md; `pytest --bless` writes it anew.
"""
import json
import os
import shlex
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from recordings import DELIVERABLES, PROGRAM, fault, without_perf_events, workload

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or not shutil.which("unshare") or not shutil.which("setpriv"),
    reason="simulating a machine needs root, unshare and setpriv")

# What a row does before the program starts, in a mount namespace of its own.
EMPTY = "mount -t tmpfs none"
HIDE = "mount --bind /dev/null"
NOBODY = "setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all"

REFUSE = f"env LD_PRELOAD={fault('refuse_events')}"


def paranoid_file(level):
    """The file says so; what the kernel of this machine does is another matter."""
    return (f"{EMPTY} /mnt; echo {level} >/mnt/level; "
            "mount --bind /mnt/level /proc/sys/kernel/perf_event_paranoid")


# What is done before, what the program is run with, whether the kernel side is seen (None: either).
MACHINES = {
    "nothing missing": ("", "", True),
    "another user, kernel.perf_event_paranoid=2": ("", NOBODY, None),
    **{f"kernel.perf_event_paranoid={level}":
       (paranoid_file(level), f"{REFUSE} REFUSE_PARANOID={level}", level <= 1)
       for level in (-1, 0, 1, 2, 3, 4)},
    "no locked memory (ulimit -l 0), another user": ("ulimit -l 0", NOBODY, None),
    "rings of no more than 256 KiB (kernel.perf_event_mlock_kb)":
        ("", f"{REFUSE} REFUSE_RING_KIB=260", True),
    "no rings at all (kernel.perf_event_mlock_kb=0)": ("", f"{REFUSE} REFUSE_RING_KIB=0", False),
    "no /proc/kallsyms": (f"{HIDE} /proc/kallsyms", "", True),
    "no tracefs": (f"{EMPTY} /sys/kernel/tracing; {EMPTY} /sys/kernel/debug", "", True),
    "no /proc/sys": (f"{EMPTY} /proc/sys", "", True),
    "no /sys": (f"{EMPTY} /sys", "", True),
    "no cpufreq, no topology": (f"{EMPTY} /sys/devices/system/cpu", "", True),
    "no cgroups mounted": (f"{EMPTY} /sys/fs/cgroup", "", True),
    "no /proc at all": (f"{EMPTY} /proc", "", None),
    "no home, no environment": ("", "env -i", True),
    "file descriptors: 32": ("ulimit -n 32", "", True),
}


def under(setup, wrapper, *command):
    """The command on such a machine, or a skip where namespaces are not to be had."""
    script = f'set -e; {setup or ":"}; exec {wrapper} "$@"'
    done = subprocess.run(["unshare", "-m", "sh", "-c", script, "sh", *map(str, command)],
                          capture_output=True, text=True, check=False, timeout=60,
                          stdin=subprocess.DEVNULL)
    if done.stderr.startswith(("unshare:", "mount:")):
        pytest.skip(f"cannot be simulated here: {done.stderr.splitlines()[0]}")
    return done


@pytest.fixture(scope="module")
def folder():
    """Where any user can write, unlike pytest's folders."""
    path = Path(tempfile.mkdtemp(prefix="perf-profile-test-"))
    path.chmod(0o777)
    yield path
    shutil.rmtree(path)


rows = {}
FILTERED = "perf_event_open blocked by a seccomp filter"


@pytest.mark.parametrize("name", MACHINES)
def test_main_job(name, folder):
    setup, wrapper, wanted = MACHINES[name]
    out = folder / f"out-{len(rows)}-{abs(hash(name)) % 10000}"
    done = under(setup, wrapper, os.path.abspath(PROGRAM), "-o", out, workload("split"), "300")
    assert done.returncode == 0, done.stderr
    assert sorted(os.listdir(out)) == sorted(DELIVERABLES)
    summary = json.loads((out / "summary.json").read_text())
    stacks = [line for line in (out / "perf-collapsed.txt").read_text().splitlines()
              if "work_seventy" in line]
    if "no /proc at all" not in name:
        assert summary["sampling"]["samples"] > 100
        assert stacks, done.stderr
    if wanted is not None:
        assert summary["sampling"]["kernel_side"] is wanted
    rows[name] = (summary["sampling"], summary["quality"])


def test_no_perf_events(tmp_path):
    """A seccomp filter, as containers have it: threads are stopped for each sample instead."""
    done = without_perf_events("-o", tmp_path / "out", workload("split"), "300")
    assert done.returncode == 0, done.stderr
    summary = json.loads((tmp_path / "out/summary.json").read_text())
    assert summary["sampling"]["kernel_side"] is False
    assert "ptrace" in " ".join(summary["sampling"]["degradations"])
    rows[FILTERED] = (summary["sampling"], summary["quality"])


# A group is made, something busy is put into it, and the group is recorded.
IN_A_GROUP = """
group=/sys/fs/cgroup/perf-profile-test
mkdir $group
sh -c 'echo $$ >"$0/cgroup.procs"; exec "$1" 60000' $group "$1" &
shift
status=0
"$@" || status=$?
kill $!
wait $! || :
rmdir $group
exit $status
"""

GROUP = "cgroup version 2 alone (-G)"


def test_a_cgroup(folder):
    """Not of version 1: mounting that takes perf_event away from the whole machine's version 2."""
    if "\nperf_event\t0\t" not in Path("/proc/cgroups").read_text():
        pytest.skip("perf_event is on a version 1 hierarchy here")
    out = folder / "group"
    done = under(f"{EMPTY} /sys/fs/cgroup; mount -t cgroup2 none /sys/fs/cgroup",
                 f"sh -ec {shlex.quote(IN_A_GROUP)} sh", workload("split"),
                 os.path.abspath(PROGRAM), "-G", "perf-profile-test", "--duration", "500ms",
                 "-o", out)
    assert done.returncode == 0, done.stderr
    summary = json.loads((out / "summary.json").read_text())
    stacks = (out / "perf-collapsed.txt").read_text().splitlines()
    assert stacks and all(line.startswith("split") for line in stacks)
    rows[GROUP] = (summary["sampling"], summary["quality"])


@pytest.mark.parametrize("level", [-1, 0, 1, 2, 3, 4])
def test_check_at_each_paranoid_level(level):
    done = under(paranoid_file(level), NOBODY, os.path.abspath(PROGRAM), "check")
    assert f"perf_event_paranoid is {level}" in done.stdout, done.stdout
    line, = [line for line in done.stdout.splitlines() if f"paranoid is {level}" in line]
    assert line.startswith("good") == (level <= 1), line


TABLE_BEGIN = "| machine | sampled on | kernel side | complete stacks | given up |\n"


def test_table(root, request):
    """docs/machines.md has a row for each machine here."""
    path = root / "docs/machines.md"
    text = path.read_text()
    names = [*MACHINES, FILTERED, GROUP]
    if request.config.getoption("--bless") and len(rows) == len(names):
        lines = [TABLE_BEGIN, "|---|---|---|---|---|\n"]
        for name in names:
            sampling, quality = rows[name]
            share = quality["complete_share"]
            given_up = [text for text in sampling["degradations"] if "no hardware" not in text]
            lines.append(f"| {name} | {sampling['event']} | "
                         f"{'yes' if sampling['kernel_side'] else 'no'} | "
                         f"{'–' if share is None else f'{100 * share:.0f} %'} | "
                         f"{'; '.join(given_up) or '–'} |\n")
        text = text[:text.index(TABLE_BEGIN)] + "".join(lines)
        path.write_text(text)
    missing = [name for name in names if f"| {name} |" not in text]
    assert not missing
