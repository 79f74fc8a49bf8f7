"""perf-profile compare with git revisions: right trees, and a repository that is only read."""
import json
import os
import signal
import subprocess
import time

import pytest

PROGRAM = """
#include <stdio.h>
#include <unistd.h>
int main(int argc, char **argv)
{
	char line[64] = "";
	FILE *file = argc > 1 ? fopen(argv[1], "r") : NULL;
	if (file && fgets(line, sizeof(line), file))
		fclose(file);
	usleep(WAIT);
	printf("%d %s", WAIT, line);
	return 0;
}
"""


class Repository:
    def __init__(self, perf_profile, folder):
        self.perf_profile = perf_profile
        self.path = folder / "a repository"
        self.cache = folder / "cache"
        self.path.mkdir()
        self.git("init", "-q", ".")
        self.git("config", "user.email", "a@example.org")
        self.git("config", "user.name", "A")

    def git(self, *words, cwd=None):
        done = subprocess.run(["git", *words], cwd=cwd or self.path, check=True, text=True,
                              capture_output=True, env={**os.environ, "GIT_OPTIONAL_LOCKS": "0"})
        return done.stdout

    def commit(self, message):
        self.git("add", "-A")
        self.git("commit", "-qm", message)

    def start(self, *arguments, cwd=None):
        return subprocess.Popen(
            [self.perf_profile, "compare", *arguments], cwd=cwd or self.path, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
            env={**os.environ, "XDG_CACHE_HOME": str(self.cache)})

    def compare(self, *arguments, status=0, cwd=None):
        process = self.start(*arguments, cwd=cwd)
        output, messages = process.communicate(timeout=300)
        assert process.returncode == status, (output, messages)
        return output, messages

    def state(self):
        """Every file with its content and times, and what git says of it."""
        files = {str(path): (path.lstat().st_mtime_ns, path.read_bytes())
                 for path in sorted(self.path.rglob("*")) if path.is_file()}
        return files, [self.git(*words) for words in (
            ["status", "--porcelain=v2", "--branch"], ["stash", "list"], ["for-each-ref"],
            ["worktree", "list"])]

    def left_behind(self):
        return list((self.cache / "perf-profile" / "compare").glob("*"))


@pytest.fixture
def repository(perf_profile, tmp_path):
    """v1 waits 1 ms, HEAD 40 ms, the working tree 80 ms; a stash, a change that is staged."""
    made = Repository(perf_profile, tmp_path)
    source = made.path / "sub" / "program.c"
    source.parent.mkdir()
    (made.path / "sub" / "Makefile").write_text(
        "program: program.c\n\t$(CC) $(CFLAGS) -O1 -o $@ program.c\n")
    (made.path / ".gitignore").write_text("program\n*.txt\n")
    for wait, message in ((1000, "first"), (40000, "second")):
        source.write_text(PROGRAM.replace("WAIT", str(wait)))
        made.commit(message)
        if message == "first":
            made.git("tag", "v1")
    (made.path / "stashed").write_text("x")
    made.git("stash", "-u")
    (made.path / "staged").write_text("y")
    made.git("add", "staged")
    source.write_text(PROGRAM.replace("WAIT", "80000"))
    (made.path / "sub" / "input.txt").write_text("an ignored input\n")
    return made


def test_revisions_and_the_working_tree(repository):
    before = repository.state()
    output, messages = repository.compare(
        "--json", "--no-profile", "-r", "3", "--output", str(repository.cache.parent / "said"),
        "v1", "HEAD", "WORKTREE", "--", "./program", "input.txt", cwd=repository.path / "sub")
    results = json.loads(output)["results"]
    assert [side["name"] for side in results] == ["v1", "HEAD", "WORKTREE"]
    assert results[1]["commit"] == repository.git("rev-parse", "HEAD").strip()
    medians = [side["median"] for side in results]
    assert medians[0] < medians[1] < medians[2] and medians[2] > 0.08
    said = (repository.cache.parent / "said").read_text().split("\n")
    assert set(said) == {f"{wait} an ignored input" for wait in (1000, 40000, 80000)} | {""}
    assert "input.txt' is not in every revision" in messages
    assert repository.state() == before and not repository.left_behind()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
