"""`perf-profile check` on the machine the tests run on."""
import json
import subprocess

from recordings import PROGRAM, workload

VERDICTS = {"good", "note", "warning", "bad"}


def check(*arguments):
    return subprocess.run([PROGRAM, "check", *arguments], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=60)


def facts(*arguments):
    """name -> fact, from --json."""
    done = check("--json", *arguments)
    answer = json.loads(done.stdout)
    assert answer["works"] == (done.returncode == 0)
    return {entry["name"]: entry for entry in answer["checks"]}


def test_facts_have_verdicts_and_losses_have_mends():
    entries = facts()
    assert {"perf-events", "perf-event-paranoid", "kptr-restrict"} <= set(entries), entries.keys()
    for entry in entries.values():
        assert entry["verdict"] in VERDICTS
        assert entry["fact"] and "\n" not in entry["fact"]
        if entry["verdict"] in ("warning", "bad"):
            assert entry["loss"]


def test_text_has_one_line_for_each_fact():
    lines = check().stdout.splitlines()
    marks = [line for line in lines if line[:4] in ("good", "note", "warn", "BAD ")]
    assert len(marks) == len(facts())
    assert lines[-1].startswith("Profiling ")


def test_command_is_looked_at():
    entries, without = facts(workload("split-stripped")), facts()
    named = set(entries) - set(without)
    assert named
    assert any("split-stripped" in entries[name]["fact"] or entries[name]["verdict"] == "warning"
               for name in named)


def test_verbose_names_the_checks():
    text = check("-v").stdout
    for name in facts():
        assert f"{name}: " in text


def test_missing_command():
    done = check("no-such-program")
    assert done.returncode == 127
    assert "no-such-program" in done.stderr and not done.stdout
