"""Every export of one recording, read by programs that are not ours, or by its published rules."""
import csv
import json
import re
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from recordings import profile, record, workload

SCHEMAS = Path(__file__).resolve().parent / "schemas"

FILES = {"pprof": "profile.pb.gz", "speedscope": "profile.speedscope.json",
         "firefox": "profile.firefox.json", "callgrind": "callgrind.out",
         "chrome": "profile.trace.json", "csv": "functions.csv", "markdown": "summary.md"}


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    """Threads, then templates with inlined functions, from one shell that renames itself."""
    options = [word for name in FILES for word in ("--export", name)]
    script = f"{workload('threads')} 200; exec {workload('templates')} 200"
    return record(tmp_path_factory.mktemp("exports") / "out", "sh", "-c", script, options=options)


def exported(recording, name):
    return recording.folder / FILES[name]


def exported_json(recording, name):
    return json.loads(exported(recording, name).read_text())


def stacks_by_name(recording):
    """Samples by stack without the thread's name."""
    counts = Counter()
    for stack, count in recording.stacks.items():
        counts[stack[1:]] += count
    return counts


def go_pprof(*arguments):
    go = shutil.which("go") or shutil.which("/usr/local/go/bin/go")
    if not go:
        pytest.skip("go is not installed (go tool pprof)")
    done = subprocess.run([go, "tool", "pprof", *map(str, arguments)], capture_output=True,
                          text=True, timeout=300, check=False)  # newer ones build it first
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_pprof_stacks_are_those_of_the_folded_file(recording):
    text = go_pprof("-traces", "-sample_index=samples", "-symbolize=none",
                    exported(recording, "pprof"))
    counts = Counter()
    for paragraph in re.split(r"^-+\+-+$", text, flags=re.MULTILINE)[1:]:
        lines = [line for line in paragraph.splitlines()
                 if line.strip() and not re.match(r"\s*(comm|thread|pid|tid):", line)]
        if not lines:
            continue
        count, leaf = re.match(r"\s*(\d+)\s+(.*)", lines[0]).groups()
        frames = [leaf.strip()] + [line.strip() for line in lines[1:]]
        frames = [re.sub(r" \(inline\)$", "", frame) for frame in frames]
        counts[tuple(reversed(frames))] += int(count)
    assert sum(counts.values()) == recording.n_samples
    # pprof shortens template arguments and parameters; the shape of the stacks remains.
    assert (Counter(sorted((len(stack), count) for stack, count in counts.items()))
            == Counter(sorted((len(stack), count)
                              for stack, count in stacks_by_name(recording).items())))
    assert any("spin" in stack for stack in counts)


def test_pprof_facts(recording):
    text = go_pprof("-raw", "-symbolize=none", exported(recording, "pprof"))
    assert "samples/count cpu/nanoseconds[dflt]" in text
    assert "PeriodType: cpu nanoseconds" in text
    assert re.search(r"^Time: 20\d\d-", text, re.MULTILINE)
    for name in ("threads", "templates"):
        assert re.search(rf"^\d+: 0x0/0xf+/0x0 \S*/{name} [0-9a-f]{{40}} \[FN\]", text,
                         re.MULTILINE), text
    assert "comm:[threads] thread:[worker-0]" in text
    assert re.search(r"pid:\[\d+\] tid:\[\d+\]", text)
    locations = [int(number) for number in
                 re.findall(r"^\s+(\d+): 0x", text[text.index("\nLocations"):], re.MULTILINE)]
    assert locations == list(range(1, len(locations) + 1))


def test_pprof_top_agrees_with_csv(recording):
    text = go_pprof("-top", "-sample_index=samples", "-symbolize=none", "-nodefraction=0",
                    exported(recording, "pprof"))
    flat, cumulative = re.search(r"^\s*(\d+)\s+\S+\s+\S+\s+(\d+)\s+\S+\s+spin$", text,
                                 re.MULTILINE).groups()
    with exported(recording, "csv").open() as file:
        row = next(row for row in csv.DictReader(file) if row["function"] == "spin")
    assert (row["self_samples"], row["children_samples"]) == (flat, cumulative)


def test_speedscope_schema(recording):
    jsonschema = pytest.importorskip("jsonschema", reason="python3-jsonschema is not installed")
    schema = json.loads((SCHEMAS / "speedscope.schema.json").read_text())
    jsonschema.validate(exported_json(recording, "speedscope"), schema)


