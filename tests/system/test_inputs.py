"""report, script, collapse and flamegraph on every kind of input."""
import gzip
import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from recordings import record, workload

CORPORA = Path(__file__).resolve().parents[2] / ".." / "shared" / "corpora" / "perfdata"

FORMATS = Path(__file__).resolve().parents[2] / "docs/formats"

# Counted by an independent reader: ../shared/corpora/README.md.
SAMPLES = {
    "singleprocess-3.8": 13, "callgraph-3.4": 1548, "i686-3.4": 703, "pipe-target-3.4": 1414,
    "lost_samples-4.4": 191, "branch-4.14": 13, "contentsize": 69, "newer-kernel": 7, "zstd": 8,
    "zstd-compressed2-pipe": 7, "corrupt-zero-size-record": 0,
}


def run(program, *arguments, status=0, **keywords):
    done = subprocess.run([program, *map(str, arguments)], capture_output=True, timeout=120,
                          **keywords)
    assert done.returncode == status, done.stderr
    return done


def n_samples(program, *arguments, **keywords):
    """Of all events, by report --stats: what is behind the counts of whole records."""
    text = run(program, "report", "--stats", *arguments, **keywords).stdout.decode()
    by_event = "".join(text.split(" stats:")[2:])
    return sum(map(int, re.findall(r"^ *SAMPLE events: +(\d+)$", by_event, re.MULTILINE)))


@pytest.mark.skipif(not CORPORA.is_dir(), reason="../shared/corpora is not there")
@pytest.mark.parametrize("name", SAMPLES)
def test_samples_of_foreign_files(perf_profile, name):
    assert n_samples(perf_profile, CORPORA / f"{name}.perf.data") == SAMPLES[name]


@pytest.mark.skipif(not CORPORA.is_dir(), reason="../shared/corpora is not there")
@pytest.mark.parametrize("name", [name for name in SAMPLES if SAMPLES[name]])
def test_every_output_of_foreign_files(perf_profile, name):
    path = CORPORA / f"{name}.perf.data"
    assert b"# Samples: " in run(perf_profile, "report", path).stdout
    assert run(perf_profile, "script", path).stdout.count(b"\n\n") == SAMPLES[name]
    assert run(perf_profile, "collapse", path).stdout
    assert b"<svg" in run(perf_profile, "flamegraph", path).stdout


@pytest.mark.skipif(not CORPORA.is_dir(), reason="../shared/corpora is not there")
def test_another_machines_addresses_get_no_names_of_this_one(perf_profile):
    text = run(perf_profile, "collapse", CORPORA / "callgraph-3.4.perf.data").stdout.decode()
    stacks = [line.rpartition(" ")[0].split(";") for line in text.splitlines()]
    frames = {frame for stack in stacks for frame in stack[1:]}
    assert frames and all(frame.startswith("[") for frame in frames), frames


@pytest.mark.skipif(not CORPORA.is_dir(), reason="../shared/corpora is not there")
def test_what_comes_before_damage_is_kept(perf_profile):
    done = run(perf_profile, "report", CORPORA / "corrupt-zero-size-record.perf.data")
    assert re.search(rb"impossible size 0 at offset \d+", done.stderr)


@pytest.mark.skipif(not CORPORA.is_dir(), reason="../shared/corpora is not there")
@pytest.mark.parametrize("name, cut", [
    ("singleprocess-3.8", "feature"), ("zstd", "feature"), ("lost_samples-4.4", "feature"),
    ("pipe-target-3.4", "record"), ("zstd-compressed2-pipe", "record")])
def test_every_cut_is_told_with_its_place(perf_profile, tmp_path, name, cut):
    """A byte before the end: in what is said of the recording, or in a pipe's last record."""
    whole = (CORPORA / f"{name}.perf.data").read_bytes()
    (tmp_path / "cut.data").write_bytes(whole[:-1])
    done = run(perf_profile, "report", "--stats", "-i", tmp_path / "cut.data")
    assert b"SAMPLE events" in done.stdout
    assert re.search(rf"warning: .*{cut} at offset \d+".encode(), done.stderr), done.stderr
    again = run(perf_profile, "report", "--stats", "-i", "-", input=whole[:-1])
    assert again.stdout == done.stdout
    assert again.stderr == done.stderr.replace(bytes(tmp_path / "cut.data"), b"standard input")


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    folder = tmp_path_factory.mktemp("recording")
    return record(folder, workload("recursion"))