@pytest.mark.parametrize("wait_s", [0.15, 1.5])
def test_interrupted_it_leaves_the_repository_alone(repository, number, wait_s):
    before = repository.state()
    process = repository.start("--no-profile", "v1", "HEAD", "--", "sub/program")
    time.sleep(wait_s)
    process.send_signal(number)
    process.communicate(timeout=60)
    assert process.returncode in (-number, 128 + number)
    assert repository.state() == before
    if number == signal.SIGKILL:
        repository.compare("-w", "0", "-r", "2", "--no-profile", "v1", "--", "sub/program")
    assert not repository.left_behind()


def test_a_build_that_fails_has_its_log_kept(repository):
    (repository.path / "sub" / "program.c").write_text("int main(void) { return no_such; }\n")
    _, messages = repository.compare("HEAD", "WORKTREE", "--", "sub/program", status=125)
    log = messages.split("everything it said is in ")[1].split("\n")[0]
    assert "WORKTREE: " in messages and "no_such" in open(log).read()
    assert not repository.left_behind()


@pytest.mark.parametrize("kib", [40, 1400])
def test_no_space_left(repository, small_disk, kib):
    """For a tree, for what its build copies."""
    (repository.path / "data").write_bytes(os.urandom(1 << 20))
    repository.commit("with data")
    before = repository.state()
    repository.cache = small_disk(kib)
    _, messages = repository.compare("HEAD~", "HEAD", "--", "sub/program", status=125)
    assert f"no space is left in '{repository.cache}" in messages, messages
    assert "\N{REPLACEMENT CHARACTER}" not in messages
    assert not repository.left_behind() and repository.state() == before


def test_no_such_revision(repository):
    _, messages = repository.compare("v1", "v9", "--", "sub/program", status=125)
    assert "'v9' is neither a program nor a revision" in messages
    shallow = Repository.__new__(Repository)
    shallow.__dict__.update(vars(repository), path=repository.path.parent / "shallow")
    repository.git("clone", "-q", "--depth", "1", f"file://{repository.path}", str(shallow.path))
    _, messages = shallow.compare("v1", "HEAD", "--", "sub/program", status=125)
    assert "this clone is shallow" in messages
    before = shallow.state()
    shallow.compare("-r", "2", "--no-profile", "HEAD", "WORKTREE", "--", "sub/program")
    assert shallow.state() == before


def test_submodules(repository, perf_profile, tmp_path):
    inner_folder = tmp_path / "inner"
    inner_folder.mkdir()
    inner = Repository(perf_profile, inner_folder)
    (inner.path / "value.h").write_text("#define WAIT 2000\n")
    inner.commit("value")
    repository.git("checkout", "-q", "-f", "HEAD")
    repository.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add",
                   str(inner.path), "lib/inner")
    (repository.path / "sub" / "program.c").write_text(
        '#include "../lib/inner/value.h"\n' + PROGRAM)
    repository.commit("with a submodule")
    (repository.path / "lib" / "inner" / "value.h").write_text("#define WAIT 60000\n")
    before = repository.state()
    output, _ = repository.compare("--json", "--no-profile", "-r", "2", "HEAD", "WORKTREE", "--",
                                   "sub/program")
    medians = [side["median"] for side in json.loads(output)["results"]]
    assert medians[0] < 0.06 <= medians[1]
    assert repository.state() == before


def test_a_build_command_and_scripts(repository):
    (repository.path / "run").write_text("#!/bin/sh\ncat made\n")
    (repository.path / "run").chmod(0o755)
    repository.commit("a script")
    said = repository.cache.parent / "said"
    repository.compare("--no-profile", "-w", "0", "-r", "2", "--output", str(said),
                       "--build-command", "git describe --tags >made", "v1", "--", "/bin/cat",
                       "made")
    assert said.read_text() == "v1\n" * 2
    repository.compare("--no-profile", "-w", "0", "-r", "2", "--output", str(said),
                       "--build-command", "echo HEAD >made", "HEAD", "--", "./run")
    assert said.read_text().endswith("HEAD\n" * 2)
