"""Programs whose symbols, debug or unwind information is damaged: told, with the reason, and the
rest of the profile stands."""
import random
import re
import shutil
import subprocess

import pytest

from recordings import Recording, profile, workload


def sections(path):
    """Name to (offset, size) in the file."""
    listed = subprocess.run(["readelf", "-SW", path], capture_output=True, text=True,
                            check=True).stdout
    pattern = r"\] (\.\S+)\s+\w+\s+[0-9a-f]+ ([0-9a-f]+) ([0-9a-f]+)"
    return {m[1]: (int(m[2], 16), int(m[3], 16)) for m in re.finditer(pattern, listed)}


def damage(program, section, n_bytes, seed):
    offset, size = sections(program)[section]
    content = bytearray(program.read_bytes())
    chooser = random.Random(seed)
    for _ in range(n_bytes):
        content[offset + chooser.randrange(size)] = chooser.randrange(256)
    program.write_bytes(content)


@pytest.fixture(name="program")
def fixture_program(tmp_path):
    """A copy of the workload with symbols and debug information of its own."""
    program = tmp_path / "split"
    shutil.copy(workload("split"), program)
    if ".debug_info" not in sections(program):
        pytest.skip("the workloads were built without debug information")
    return program


DAMAGES = {
    ".symtab": r"entries of \.symtab are damaged",
    ".strtab": r"are not text|names outside \.strtab",
    ".debug_info": "debug information: ",
    ".debug_line": "debug information: unreadable source lines",
    ".eh_frame": r"damaged entries of unwind information|\.eh_frame: ",
}


@pytest.mark.parametrize("section", DAMAGES)
def test_damage_is_told_and_the_rest_stands(section, program, tmp_path):
    size = sections(program)[section][1]
    damage(program, section, max(size // 8, 16), 1)
    done = profile(tmp_path / "out", program, 300, options=["-f", "--no-cache"])
    assert done.returncode == 0, done.stderr
    recording = Recording(tmp_path / "out")
    assert recording.n_samples > 100
    for name in ("perf-report.txt", "analysis.txt"):
        text = re.sub(r"\s+", " ", (tmp_path / "out" / name).read_text())
        assert re.search(DAMAGES[section], text), (name, text[:2000])


@pytest.mark.parametrize("section", DAMAGES)
def test_whatever_is_damaged_nothing_fails(section, program, tmp_path):
    for seed in range(4):
        shutil.copy(workload("split"), program)
        damage(program, section, 1 << (2 * seed), seed)
        done = profile(tmp_path / "out", program, 50, options=["-f", "--no-cache"])
        assert done.returncode == 0, (seed, done.stderr)
        assert Recording(tmp_path / "out").n_samples > 10


def test_a_program_without_damage_is_not_accused(program, tmp_path):
    profile(tmp_path / "out", program, 200, options=["-f", "--no-cache"])
    assert "read in part" not in (tmp_path / "out/perf-report.txt").read_text()
