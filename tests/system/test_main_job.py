"""The main job as its user meets it: files, streams, signals, statuses."""
import os
import pty
import signal
import stat
import subprocess
import time
import xml.etree.ElementTree

import pytest

from recordings import DELIVERABLES, PROGRAM, profile, record, workload


def test_six_deliverables_and_a_summary(tmp_path):
    done = profile(tmp_path / "out", workload("split"), 300)
    assert done.returncode == 0, done.stderr
    assert sorted(os.listdir(tmp_path / "out")) == sorted(DELIVERABLES)
    for name in DELIVERABLES:
        path = tmp_path / "out" / name
        assert path.stat().st_size > 100, name
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, name
    xml.etree.ElementTree.parse(tmp_path / "out/flamegraph.svg")
    assert "complete stacks" in done.stderr
    assert "work_seventy" in done.stderr
    for name in DELIVERABLES:
        assert name in done.stderr


def test_the_report_fits_80_columns(tmp_path):
    """Commands and paths are whole, so that they can be copied; all else is broken at blanks."""
    done = profile(tmp_path / "out", workload("split"), 300)
    texts = [done.stderr, (tmp_path / "out/analysis.txt").read_text()]
    for line in "\n".join(texts).splitlines():
        is_whole = line.startswith(("  perf-profile ", "Files in ", "  command ")) or "/" in line
        assert len(line) <= 80 or is_whole, line


def test_a_script_that_is_too_large_is_left_out_and_said(tmp_path):
    done = profile(tmp_path / "out", workload("split"), 300, options=["--script-limit", "1K"])
    assert done.returncode == 0, done.stderr
    assert sorted(os.listdir(tmp_path / "out")) == sorted(set(DELIVERABLES) - {"perf-script.txt"})
    assert "perf-script.txt is left out" in done.stderr
    assert "perf-script.txt is left out" in (tmp_path / "out/summary.json").read_text()
    printed = subprocess.run([PROGRAM, "script", tmp_path / "out/perf.data"], text=True,
                             capture_output=True, check=True).stdout
    assert "work_seventy" in printed


def test_default_folder_and_latest(tmp_path):
    command = [os.path.abspath(PROGRAM), "-q", "true"]
    for _ in range(2):
        assert subprocess.run(command, cwd=tmp_path, check=False).returncode == 0
    names = sorted(os.listdir(tmp_path / "perf-profile.out"))
    runs = [name for name in names if name.startswith("true-")]
    assert len(runs) == 2 and "latest" in names and len(names) == 3
    assert os.readlink(tmp_path / "perf-profile.out/latest") == runs[1]