def test_speedscope_stacks_are_those_of_the_folded_file(recording):
    file = exported_json(recording, "speedscope")
    frames = [frame["name"] for frame in file["shared"]["frames"]]
    counts = Counter()
    for thread in file["profiles"]:
        assert len(thread["samples"]) == len(thread["weights"])
        assert thread["endValue"] == sum(thread["weights"])
        for sample in thread["samples"]:
            counts[tuple(frames[index].replace(";", ":") for index in sample)] += 1
    assert counts == stacks_by_name(recording)


def table_columns(table):
    """The columns, each as long as the table says."""
    columns = {name: column for name, column in table.items() if isinstance(column, list)}
    assert columns
    for name, column in columns.items():
        assert len(column) == table["length"], name
    return columns


def assert_indexes(column, length, sentinels=(None,)):
    assert all(value in sentinels or 0 <= value < length for value in column)


def test_firefox_tables_are_consistent(recording):
    file = exported_json(recording, "firefox")
    shared = file["shared"]
    n_strings = len(shared["stringArray"])
    stacks, frames, functions = (table_columns(shared[name]) for name in
                                 ("stackTable", "frameTable", "funcTable"))
    resources, sources = (table_columns(shared[name]) for name in ("resourceTable", "sources"))
    assert all(prefix is None or prefix < index for index, prefix in enumerate(stacks["prefix"]))
    assert_indexes(stacks["frame"], len(frames["func"]), ())
    assert_indexes(frames["func"], len(functions["name"]), ())
    assert_indexes(frames["category"], len(file["meta"]["categories"]), ())
    assert_indexes(functions["name"], n_strings, ())
    assert_indexes(functions["resource"], len(resources["lib"]), (-1,))
    assert_indexes(functions["source"], len(sources["filename"]))
    assert_indexes(sources["filename"], n_strings, ())
    assert_indexes(resources["lib"], len(file["libs"]), ())
    assert_indexes(resources["name"], n_strings, ())
    assert max(frames["inlineDepth"]) > 0
    assert any(category["color"] == "grey" for category in file["meta"]["categories"])
    for thread in file["threads"]:
        samples = table_columns(thread["samples"])
        assert_indexes(samples["stack"], len(stacks["frame"]))
        assert all(delta >= 0 for delta in samples["timeDeltas"])
        assert thread["markers"]["length"] == 0
    assert len({thread["tid"] for thread in file["threads"]}) == len(file["threads"])
    main_pids = [thread["pid"] for thread in file["threads"] if thread["isMainThread"]]
    assert len(set(main_pids)) == len(main_pids)


def test_firefox_stacks_are_those_of_the_folded_file(recording):
    file = exported_json(recording, "firefox")
    shared = file["shared"]
    counts = Counter()
    for thread in file["threads"]:
        for stack in thread["samples"]["stack"]:
            names = []
            while stack is not None:
                function = shared["frameTable"]["func"][shared["stackTable"]["frame"][stack]]
                name = shared["stringArray"][shared["funcTable"]["name"][function]]
                names.append(name.replace(";", ":"))
                stack = shared["stackTable"]["prefix"][stack]
            counts[tuple(reversed(names))] += 1
    assert counts == stacks_by_name(recording)