def test_own_file_reads_back_the_same(perf_profile, recording):
    """Live and from the file, a stack has the same names."""
    done = run(perf_profile, "collapse", recording.folder / "perf.data")
    stacks = {}
    for line in done.stdout.decode().splitlines():
        stack, _, count = line.rpartition(" ")
        stacks[tuple(stack.split(";"))] = int(count)
    assert stacks == recording.stacks


def test_own_script_text_reads_back_the_same(perf_profile, recording):
    done = run(perf_profile, "flamegraph", recording.folder / "perf-script.txt")
    assert b"<svg" in done.stdout and not done.stderr
    header = run(perf_profile, "report", recording.folder / "perf-script.txt").stdout.decode()
    assert f"# Samples: {recording.n_samples}  of event" in header


def test_script_is_the_deliverable(perf_profile, recording):
    done = run(perf_profile, "script", recording.folder / "perf.data")
    assert done.stdout == (recording.folder / "perf-script.txt").read_bytes()


def test_standard_input_and_gzip(perf_profile, recording, tmp_path):
    data = (recording.folder / "perf.data").read_bytes()
    expected = run(perf_profile, "collapse", recording.folder / "perf.data").stdout
    packed = tmp_path / "anything"
    packed.write_bytes(gzip.compress(data))
    assert run(perf_profile, "collapse", packed).stdout == expected
    assert run(perf_profile, "collapse", "-", input=data).stdout == expected
    with open(recording.folder / "perf.data", "rb") as file:
        assert run(perf_profile, "collapse", stdin=file).stdout == expected


def test_the_last_recording_is_the_default(perf_profile, recording, tmp_path):
    (tmp_path / "perf.data").write_bytes((recording.folder / "perf.data").read_bytes())
    done = run(perf_profile, "report", "-g", "none", cwd=tmp_path)
    assert f"# Samples: {recording.n_samples}  of event".encode() in done.stdout
    (tmp_path / "perf.data").unlink()
    done = run(perf_profile, "report", cwd=tmp_path, status=125)
    assert b"record one first" in done.stderr


@pytest.fixture(scope="module")
def folded(tmp_path_factory):
    path = tmp_path_factory.mktemp("folded") / "stacks"
    path.write_text("sh;main;work;leaf 70\nsh;main;other 20\nbash;main 10\n")
    return path


def rows(text):
    """The rows of a report: lists of words."""
    return [line.split() for line in text.decode().split("# Threads")[0].splitlines()
            if re.match(r" +\d+\.\d+%", line)]


def test_report_of_folded_stacks(perf_profile, folded):
    table = rows(run(perf_profile, "report", "-g", "none", folded).stdout)
    assert table[0][:3] == ["90.00%", "0.00%", "sh"] and table[0][-1] == "main"
    assert ["70.00%", "70.00%", "sh", "[unknown]", "[.]", "leaf"] in table


def test_report_by_self_and_keys(perf_profile, folded):
    table = rows(run(perf_profile, "report", "-g", "none", "--no-children", "-n", "-s", "sym",
                     folded).stdout)
    assert table[:3] == [["70.00%", "70", "[.]", "leaf"], ["20.00%", "20", "[.]", "other"],
                         ["10.00%", "10", "[.]", "main"]]
    table = rows(run(perf_profile, "report", "-s", "comm", folded).stdout)
    assert table == [["90.00%", "90.00%", "sh"], ["10.00%", "10.00%", "bash"]]


def test_report_stacks(perf_profile, folded):
    text = run(perf_profile, "report", "--no-children", "-g", "folded", folded).stdout
    assert b"\n70.00% leaf;work;main\n" in text
    text = run(perf_profile, "report", "--no-children", "-g", "flat", folded).stdout
    assert re.search(rb"70.00%\n +leaf\n +work\n +main\n", text)


@pytest.mark.parametrize("options,expected", [
    (["--comms", "bash"], b"bash;main 10\n"),
    (["--symbols", "other,leaf"], b"sh;main;other 20\nsh;main;work;leaf 70\n"),
    (["--focus", "^wor"], b"sh;main;work;leaf 70\n"),
    (["--ignore", "work|other"], b"bash;main 10\n"),
])
def test_filters(perf_profile, folded, tmp_path, options, expected):
    text = run(perf_profile, "report", "-g", "none", "-s", "comm", *options, folded).stdout
    total = sum(int(line.rpartition(b" ")[2]) for line in expected.splitlines())
    assert f"# Samples: {total}  of event".encode() in text


