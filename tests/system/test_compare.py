"""perf-profile compare with real commands."""
import csv
import json
import os
import re
import signal
import subprocess
import time
import xml.etree.ElementTree as ElementTree

import pytest

SOURCE = """
#define FUNCTION(name, rounds) \\
	__attribute__((noinline)) unsigned long name(unsigned long x) \\
	{ \\
		for (volatile long i = 0; i < rounds * 20000L; i++) \\
			x = x * 6364136223846793005UL + 1; \\
		return x; \\
	}
FUNCTION(parse_header, PARSE)
FUNCTION(render, 30)
FUNCTION(hash_all, 15)
int main(void)
{
	unsigned long x = 1;
	for (int i = 0; i < 20; i++)
		x = hash_all(render(parse_header(x)));
	return x == 0;
}
"""


@pytest.fixture
def compare(perf_profile, tmp_path):
    def run(*arguments, status=0):
        done = subprocess.run([perf_profile, "compare", *arguments], cwd=tmp_path, text=True,
                              capture_output=True)
        assert done.returncode == status, (done.stdout, done.stderr)
        return done
    return run


@pytest.fixture
def programs(tmp_path):
    """The old one, and a new one that takes six times as long in parse_header: beyond all noise."""
    source = tmp_path / "program.c"
    source.write_text(SOURCE)
    for name, rounds in (("old", 20), ("new", 120)):
        subprocess.run(["cc", "-O1", "-g", f"-DPARSE={rounds}", "-o", tmp_path / name, source],
                       check=True)
    return tmp_path / "old", tmp_path / "new"


def test_slower_program_and_its_function(compare, programs):
    done = compare("--json", "--budget", "8", *map(str, programs))
    found = json.loads(done.stdout)["comparisons"][0]
    assert found["metrics"]["time"]["verdict"] == "more"
    assert found["metrics"]["time"]["ratio_low"] > 1.1
    assert found["cause"]["functions"][0]["name"] == "parse_header"
    assert found["cause"]["functions"][0]["significant"]
    assert "of the loss is parse_header" in found["cause"]["sentence"]


def test_gate_fails_only_for_a_proven_regression(compare, programs, tmp_path):
    old, new = map(str, programs)
    options = ["--no-profile", "-r", "15", "--export-junit", "gate.xml", "--fail-if", "time>5%",
               "--fail-if", "memory>50%"]
    done = compare(*options, old, new, status=1)
    assert "time>5% FAILED" in done.stdout
    suite = ElementTree.parse(tmp_path / "gate.xml").getroot()
    assert suite.attrib["tests"] == "2" and suite.attrib["failures"] == "1"
    assert "time>5% passed" in compare(*options, new, old).stdout


def test_programs_with_the_same_arguments(compare):
    done = compare("--json", "--no-profile", "-r", "3", "/bin/echo", "/bin/printf", "--", "a b",
                   "-n")
    names = [side["name"] for side in json.loads(done.stdout)["results"]]
    assert names == ["/bin/echo 'a b' -n", "/bin/printf 'a b' -n"]


def test_parameters_names_and_hooks(compare, tmp_path):
    done = compare("--json", "--no-profile", "-w", "0", "-r", "2", "-L", "n", "1,2", "-n", "first",
                   "--setup", "echo setup {n} >>log", "--prepare", "echo prepare {n} >>log",
                   "--cleanup", "echo cleanup {n} >>log", "sleep 0.0{n}")
    sides = json.loads(done.stdout)["results"]
    assert [side["name"] for side in sides] == ["first", "sleep 0.02"]
    assert sides[1]["parameters"] == {"n": "2"}
    log = (tmp_path / "log").read_text().split("\n")
    assert log[:2] == ["setup 1", "setup 2"] and log[-3:-1] == ["cleanup 1", "cleanup 2"]
    assert log.count("prepare 1") == log.count("prepare 2") == 2


def test_exports(compare, tmp_path):
    compare("--no-profile", "-r", "4", "--export-json", "a.json", "--export-csv", "a.csv",
            "--export-markdown", "a.md", "--export-asciidoc", "a.adoc", "true", "sleep 0.02")
    results = json.loads((tmp_path / "a.json").read_text())["results"]
    assert len(results[0]["times"]) == 4 and results[0]["exit_codes"] == [0, 0, 0, 0]
    rows = list(csv.DictReader((tmp_path / "a.csv").open()))
    assert float(rows[1]["median"]) == pytest.approx(results[1]["median"], rel=1e-4)
    assert "| `sleep 0.02` |" in (tmp_path / "a.md").read_text()
    assert (tmp_path / "a.adoc").read_text().count("|===") == 2