def test_callgrind_annotate(recording):
    if not shutil.which("callgrind_annotate"):
        pytest.skip("callgrind_annotate (valgrind) is not installed")
    with exported(recording, "csv").open() as file:
        rows = {row["function"]: row for row in csv.DictReader(file)}
    for option, column in (("no", "self_samples"), ("yes", "children_samples")):
        done = subprocess.run(["callgrind_annotate", f"--inclusive={option}", "--auto=no",
                               "--threshold=100", exported(recording, "callgrind")],
                              capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        assert re.search(rf"^{recording.n_samples:,} \(100", done.stdout, re.MULTILINE)
        for function in ("spin", "thread_main", "Worker<int>::run"):
            expected = int(rows[function][column])
            if expected == 0:
                continue
            found = re.search(rf"^\s*([\d,]+) \(.*:{re.escape(function)}(?: \[|$)", done.stdout,
                              re.MULTILINE)
            assert found, done.stdout
            assert int(found.group(1).replace(",", "")) == expected


def test_trace_events_nest(recording):
    file = exported_json(recording, "chrome")
    open_frames, times = {}, {}
    n_begun = 0
    for event in file["traceEvents"]:
        key = event["pid"], event["tid"]
        if event["ph"] == "M":
            assert event["name"] in ("process_name", "thread_name") and event["args"]["name"]
            continue
        stack = open_frames.setdefault(key, [])
        assert event["ts"] >= times.get(key, 0)
        times[key] = event["ts"]
        if event["ph"] == "B":
            n_begun += 1
            stack.append(event["name"])
        else:
            assert event["ph"] == "E"
            stack.pop()
    assert n_begun > 0
    assert not any(open_frames.values())


def test_csv_adds_up(recording):
    with exported(recording, "csv").open() as file:
        rows = list(csv.DictReader(file))
    assert sum(int(row["self_samples"]) for row in rows) == recording.n_samples
    assert sum(float(row["self_percent"]) for row in rows) == pytest.approx(100, abs=0.1)
    for row in rows:
        assert int(row["children_samples"]) >= int(row["self_samples"])


def test_markdown_is_one_table(recording):
    text = exported(recording, "markdown").read_text()
    assert text.startswith("### CPU profile of `sh -c ")
    assert f"{recording.n_samples:,} samples, " in text
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert len(rows) > 4
    assert all(len(re.split(r"(?<!\\)\|", row)) == 7 for row in rows)
    assert any("`spin`" in row for row in rows)


def test_unknown_format_is_refused_before_anything_runs(tmp_path, perf_profile):
    done = subprocess.run([perf_profile, "-o", tmp_path / "out", "--export", "pproff", "touch",
                           tmp_path / "ran"], capture_output=True, text=True, check=False)
    assert done.returncode == 125
    assert "unknown format 'pproff'" in done.stderr and "speedscope" in done.stderr
    assert not (tmp_path / "ran").exists() and not (tmp_path / "out").exists()


def test_a_deliverable_is_not_written_twice(tmp_path):
    done = profile(tmp_path / "out", "true", options=["--export", "report", "--export", "csv",
                                                      "--export", "csv"])
    assert done.returncode == 0
    assert (tmp_path / "out/functions.csv").exists()
    assert done.stderr.count("functions.csv") == done.stderr.count("perf-report.txt") == 1


def export(perf_profile, *arguments, **keywords):
    return subprocess.run([perf_profile, "export", *map(str, arguments)], capture_output=True,
                          timeout=60, check=False, **keywords)


def test_export_of_perf_data_has_the_same_samples(recording, perf_profile):
    done = export(perf_profile, "--format", "speedscope", recording.folder / "perf.data")
    assert done.returncode == 0, done.stderr
    file = json.loads(done.stdout)
    assert sum(len(thread["samples"]) for thread in file["profiles"]) == recording.n_samples


def test_export_of_folded_stacks_from_standard_input(perf_profile):
    done = export(perf_profile, "--format", "csv", "-", input=b"app;main;=HYPERLINK() 3\napp;x 1\n")
    assert done.returncode == 0, done.stderr
    rows = list(csv.DictReader(done.stdout.decode().splitlines()))
    assert [(row["function"], row["self_samples"], float(row["self_percent"])) for row in rows[:2]
            ] == [("'=HYPERLINK()", "3", 75), ("x", "1", 25)]


def test_export_replaces_only_when_told(recording, perf_profile, tmp_path):
    arguments = ["--format", "markdown", "-o", tmp_path / "out.md", recording.folder / "perf.data"]
    assert export(perf_profile, *arguments).returncode == 0
    done = export(perf_profile, *arguments)
    assert done.returncode == 125 and b"exists already" in done.stderr
    assert export(perf_profile, "--force", *arguments).returncode == 0


def test_export_without_a_format(perf_profile):
    done = export(perf_profile)
    assert done.returncode == 125 and b"no format given" in done.stderr


def test_every_format_is_completed(perf_profile):
    formats = export(perf_profile, "--list").stdout.decode()
    names = [line.split()[0] for line in formats.splitlines()]
    assert set(FILES) < set(names)
    completion = subprocess.run([perf_profile, "help", "--completion", "bash"],
                                capture_output=True, text=True, check=True).stdout
    for name in names:
        assert re.search(rf"\b{name}\b", completion), name