def test_filters_by_time_and_cpu(perf_profile, recording):
    total = recording.n_samples
    path = recording.folder / "perf.data"
    early = n_samples(perf_profile, "--time", "0%-50%", path)
    late = n_samples(perf_profile, "--time", "50%-100%", path)
    assert 0 < early < total and 0 < late < total and total <= early + late <= total + 2
    cpus = range(os.cpu_count())
    assert sum(n_samples(perf_profile, "-C", cpu, path) for cpu in cpus) == total


def test_a_line_longer_than_any_window(perf_profile):
    """Deep recursion through long names."""
    line = b"main;" + b"std::function<void ()>::operator();" * 20000 + b"work 3\n"
    assert run(perf_profile, "collapse", input=line).stdout == line


def test_wrong_filters(perf_profile, folded):
    for options, message in ((["--focus", "("], b"no regular expression"),
                             (["--time", "5"], b"is no range"),
                             (["--cpu", "0"], b"no times and CPUs"),
                             (["--sort", "colour"], b"unknown key"),
                             (["-e", "cycles"], b"no event 'cycles'"),
                             (["-g", "x"], b"unknown type")):
        done = run(perf_profile, "report", *options, folded, status=125)
        assert message in done.stderr, done.stderr


def test_flamegraph_to_a_file(perf_profile, folded, tmp_path):
    target = tmp_path / "graph.svg"
    run(perf_profile, "flamegraph", "-o", target, "--title", "A & B", folded)
    assert b"A &amp; B" in target.read_bytes()
    run(perf_profile, "flamegraph", "-o", target, folded, status=125)
    run(perf_profile, "flamegraph", "-f", "-o", target, folded)


def test_flamegraph_of_nothing(perf_profile):
    done = run(perf_profile, "flamegraph", input=b"", status=2)
    assert b"<svg" in done.stdout and b"no stacks" in done.stderr


def test_under_flamegraphs_name(perf_profile, folded, tmp_path):
    link = tmp_path / "flamegraph.pl"
    os.symlink(Path(perf_profile).resolve(), link)
    done = run(link, "-title", "Old script", "--hash", "--fontsize=11", folded)
    assert b"Old script" in done.stdout
    assert b"font-size:11px" in done.stdout
    assert run(link, "--color=java", folded).stdout == run(link, "--colors=java", folded).stdout
    done = run(link, "--colors", "puce", folded, status=125)
    assert b"one of: " in done.stderr


