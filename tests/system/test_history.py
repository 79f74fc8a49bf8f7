"""perf-profile compare --save and history: entries of several processes, of killed ones."""
import json
import signal
import subprocess
import time
import xml.etree.ElementTree as ElementTree

import pytest


@pytest.fixture
def run(perf_profile, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))

    def run(*arguments, status=0):
        done = subprocess.run([perf_profile, *arguments], cwd=tmp_path, text=True,
                              capture_output=True)
        assert done.returncode == status, (done.stdout, done.stderr)
        return done
    run.words = [perf_profile, "compare", "-q", "--no-profile", "-w", "0", "-r", "2", "--save"]
    return run


def entries(run):
    return json.loads(run("history", "list", "--json").stdout or "[]")


def test_a_baseline_is_compared_with(run):
    assert "there is no history yet" in run("history").stderr
    run(*run.words[1:], "short", "sleep 0.02")
    done = run("compare", "--json", "-r", "10", "short", "--", "sleep", "0.06")
    answer = json.loads(done.stdout)
    assert [side["name"] for side in answer["results"]] == ["short", "sleep 0.06"]
    assert not answer["paired"] and len(answer["results"][0]["times"]) == 2
    assert answer["comparisons"][0]["metrics"]["time"]["ratio"] > 2
    assert "was measured with another command: sleep 0.02" in done.stderr


def test_show_plot_and_prune(run, tmp_path):
    for _ in range(3):
        run(*run.words[1:], "it", "true")
    shown = run("history", "show", "it").stdout
    assert "it (3)" in shown and "kernel" in shown
    assert len(run("history", "plot", "it", "--metric", "cpu").stdout.splitlines()) == 3
    run("history", "plot", "it", "-o", "it.svg")
    circles = ElementTree.parse(tmp_path / "it.svg").getroot().iter(
        "{http://www.w3.org/2000/svg}circle")
    assert len(list(circles)) == 3
    assert "2 entries removed" in run("history", "prune", "--keep", "1").stdout
    assert [entry["id"] for entry in entries(run)] == [3]
    assert "no 'that' in the history" in run("history", "show", "that", status=125).stderr


def test_many_processes_at_once(run, tmp_path):
    processes = [subprocess.Popen([*run.words, f"name{i}", "true"], cwd=tmp_path,
                                  stdout=subprocess.DEVNULL) for i in range(6)]
    assert [process.wait() for process in processes] == [0] * 6
    assert sorted(entry["name"] for entry in entries(run)) == [f"name{i}" for i in range(6)]


def test_killed_it_leaves_a_whole_history(run, tmp_path):
    run(*run.words[1:], "first", "true")
    for i in range(8):
        process = subprocess.Popen([*run.words, "killed", "true"], cwd=tmp_path,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(0.005 * i)
        process.send_signal(signal.SIGKILL)
        process.wait()
    run(*run.words[1:], "last", "true")
    found = entries(run)
    assert found[0]["name"] == "first" and found[-1]["name"] == "last"
    assert all(entry["runs"] == 2 for entry in found)
