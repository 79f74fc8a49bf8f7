"""annotate: source lines and code with their shares."""
import re
import shutil
import subprocess

import pytest

from recordings import profile

SOURCE = """#include <stdlib.h>
static inline __attribute__((always_inline)) unsigned hot(unsigned x)
{
    for (int i = 0; i < 1000; i++) x ^= x * i + 3; /* all the work */
    return x;
}
__attribute__((noinline)) unsigned work(int n)
{
    unsigned sum = 0;
    for (int i = 0; i < n; i++)
        sum += hot(i);
    return sum;
}
int main(void) { return work(400000) == 1; }
"""


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    folder = tmp_path_factory.mktemp("annotate")
    (folder / "work.c").write_text(SOURCE)
    subprocess.run(["cc", "-O2", "-g", "-o", "work", "work.c"], cwd=folder, check=True)
    assert profile(folder / "out", folder / "work").returncode == 0
    return folder / "out" / "perf.data"


def annotate(program, *arguments, **keywords):
    done = subprocess.run([program, "annotate", *map(str, arguments)], capture_output=True,
                          text=True, timeout=60, **keywords)
    assert done.returncode == 0, done.stderr
    return done.stdout


def shares(text, pattern):
    return [float(share) for share in re.findall(rf"^ *([\d.]+) \|{pattern}", text, re.MULTILINE)]


def test_source_and_code(perf_profile, recording):
    text = annotate(perf_profile, recording)
    assert text.startswith("work  (")
    source, _, code = text.partition(" Percent |  Code")
    hot_line = re.search(r"^ *([\d.]+) \| +4 .*all the work", source, re.MULTILINE)
    assert hot_line and float(hot_line[1]) > 80, text
    assert abs(sum(shares(source, r" +\d+ ")) - 100) < 0.1
    if not shutil.which("objdump"):
        pytest.skip("no objdump")
    assert re.search(r"work\.c:4 .*all the work", code), text
    assert abs(sum(shares(code, r" +[0-9a-f]+: ")) - 100) < 0.5
    assert len(re.findall(r"^.*\| +[0-9a-f]+:  \w+", code, re.MULTILINE)) > 10


def test_without_a_disassembler(perf_profile, recording):
    text = annotate(perf_profile, "--objdump", "/nonexistent", "--no-source", recording)
    assert "no code: cannot run /nonexistent" in text
    assert abs(sum(shares(text, r" +[0-9a-f]+$")) - 100) < 0.5


def test_nothing_above_the_limit(perf_profile, recording):
    done = subprocess.run([perf_profile, "annotate", "-s", "no_such_function", recording],
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 125
    assert "no function has 5 % of the samples" in done.stderr
