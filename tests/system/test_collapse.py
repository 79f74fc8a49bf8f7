"""collapse gives what stackcollapse-perf.pl gives, on the real files of ../shared/corpora."""
import os
import subprocess
from pathlib import Path

import pytest

CORPORA = Path(__file__).resolve().parents[2] / ".." / "shared" / "corpora"
OPTIONS = ["pid", "tid", "kernel", "jit", "all", "addrs"]


def expected_files():
    return sorted(CORPORA.glob("collapse/*-collapsed-*.txt"))


def split_name(path):
    """The input and the option that a file of expected stacks belongs to."""
    name, _, option = path.stem.rpartition("-collapsed-")
    return path.with_name(name + ".txt"), option


def collapse(program, *arguments, **keywords):
    return subprocess.run([program, "collapse", *map(str, arguments)], capture_output=True,
                          timeout=120, **keywords)


@pytest.mark.skipif(not expected_files(), reason="../shared/corpora is not there")
@pytest.mark.parametrize("expected", expected_files(), ids=lambda path: path.stem)
def test_same_as_the_collapser(perf_profile, expected):
    text, option = split_name(expected)
    assert option in OPTIONS
    done = collapse(perf_profile, f"--{option}", text)
    assert done.returncode == 0, done.stderr
    assert sorted(done.stdout.splitlines()) == sorted(expected.read_bytes().splitlines())


@pytest.mark.skipif(not expected_files(), reason="../shared/corpora is not there")
@pytest.mark.parametrize("folded", expected_files(), ids=lambda path: path.stem)
def test_folded_stacks_are_an_input(perf_profile, folded):
    done = subprocess.run([perf_profile, "flamegraph", str(folded)], capture_output=True)
    assert done.returncode == 0 and not done.stderr, done.stderr
    assert b"<svg" in done.stdout
    again = collapse(perf_profile, folded)
    assert again.returncode == 0, again.stderr
    # The marks are what kind of code it is, and come back when they are asked for.
    total = sum(int(line.rpartition(b" ")[2]) for line in folded.read_bytes().splitlines())
    assert sum(int(line.rpartition(b" ")[2]) for line in again.stdout.splitlines()) == total


TEXT = """\
# cmdline : /usr/bin/perf record sh
my sh 12/13 [000] 1.5:         10 cycles:
\t            7f12 work+0x2 (/bin/a)
\t            7f34 main+0x3 (/bin/a)

my sh 12/13 [001] 1.6:         5 cycles:
\t            7f34 main+0x3 (/bin/a)

"""


def test_from_standard_input(perf_profile):
    for arguments in ([], ["-"], ["-i", "-"]):
        done = collapse(perf_profile, *arguments, input=TEXT.encode())
        assert done.returncode == 0 and not done.stderr, done.stderr
        assert done.stdout == b"my_sh;main 5\nmy_sh;main;work 10\n"


def test_several_files_add_up(perf_profile, tmp_path):
    (tmp_path / "a").write_text(TEXT)
    done = collapse(perf_profile, tmp_path / "a", tmp_path / "a")
    assert done.stdout == b"my_sh;main 10\nmy_sh;main;work 20\n"


def test_under_the_collapsers_name(perf_profile, tmp_path):
    link = tmp_path / "stackcollapse-perf.pl"
    os.symlink(Path(perf_profile).resolve(), link)
    # Perl's option parser takes one dash for two.
    for option in ("--pid", "-pid"):
        done = subprocess.run([link, option], input=TEXT.encode(), capture_output=True)
        assert done.stdout == b"my_sh-12;main 5\nmy_sh-12;main;work 10\n", done.stderr


def test_what_is_left_out_is_said(perf_profile):
    text = TEXT + "nonsense\nmy sh 12/13 [001] 1.7: 5 faults:\n\t 1 f (/a)\n\n" + TEXT.rstrip()
    done = collapse(perf_profile, input=text.encode())
    assert done.returncode == 0
    assert b"1 line not understood" in done.stderr and b"line 9" in done.stderr
    assert b"such as faults" in done.stderr
    assert b"no empty line ends the last sample" in done.stderr
    assert done.stdout == b"my_sh;main 5\nmy_sh;main;work 20\n"


@pytest.mark.parametrize("text,message", [
    (b"hello world\n", b"it begins with 'hello world'"),
    (b"{}\n", b"this is JSON"),
    (b"\x7fELF\x02\x01", b"ELF program"),
])
def test_other_files_are_refused(perf_profile, text, message):
    done = collapse(perf_profile, input=text)
    assert done.returncode == 125 and message in done.stderr and not done.stdout


def test_empty_input(perf_profile):
    done = collapse(perf_profile, input=b"")
    assert done.returncode == 0 and not done.stdout
    assert b"no stacks" in done.stderr


def test_inlined_functions_are_looked_up(perf_profile, tmp_path):
    source = tmp_path / "inline.c"
    source.write_text("""
volatile int sink;
static inline __attribute__((always_inline)) void inner(void) { sink++; }
void outer(void) { inner(); }
int main(void) { outer(); return 0; }
""")
    program = tmp_path / "inline"
    subprocess.run(["cc", "-g", "-O1", "-no-pie", "-o", program, source], check=True)
    symbols = subprocess.run(["nm", program], capture_output=True, text=True, check=True).stdout
    address = next(line.split()[0] for line in symbols.splitlines() if line.endswith(" T outer"))
    text = f"sh 1 1.5: 3 c:\n\t{address.lstrip('0')} outer+0x0 ({program})\n\n".encode()
    assert collapse(perf_profile, input=text).stdout == b"sh;outer 3\n"
    done = collapse(perf_profile, "--inline", input=text)
    assert done.stdout == b"sh;outer;inner 3\n", done.stderr
    done = collapse(perf_profile, "--inline", "--context", input=text)
    assert done.stdout == b"sh;outer:inline.c:4;inner:inline.c:3 3\n", done.stderr