def test_streams_and_arguments_are_the_commands_own(tmp_path):
    text = "one\ntwo æøå\n"
    done = subprocess.run([PROGRAM, "-o", str(tmp_path / "out"), "cat"], input=text,
                          capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout == text
    done = profile(tmp_path / "out 2 ø", "sh", "-c", 'printf "[%s]" "$@"', "sh", "a b", "ø", "",
                   "$HOME")
    assert done.stdout == "[a b][ø][][$HOME]"
    assert sorted(os.listdir(tmp_path / "out 2 ø")) == sorted(DELIVERABLES)


def test_quiet_is_quiet(tmp_path):
    done = profile(tmp_path / "out", "true", options=["-q"])
    assert done.stderr == ""


@pytest.mark.parametrize("script, status", [("exit 7", 7), ("kill -TERM $$", 128 + 15),
                                            ("kill -SEGV $$", 128 + 11)])
def test_exit_status_is_the_commands(tmp_path, script, status):
    done = profile(tmp_path / "out", "sh", "-c", script)
    assert done.returncode == status
    assert (tmp_path / "out/flamegraph.svg").exists()


def test_analysis_says_how_the_command_ended(tmp_path):
    for script, words in [("kill -SEGV $$", "was killed by signal 11 (Segmentation fault)"),
                          ("exit 3", "ended with status 3"), ("exit 0", None)]:
        profile(tmp_path / "out", "sh", "-c", script, options=["--force"])
        head = (tmp_path / "out/analysis.txt").read_text().split("What kind of program")[0]
        assert ("ended" in head) == bool(words), head
        assert not words or words in head, head


def test_no_command(tmp_path):
    done = subprocess.run([PROGRAM, "-F", "100"], capture_output=True, text=True, check=False)
    assert done.returncode == 125
    assert "no command given" in done.stderr


@pytest.mark.parametrize("command, status, words", [
    ("no-such-program-here", 127, "not on PATH"),
    ("./no/such/program", 127, "check the path"),
    ("/etc/passwd", 126, "chmod +x"),
    ("/", 126, "name the program in that folder"),
])
def test_command_that_cannot_run(tmp_path, command, status, words):
    done = profile(tmp_path / "out", command)
    assert done.returncode == status
    assert words in done.stderr
    assert not (tmp_path / "out").exists()


def test_file_that_is_no_program(tmp_path):
    script = tmp_path / "broken"
    script.write_bytes(b"\x7fELF nothing")
    script.chmod(0o755)
    done = profile(tmp_path / "out", script)
    assert done.returncode in (126, 127, 2)
    assert not list(tmp_path.glob("out/*.partial"))


@pytest.mark.parametrize("options, words", [
    (["-F", "0"], "--freq"), (["-F", "fast"], "--freq"),
    (["-e", "cycels"], "did you mean 'cycles'"),
    (["--colors", "pink-ish"], "one of: "), (["--call-graph", "magic"], "dwarf,BYTES"),
    (["--call-graph", "dwarf,100000"], "65528"), (["--duration", "soon"], "--duration"),
    (["--rules", "/no/such/file.rules"], "/no/such/file.rules"), (["--widht", "3"], "--width"),
])
def test_bad_options_say_what_is_wanted(tmp_path, options, words):
    done = profile(tmp_path / "out", "true", options=options)
    assert done.returncode == 125
    assert words in done.stderr
    assert not (tmp_path / "out").exists()


def test_folder_in_use_is_refused_without_force(tmp_path):
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "mine.txt").write_text("mine")
    done = profile(folder, "true")
    assert done.returncode == 125 and "--force" in done.stderr
    assert os.listdir(folder) == ["mine.txt"]
    assert profile(folder, "true", options=["--force"]).returncode == 0
    assert profile(folder, "true", options=["--force"]).returncode == 0
    assert (folder / "mine.txt").read_text() == "mine"
    assert sorted(os.listdir(folder)) == sorted(DELIVERABLES + ["mine.txt"])


def test_folder_that_is_a_file(tmp_path):
    (tmp_path / "notes").write_text("mine")
    done = profile(tmp_path / "notes", "true", options=["--force"])
    assert done.returncode == 125
    assert "is a file" in done.stderr
    assert (tmp_path / "notes").read_text() == "mine"


def test_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("")
    done = profile(tmp_path / "file/out", "true")
    assert done.returncode == 125
    assert "file/out" in done.stderr