def test_cut_compression(perf_profile, tmp_path):
    """What came before the cut is read, whole lines of it, and the place of the cut is told."""
    lines = [f"sh;main;f{i * i % 7919} {i}\n" for i in range(1, 20000)]
    packed = gzip.compress("".join(lines).encode())
    path = tmp_path / "cut"
    path.write_bytes(packed[:len(packed) // 2])
    done = run(perf_profile, "collapse", path)
    assert f"ends too early near offset {len(packed) // 2}" in done.stderr.decode()
    read = sum(int(line.rpartition(b" ")[2]) for line in done.stdout.splitlines())
    sums = [0]
    for i in range(1, 20000):
        sums.append(sums[-1] + i)
    assert read in sums[1000:-1000]
    for command in (("report",), ("export", "--format", "csv"), ("flamegraph",)):
        assert b"ends too early" in run(perf_profile, *command, path).stderr


@pytest.mark.parametrize("text", [b"", b"# a comment\n\n"])
def test_an_empty_input_is_no_profile(perf_profile, tmp_path, text):
    path = tmp_path / "empty"
    path.write_bytes(text)
    for command in (("report", path), ("script", path), ("export", "--format", "pprof", path),
                    ("diff", path, path), ("annotate", path), ("merge", path, path)):
        done = run(perf_profile, *command, status=125)
        assert b"empty: no profile: empty" in done.stderr and not done.stdout


@pytest.mark.parametrize("pack", [None, "gzip", "zstd"])
@pytest.mark.parametrize("kind", ["pprof", "speedscope"])
def test_an_export_is_an_input(perf_profile, tmp_path, kind, pack):
    text = tmp_path / "perf.txt"
    text.write_text("a b 7/8 [001] 1.5: 10 cpu-clock: \n\t 10 leaf+0x1 (/bin/x)\n"
                    "\t 20 main+0x1 (/bin/x)\n\n"
                    "a b 7/9 [001] 1.6: 10 cpu-clock: \n\t 20 main+0x1 (/bin/x)\n\n")
    exported = tmp_path / "profile"
    run(perf_profile, "export", "--format", kind, "-o", exported, text)
    data = exported.read_bytes()
    if kind == "pprof":
        data = gzip.decompress(data)
    exported.write_bytes(gzip.compress(data) if pack == "gzip" else data)
    if pack == "zstd":
        subprocess.run(["zstd", "-q", exported], check=True)
        exported = tmp_path / "profile.zst"
    with open(exported, "rb") as file:
        done = run(perf_profile, "collapse", "--tid", "-", stdin=file)
    assert done.stdout.decode() == "a_b-7/8;main;leaf 1\na_b-7/9;main 1\n"


SCRIPT = """sh 5/5 [000] 1.0: 10 cpu-clock:
\t10 work+0x1 (/bin/sh)
\t20 glue+0x1 (/bin/sh)
\t30 main+0x1 (/bin/sh)

sh 5/6 [001] 1.1: 10 cpu-clock:
\t20 glue+0x1 (/bin/sh)
\t30 main+0x1 (/bin/sh)

"""


@pytest.mark.parametrize("options,expected", [
    ([], "sh;main;glue 2\nsh;main;glue;work 2\n"),
    (["--by", "thread"], "sh_(5);main;glue;work 2\nsh_(6);main;glue 2\n"),
    (["--by", "process"], "sh_(5);main;glue 2\nsh_(5);main;glue;work 2\n"),
    (["--by", "cpu"], "CPU_0;main;glue;work 2\nCPU_1;main;glue 2\n"),
    (["--hide", "^gl"], "sh;main 2\nsh;main;work 2\n"),
    (["--ignore", "work", "--hide", "main"], "sh;glue 2\n"),
    (["--time", "50%-100%"], "sh;main;glue 2\n"),
])
def test_inputs_are_merged_grouped_and_filtered(perf_profile, tmp_path, options, expected):
    first, second = tmp_path / "a.txt", tmp_path / "b.txt"
    first.write_text(SCRIPT)
    second.write_text(SCRIPT)
    done = run(perf_profile, "merge", "--format", "collapsed", *options, first, second)
    assert done.stdout.decode() == expected
    run(perf_profile, "merge", *options, "-o", tmp_path / "all.pb.gz", first, second)
    again = run(perf_profile, "export", "--format", "collapsed", tmp_path / "all.pb.gz").stdout
    assert again.decode() == expected
    assert b"<svg" in run(perf_profile, "flamegraph", *options, first, second).stdout


def test_difffolded(perf_profile, tmp_path):
    os.symlink(os.path.abspath(perf_profile), tmp_path / "difffolded.pl")
    (tmp_path / "a").write_text("x;f_[k];0x7f01 3\nx;g 1\n")
    (tmp_path / "b").write_text("x;f_[k];0x7f02 4\nx;h 2.5\n")

    def difference(*options):
        return run(tmp_path / "difffolded.pl", *options, tmp_path / "a",
                   tmp_path / "b").stdout.decode()

    assert difference() == "x;f_[k];0x7f01 3 0\nx;f_[k];0x7f02 0 4\nx;g 1 0\nx;h 0 2.5\n"
    assert difference("-s") == "x;f_[k];0x... 3 4\nx;g 1 0\nx;h 0 2.5\n"
    assert difference("-n", "-s") == "x;f_[k];0x... 4 4\nx;g 1 0\nx;h 0 2.5\n"


def test_difference_with_short_names(perf_profile, tmp_path):
    (tmp_path / "a").write_text("x;ns::f<int>(int) 3\n")
    (tmp_path / "b").write_text("x;ns::f<long>(long) 4\n")
    done = run(perf_profile, "diff", "--format", "folded", "--names", "short", tmp_path / "a",
               tmp_path / "b", cwd=tmp_path)
    assert done.stdout == b"x;ns::f<..> 3 4\n"


@pytest.mark.parametrize("fields,expected", [
    ("comm,tid,time,event,ip,sym,dso",
     "sh     5     1.000000: cpu-clock: \n\t              10 work (/bin/sh)\n"),
    ("ip,sym", "\n\t              10 work\n"),
    ("-time,-dso,-symoff", "sh     5/5     [000]         10 cpu-clock: \n"
                           "\t              10 work\n"),
    ("+srcline", "sh     5/5     [000]     1.000000:         10 cpu-clock: \n"
                 "\t              10 work+0x1 (/bin/sh)\n  sh[10]\n"),
])
def test_fields_of_script(perf_profile, tmp_path, fields, expected):
    text = tmp_path / "a.txt"
    text.write_text(SCRIPT)
    assert run(perf_profile, "script", "-F", fields, text).stdout.decode().startswith(expected)


def test_fields_of_report(perf_profile, tmp_path):
    text = tmp_path / "a.txt"
    text.write_text(SCRIPT)

    def rows(*options):
        lines = run(perf_profile, "report", "-g", "none", *options,
                    text).stdout.decode().splitlines()
        return [line.split() for line in lines if line and not line.startswith("#")]

    assert ["50.00%", "CPU", "1"] in rows("-s", "cpu", "--no-children")
    assert ["50.00%", "001", "sh"] in rows("-s", "cpu,comm", "--no-children")
    assert ["50.00%", "1", "10", "sh", "[.]", "work"] in rows("-F", "sample,period,comm,sym")
    assert "unknown field 'x'" in run(perf_profile, "report", "-F", "x", text,
                                      status=125).stderr.decode()


def diff_json(perf_profile, *arguments):
    jsonschema = pytest.importorskip("jsonschema", reason="python3-jsonschema is not installed")
    result = json.loads(run(perf_profile, "diff", "--format", "json", *arguments).stdout)
    jsonschema.validate(result, json.loads((FORMATS / "diff.schema.json").read_text()))
    return {function["name"]: function for function in result["functions"]}


def test_diff_as_json_of_any_inputs(perf_profile, tmp_path):
    (tmp_path / "a").write_text("x;main;f 600\nx;main;g 300\nx;main;old;h 100\n")
    (tmp_path / "b").write_text("x;main;f 200\nx;main;g 300\nx;main;new;h 500\n")
    run(perf_profile, "export", "--format", "pprof", "-o", tmp_path / "b.pb.gz", tmp_path / "b")
    for after in ("b", "b.pb.gz"):
        functions = diff_json(perf_profile, tmp_path / "a", tmp_path / after)
        f = functions["f"]
        assert (f["self"]["before"]["share"], f["self"]["after"]["share"]) == (0.6, 0.2)
        assert f["self"]["change"] == -400 and f["exceeds_sampling_error"]
        assert f["change_low"] < -400 < f["change_high"] < 0
        assert not functions["g"]["exceeds_sampling_error"]
        assert functions["main"]["children"]["before"]["share"] == 1
        assert (functions["old"]["status"], functions["new"]["status"]) == ("vanished", "appeared")
    assert diff_json(perf_profile, "-n", tmp_path / "a", tmp_path / "b")["f"]["self"][
        "change"] == pytest.approx(-0.4)


def test_diff_by_time_wants_the_time(perf_profile, tmp_path):
    (tmp_path / "a").write_text("x;f 6\n")
    done = run(perf_profile, "diff", "--normalize=time", tmp_path / "a", tmp_path / "a", status=125)
    assert b"does not say how long the recording took" in done.stderr


def test_markdown_of_a_diff(perf_profile, tmp_path):
    (tmp_path / "a").write_text("x;f|g 600\nx;h 400\n")
    (tmp_path / "b").write_text("x;f|g 200\nx;h 800\n")
    text = run(perf_profile, "diff", "-n", "--format", "markdown", tmp_path / "a",
               tmp_path / "b").stdout.decode()
    assert re.search(r"^\| \*\*-40\.00 %\*\* \| [\d.]+ \| 60\.0 % \| 20\.0 % \| 60\.0 % \| 20\.0 % "
                     r"\| `f\\\|g` \|$", text, re.M), text


@pytest.mark.parametrize("kind", ["folded", "script", "pprof", "speedscope"])
def test_summary_of_any_input(perf_profile, tmp_path, kind):
    jsonschema = pytest.importorskip("jsonschema", reason="python3-jsonschema is not installed")
    source = tmp_path / "source"
    source.write_text(SCRIPT if kind == "script" else "x;main;f 3\nx;main 1\n")
    if kind in ("pprof", "speedscope"):
        run(perf_profile, "export", "--format", kind, "-o", tmp_path / "made", source)
        source = tmp_path / "made"
    summary = json.loads(run(perf_profile, "export", "--format", "summary", source).stdout)
    jsonschema.validate(summary, json.loads((FORMATS / "summary.schema.json").read_text()))
    assert summary["kind"]["name"] == ("idle" if kind == "script" else "unknown")
    hottest = summary["functions"][0]
    if kind != "script":
        assert (hottest["name"], hottest["self_share"], hottest["children_share"]) == (
            "f", 0.75, 0.75)


def test_collapse_of_profiles_that_know_or_do_not(perf_profile, tmp_path):
    (tmp_path / "a").write_text("x;main;run;work 3\nx;other 1\n")
    done = run(perf_profile, "collapse", "--skip-after", "run", tmp_path / "a")
    assert done.stdout == b"x;other 1\nx;run;work 3\n"
    done = run(perf_profile, "collapse", "--srcline", tmp_path / "a")
    assert b"it has no source lines for --srcline to show" in done.stderr