def test_output_is_thrown_away_or_kept(compare, tmp_path):
    assert "hello" not in compare("--no-profile", "-r", "2", "-n", "x", "echo hello").stdout
    compare("--no-profile", "-w", "0", "-r", "2", "--output", "kept", "echo hello")
    assert (tmp_path / "kept").read_text() == "hello\n" * 2


def test_failures(compare):
    done = compare("false", "true", status=125)
    assert "ended with status 1" in done.stderr and "-i goes on" in done.stderr
    done = compare("-i", "-r", "3", "--no-profile", "false", "true")
    assert "3 of 3 runs failed" in done.stdout
    assert "no such program" in compare("/no/such", "true", status=125).stderr
    assert "no metric 'speed'" in compare("--fail-if", "speed>1%", "a", status=125).stderr
    assert "longer than --timeout" in compare("--timeout", "50ms", "sleep 9", status=125).stderr


def test_the_same_seed_gives_the_same_order(compare):
    orders = [[side["order"] for side in json.loads(
        compare("--json", "--no-profile", "--seed", "7", "-r", "9", "true", "true").stdout)
        ["results"]] for _ in range(2)]
    assert orders[0] == orders[1]
    assert sorted(orders[0][0] + orders[0][1]) == list(range(18))


def test_interrupted_it_reports_what_it_has(perf_profile, tmp_path):
    process = subprocess.Popen([perf_profile, "compare", "-w", "0", "sleep 0.05", "sleep 0.05"],
                               cwd=tmp_path, text=True, stdout=subprocess.PIPE,
                               preexec_fn=os.setpgrp)
    time.sleep(1)
    process.send_signal(signal.SIGTERM)
    output, _ = process.communicate(timeout=20)
    assert process.returncode == 128 + signal.SIGTERM
    assert "stopped early" in output


def test_flame_graph_summary_and_annotations(compare, programs, tmp_path, monkeypatch):
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    done = compare("-r", "6", "--budget", "8", "--fail-if", "cpu>5%", "--github",
                   "--export-flamegraph", "d.svg",
                   *map(str, programs), status=1)
    assert "\n::error title=perf-profile cpu>5%25::" in done.stdout
    summary = (tmp_path / "summary.md").read_text()
    assert "**failed** `cpu>5%`" in summary and "| `parse_header` |" in summary
    graph = ElementTree.parse(tmp_path / "d.svg").getroot()
    assert graph.tag.endswith("svg") and "parse_header" in (tmp_path / "d.svg").read_text()


def test_a_line_for_a_document(compare, tmp_path):
    document = tmp_path / "CHANGELOG.md"
    document.write_text("# Changes\n- speed: old\n")
    done = compare("--no-profile", "-r", "3", "--doc-line", "speed", "--update-doc",
                   "CHANGELOG.md", "sleep 0.05", "sleep 0.01")
    old_ms = re.match(r"speed: (\d+\.\d+) ms", done.stdout)[1]
    assert float(old_ms) >= 50
    assert document.read_text() == "# Changes\n- " + done.stdout


def test_outputs_are_checked_on_request(compare):
    done = compare("--check-output", "--no-profile", "-r", "2", "echo a", "echo b", status=125)
    assert "print different things, from line 1 on: 'a' and 'b'" in done.stderr
    compare("--check-output", "--no-profile", "-r", "2", "echo a", "printf 'a\\n'")


def test_inlined_code_is_attributed(compare, tmp_path):
    source = tmp_path / "inlined.c"
    source.write_text("""
        static inline __attribute__((always_inline)) unsigned long mix(unsigned long x)
        {
            x ^= x >> 13; x *= 6364136223846793005UL; x ^= x >> 7; x *= 6364136223846793005UL;
            return x ^ x >> 17;
        }
        __attribute__((noinline)) unsigned long digest(unsigned long x)
        {
            for (long i = 0; i < ROUNDS; i++)
                x = mix(x + (unsigned long)i);
            return x;
        }
        int main(int argc, char **argv) { return digest((unsigned long)argc) == 0; }
        """)
    for name, rounds in (("few", 3000000), ("many", 30000000)):
        subprocess.run(["cc", "-O1", "-g", f"-DROUNDS={rounds}", "-o", tmp_path / name, source],
                       check=True)
    done = compare("--json", "-r", "6", "--budget", "8", str(tmp_path / "few"),
                   str(tmp_path / "many"))
    summary = json.loads(done.stdout)["comparisons"][0]["summary"]
    # By itself, or as what most of digest() is.
    assert " mix (" in summary or ", mostly in mix, inlined there" in summary
