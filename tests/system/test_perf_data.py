"""perf.data of many perfs read with exact counts; what the writer makes, shown to perf."""
import re
import shutil
import struct
import subprocess

import pytest

from other_byte_order import other_byte_order
from recordings import PROGRAM

SAMPLE = 9  # PERF_RECORD_SAMPLE

# PERF_RECORD_SAMPLE counts taken by an independent reader.
N_SAMPLES = {
    "singleprocess-3.8": 13,
    "callgraph-3.4": 1548,
    "i686-3.4": 703,
    "pipe-target-3.4": 1414,
    "lost_samples-4.4": 191,
    "branch-4.14": 13,
    "contentsize": 69,
    "newer-kernel": 7,
    "zstd": 8,
    "zstd-compressed2-pipe": 7,
    "corrupt-zero-size-record": 0,
}

# These end in the middle of a record, or have an impossible one.
DAMAGED = {"zstd-compressed2-pipe", "corrupt-zero-size-record"}


def count_records(build, path, **keywords):
    """({type: count}, error or None) of the records of a file; keywords go to run()."""
    done = subprocess.run([build / "tests/unit/perfdata/count_records", path], check=True,
                          capture_output=True, timeout=60, **keywords)
    lines = done.stdout.decode().splitlines()
    counts = {int(m[1]): int(m[2]) for line in lines if (m := re.fullmatch(r"(\d+) (\d+)", line))}
    error = next((line[6:] for line in lines if line.startswith("error ")), None)
    assert error or "disordered 0" in lines
    return counts, error


@pytest.fixture(scope="module")
def corpus(root):
    folder = root / "../shared/corpora/perfdata"
    if not folder.is_dir():
        pytest.skip("no ../shared/corpora/perfdata")
    return folder


@pytest.fixture(scope="module")
def perf():
    path = shutil.which("perf")
    if not path or subprocess.run([path, "version"], capture_output=True,
                                  check=False).returncode != 0:
        pytest.skip("perf is not installed")
    return path


@pytest.mark.parametrize("name", N_SAMPLES)
def test_corpus_counts(build, corpus, name):
    counts, error = count_records(build, corpus / f"{name}.perf.data")
    assert counts.get(SAMPLE, 0) == N_SAMPLES[name]
    assert (error is not None) == (name in DAMAGED)


def test_corrupt_file_keeps_what_came_before(build, corpus):
    counts, error = count_records(build, corpus / "corrupt-zero-size-record.perf.data")
    assert sum(counts.values()) > 0
    assert re.search(r"impossible size 0 at offset \d+", error)


def test_pipe_mode_through_a_pipe(build, corpus):
    for name in ["pipe-target-3.4", "zstd-compressed2-pipe"]:
        data = (corpus / f"{name}.perf.data").read_bytes()
        counts, error = count_records(build, "-", input=data)
        assert counts[SAMPLE] == N_SAMPLES[name]
        assert (error is not None) == (name in DAMAGED)


def run_perf(perf, *arguments):
    """perf's output; anything it says on standard error fails the test."""
    done = subprocess.run([perf, *arguments], capture_output=True, text=True, timeout=120,
                          stdin=subprocess.DEVNULL, check=False)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return done.stdout


@pytest.fixture(scope="module", name="written", params=[(), ("compressed",)],
                ids=["plain", "compressed"])
def written_file(build, tmp_path_factory, request):
    """100 samples of each of two events; one COMM, FORK and MMAP2 with a build id."""
    path = tmp_path_factory.mktemp("written") / "perf.data"
    subprocess.run([build / "tests/unit/perfdata/write_perf_data", path, *request.param],
                   check=True)
    return path


def test_perf_counts_what_was_written(build, perf, written):
    text = run_perf(perf, "report", "--stats", "-i", written)
    for kind, count in [("SAMPLE", 200), ("COMM", 1), ("FORK", 1), ("MMAP2", 1),
                        ("FINISHED_ROUND", 4)]:
        assert int(re.search(rf"{kind} events: +(\d+)", text)[1]) == count
    counts, error = count_records(build, written)
    assert (counts[SAMPLE], error) == (200, None)


def test_perf_names_user_and_kernel_frames(perf, written):
    text = run_perf(perf, "report", "--stdio", "--no-children", "-i", written)
    assert re.search(r"90\.00% +burner +write_perf_data +\[\.\] burn", text)
    assert re.search(r"10\.00% +burner +\[(kernel|unknown)", text)


def test_perf_script_shows_each_chain(perf, written):
    text = run_perf(perf, "script", "-i", written)
    assert len(re.findall(r"\bburn\+0x1 ", text)) == 200
    assert len(re.findall(r"^burner +\d+ .* cpu-clock:", text, re.M)) == 100


def test_perf_shows_header_events_and_build_ids(perf, written):
    header = run_perf(perf, "report", "--header-only", "-i", written)
    for line in ["hostname : a-host", "os release : 6.1.0-test", "nrcpus online : 2",
                 "total memory : 4096000 kB", "cmdline : write_perf_data two words",
                 "clockid: monotonic (1)"]:
        assert line in header
    events = run_perf(perf, "evlist", "-v", "-i", written)
    assert events.startswith("cpu-clock: ") and "\npage-faults: " in events
    assert "write_perf_data" in run_perf(perf, "buildid-list", "-i", written)


def test_perf_reads_the_file_of_a_killed_writer(build, perf, tmp_path):
    path = tmp_path / "perf.data"
    subprocess.run([build / "tests/unit/perfdata/write_perf_data", path, "unfinished"],
                   check=True)
    text = run_perf(perf, "report", "--stats", "-i", path)
    assert int(re.search(r"SAMPLE events: +(\d+)", text)[1]) == 200