def test_full_disk(tmp_path):
    """A file size limit stands for a full disk: what fits is there, the rest is named."""
    done = subprocess.run(
        ["bash", "-c", 'trap "" XFSZ; ulimit -f 24; exec "$@"', "bash", PROGRAM, "-o",
         str(tmp_path / "out"), workload("split"), "1500"],
        capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 125
    assert "NOT WRITTEN" in done.stderr
    assert "perf.data" in done.stderr
    names = os.listdir(tmp_path / "out")
    assert "perf.data" not in names and "perf-collapsed.txt" in names
    assert not [name for name in names if name.endswith(".partial")]


def wait_until(condition, timeout_s=20):
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "timed out"
        time.sleep(0.02)


def test_interrupt_ends_the_command_and_reports(tmp_path):
    process = subprocess.Popen([PROGRAM, "-o", str(tmp_path / "out"), workload("split"), "60000"],
                               stderr=subprocess.PIPE, text=True, start_new_session=True)
    wait_until((tmp_path / "out/perf.data.partial").exists)
    time.sleep(0.5)
    os.killpg(process.pid, signal.SIGINT)
    _, messages = process.communicate(timeout=30)
    assert process.returncode == 128 + signal.SIGINT, messages
    assert sorted(os.listdir(tmp_path / "out")) == sorted(DELIVERABLES)


def test_command_that_ignores_interrupts_is_ended(tmp_path):
    process = subprocess.Popen([PROGRAM, "-o", str(tmp_path / "out"), "sh", "-c",
                                'trap "" INT; echo ready; exec sleep 60'],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                               start_new_session=True)
    assert process.stdout.readline() == "ready\n"
    os.killpg(process.pid, signal.SIGINT)
    _, messages = process.communicate(timeout=30)
    assert process.returncode == 128 + signal.SIGTERM, messages
    assert sorted(os.listdir(tmp_path / "out")) == sorted(DELIVERABLES)


def test_second_interrupt_stops_at_once(tmp_path):
    process = subprocess.Popen([PROGRAM, "-o", str(tmp_path / "out"), "sh", "-c",
                                'trap "" INT; echo ready; exec sleep 60'],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                               start_new_session=True)
    assert process.stdout.readline() == "ready\n"
    # Two in short order are one to a process that had no time in between.
    while process.poll() is None:
        os.killpg(process.pid, signal.SIGINT)
        time.sleep(0.3)
    process.communicate(timeout=10)
    assert process.returncode == 128 + signal.SIGINT
    assert not (tmp_path / "out").exists()


def test_terminate_is_passed_on(tmp_path):
    process = subprocess.Popen([PROGRAM, "-o", str(tmp_path / "out"), workload("split"), "60000"],
                               stderr=subprocess.PIPE, text=True)
    wait_until((tmp_path / "out/perf.data.partial").exists)
    time.sleep(0.5)
    process.terminate()
    _, messages = process.communicate(timeout=30)
    assert process.returncode == 128 + signal.SIGTERM, messages
    assert sorted(os.listdir(tmp_path / "out")) == sorted(DELIVERABLES)


def test_duration(tmp_path):
    recording = record(tmp_path / "out", workload("split"), 60000, options=["--duration", "700ms"],
                       status=128 + signal.SIGTERM)
    command = recording.summary["command"]
    assert 700e6 <= command["wall_ns"]
    # All of the time it got on the CPU, at 997 Hz.
    cpu_s = (command["user_cpu_ns"] + command["system_cpu_ns"]) / 1e9
    assert recording.n_samples == pytest.approx(997 * cpu_s, rel=0.2, abs=5)


def on_terminal(folder, *command):
    """All that is seen on a terminal that is the program's and ours."""
    master, slave = pty.openpty()
    with subprocess.Popen([PROGRAM, "-o", folder, "--", *command], stdin=slave,
                          stdout=slave, stderr=slave):
        os.close(slave)
        seen = b""
        while True:
            try:
                piece = os.read(master, 65536)
            except OSError:  # EIO: nobody holds the other end any more.
                break
            seen += piece
    os.close(master)
    return seen.decode()


def test_the_live_line_keeps_out_of_the_way(tmp_path):
    assert "recording: " not in on_terminal(tmp_path / "first", "sh", "-c", "sleep 1; echo done")
    # What has spoken goes on speaking.
    assert "recording: " not in on_terminal(tmp_path / "second", "sh", "-c", "echo well; sleep 4")


def test_the_live_line_shows_that_something_goes_on(tmp_path):
    seen = on_terminal(tmp_path / "out", "sleep", "4")
    assert "recording: 3." in seen and " lost, CPU 0 %" in seen


def test_repeat_collects_runs(tmp_path):
    once = record(tmp_path / "one", workload("split"), 200)
    many = record(tmp_path / "many", workload("split"), 200, options=["--repeat", "5"])
    assert many.n_samples > 3 * once.n_samples
    assert many.complete_share >= 0.98


def test_program_that_is_gone_at_once(tmp_path):
    recording = record(tmp_path / "out", "true")
    assert recording.n_samples < 100
    text = (tmp_path / "out/analysis.txt").read_text()
    assert "enough samples" in text


def test_hostile_names(tmp_path):
    name = "ev'il <script>alert(1)</script> \x1b[31m;\u202e"
    program = tmp_path / name.replace("/", "_")
    program.write_bytes(open(workload("split"), "rb").read())
    program.chmod(0o755)
    done = profile(tmp_path / "out", program, 300)
    assert done.returncode == 0, done.stderr
    assert "\x1b[31m" not in done.stderr
    xml.etree.ElementTree.parse(tmp_path / "out/flamegraph.svg")
    for deliverable in DELIVERABLES[1:]:
        content = (tmp_path / "out" / deliverable).read_bytes()
        assert b"\x1b" not in content, deliverable
    assert b"<script>alert" not in (tmp_path / "out/flamegraph.svg").read_bytes()
