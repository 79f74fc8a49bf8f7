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


def stacks(*command, status):
    done = subprocess.run([PROGRAM, "check", "--stacks", *map(str, command)],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300)
    assert done.returncode == status, done
    return done.stdout


def test_stacks_that_need_nothing():
    text = stacks(workload("split"), 100, status=0)
    assert "% complete stacks, 100.0 % named, 0 lost" in text
    assert "Nothing to improve" in text


def test_stacks_without_names_and_what_mends_that():
    text = stacks(workload("split-stripped"), 100, status=1)
    assert "\nwithout a name\n" in text
    assert "split-stripped: stripped: " in text
    assert "mend: build it with -g and without strip" in text


def test_stacks_of_no_command_and_of_none_that_is_there():
    done = check("--stacks")
    assert done.returncode == 125 and "no command given" in done.stderr
    assert check("--stacks", "no-such-program").returncode == 127


def test_stacks_as_json():
    done = check("--stacks", "--json", workload("split"), "100")
    assert json.loads(done.stdout)["quality"]