def test_perf_reads_the_compressed_file_of_a_killed_writer(build, perf, tmp_path):
    path = tmp_path / "perf.data"
    subprocess.run([build / "tests/unit/perfdata/write_perf_data", path, "unfinished",
                    "compressed"], check=True)
    text = run_perf(perf, "script", "-i", path)
    assert len(re.findall(r"\bburn\+0x1 ", text)) == 200
    text = run_perf(perf, "report", "--stdio", "--no-children", "-i", path)
    assert re.search(r"90\.00% +burner +write_perf_data +\[\.\] burn", text)


@pytest.fixture(scope="module", name="turned",
                params=["cpu-clock fp", "cpu-clock dwarf", "written"])
def turned_file(build, perf, tmp_path_factory, request):
    """(a recording, the same of the other byte order)"""
    folder = tmp_path_factory.mktemp("turned")
    if request.param == "written":
        subprocess.run([build / "tests/unit/perfdata/write_perf_data", folder / "perf.data"],
                       check=True)
    else:
        event, chains = request.param.split()
        done = subprocess.run([perf, "record", "-q", "-e", event, "--call-graph", chains,
                               "-F", "999", "-o", folder / "perf.data", "--",
                               build / "tests/workloads/split", "300"],
                              capture_output=True, timeout=60, check=False)
        if done.returncode != 0:
            pytest.skip("perf record does not work here")
    (folder / "turned.data").write_bytes(other_byte_order((folder / "perf.data").read_bytes()))
    return folder / "perf.data", folder / "turned.data"


def test_perf_reads_the_other_byte_order(request, perf, turned):
    """That what these tests take for a file of such a machine is one."""
    # Copies of the stack have no order; perf turns their words around all the same.
    fields = "comm,tid,time,event" + ("" if "dwarf" in str(request.node.name) else ",ip")
    texts = [subprocess.run([perf, "script", "-F", fields, "-i", path], text=True,
                            capture_output=True, timeout=60, check=True).stdout for path in turned]
    assert texts[0] == texts[1] and texts[0].count("\n") >= 10


def test_other_byte_order_reads_the_same(build, turned):
    assert count_records(build, turned[0]) == count_records(build, turned[1])
    texts = [subprocess.run([PROGRAM, "script", "-F", "comm,tid,time,event,ip,sym,dso", "-i", path],
                            text=True, capture_output=True, timeout=60, check=True).stdout
             for path in turned]
    assert texts[0] == texts[1] and texts[0].count("\n\n") >= 10


@pytest.fixture(scope="module", name="folder")
def folder_of_threads(perf, tmp_path_factory):
    path = tmp_path_factory.mktemp("threads") / "perf.data"
    done = subprocess.run([perf, "record", "-q", "-a", "-g", "-e", "cpu-clock", "-F", "999",
                           "--threads", "-o", path, "--", "sleep", "0.5"],
                          capture_output=True, timeout=60, check=False)
    if done.returncode != 0 or not (path / "data.1").exists():
        pytest.skip("perf record --threads does not work here, or there is one CPU only")
    return path


@pytest.mark.parametrize("name", ["data", "data.0", "data.1"])
def test_folder_with_a_file_cut_short(build, folder, tmp_path, name):
    """What the other files have is all there, and the place of the break is said."""
    whole, _ = count_records(build, folder)
    shutil.copytree(folder, tmp_path / "cut")
    data = (folder / name).read_bytes()
    # Only one has a header (struct perf_file_header), and facts behind its records.
    start, size = struct.unpack_from("<QQ", data, 40) if name == "data" else (0, len(data))
    # Records are of eights of bytes: never between two of them.
    (tmp_path / "cut" / name).write_bytes(data[:start + size // 12 * 8 + 3])
    counts, error = count_records(build, tmp_path / "cut")
    assert re.search(rf"cut/{re.escape(name)}: the file ends inside the record at offset \d+",
                     error)
    lost = whole[SAMPLE] - counts[SAMPLE]
    assert lost == 0 if name == "data" else 0 < lost < whole[SAMPLE] / 2


def test_folder_with_a_missing_file(build, folder, tmp_path):
    shutil.copytree(folder, tmp_path / "less")
    (tmp_path / "less/data.0").unlink()
    counts, error = count_records(build, tmp_path / "less")
    assert "less/data.0" in error
    assert counts[SAMPLE] > 0


@pytest.mark.parametrize("options", [[], ["-z"], ["--threads"]], ids=" ".join)
def test_counts_agree_with_perf(build, perf, tmp_path, options):
    path = tmp_path / "perf.data"
    done = subprocess.run([perf, "record", "-q", "-a", "-g", "-e", "cpu-clock", "-F", "999",
                           *options, "-o", path, "--", "sleep", "0.5"],
                          capture_output=True, text=True, timeout=60, check=False)
    if done.returncode != 0:
        pytest.skip(f"perf record {' '.join(options)} does not work here")
    stats = subprocess.run([perf, "report", "--stats", "-i", path], capture_output=True,
                           text=True, timeout=60, check=True).stdout
    counts, error = count_records(build, path)
    assert error is None
    for kind, number in [("SAMPLE", SAMPLE), ("COMM", 3), ("MMAP2", 10), ("FORK", 7)]:
        expected = re.search(rf"{kind} events: +(\d+)", stats)
        assert counts.get(number, 0) == (int(expected[1]) if expected else 0)
