"""Where else programs, debug files and JIT maps are looked for: options, servers, containers."""
import http.server
import os
import re
import shutil
import subprocess
import threading
from pathlib import Path

import pytest

BUILD_ID = "abcdef0123456789abcdef0123456789abcdef01"
CODE = """
static volatile unsigned long sink;
static __attribute__((noinline)) void hidden_inner(void)
{ for (int i = 0; i < 30000000; i++) sink += i; }
int main(void) { for (int i = 0; i < 6; i++) hidden_inner(); return 0; }
"""
# Runs a loop in memory that it fills itself: push %rbp; mov %rsp,%rbp; a countdown; pop; ret.
JIT = r"""
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
static const unsigned char code[] = { 0x55, 0x48, 0x89, 0xe5, 0xb9, 0x00, 0xe1, 0xf5, 0x05,
				      0xff, 0xc9, 0x75, 0xfc, 0x5d, 0xc3 };
int main(int argc, char **argv)
{
	int is_shared = strcmp(argv[1], "memfd") == 0;
	int fd = is_shared ? memfd_create("jitcode", 0) : -1;
	char name[64];
	FILE *map;

	if (is_shared && ftruncate(fd, 4096)) return 1;
	unsigned char *p = mmap(0, 4096, 7, is_shared ? MAP_SHARED : MAP_PRIVATE | MAP_ANONYMOUS,
				fd, 0);
	memcpy(p, code, sizeof(code));
	if (argc > 2) {
		sprintf(name, "/tmp/perf-%d.map", getpid());
		map = fopen(name, "w");
		fprintf(map, "%lx %zx made_code\n", (unsigned long)p, sizeof(code));
		fclose(map);
	}
	for (int i = 0; i < 3; i++)
		((void (*)(void))p)();
	if (argc > 2) unlink(argc > 3 ? name : "");
	return 0;
}
"""


# Code of one name after the other at one address, each for about a fifth of a second of CPU time,
# told as a jitdump or as a map that is appended to or written anew.
REPLACED = r"""
#include <fcntl.h>
#include <stdio.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
static const unsigned char code[] = { 0x55, 0x48, 0x89, 0xe5, 0xb9, 0x00, 0xe1, 0xf5, 0x05,
				      0xff, 0xc9, 0x75, 0xfc, 0x5d, 0xc3 };
static uint64_t now(int clock)
{
	struct timespec t;
	clock_gettime(clock, &t);
	return t.tv_sec * 1000000000ull + t.tv_nsec;
}
static void load(FILE *dump, uint64_t address, const char *name, const char *from)
{
	uint32_t kind = from ? 1 : 0;
	uint32_t size = from ? 64 : 16 + 40 + strlen(name) + 1 + sizeof(code);
	uint64_t time = now(CLOCK_MONOTONIC), old = from - (char *)0, length = sizeof(code);
	uint64_t number = 0;
	uint32_t ids[2] = { getpid(), getpid() };
	fwrite(&kind, 4, 1, dump); fwrite(&size, 4, 1, dump); fwrite(&time, 8, 1, dump);
	fwrite(ids, 8, 1, dump); fwrite(&address, 8, 1, dump);
	if (from) fwrite(&old, 8, 1, dump);
	fwrite(&address, 8, 1, dump); fwrite(&length, 8, 1, dump); fwrite(&number, 8, 1, dump);
	if (!from) { fputs(name, dump); fputc(0, dump); fwrite(code, 1, sizeof(code), dump); }
}
static void spin(char *p)
{
	for (uint64_t end = now(CLOCK_PROCESS_CPUTIME_ID) + 300000000;
	     now(CLOCK_PROCESS_CPUTIME_ID) < end;)
		((void (*)(void))p)();
}
int main(int argc, char **argv)
{
	const char *names[] = { "code_one", "code_two", "code_three" };
	int is_dump = strcmp(argv[1], "dump") == 0;
	char name[300];
	char *p = mmap(0, 4096, 7, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint32_t header[10] = { 0x4a695444, 1, 40, 62, 0, getpid() };
	FILE *file;
	memcpy(p, code, sizeof(code));
	memcpy(p + 64, code, sizeof(code));
	sprintf(name, is_dump ? "%2$s/jit-%1$d.dump" : "/tmp/perf-%1$d.map", getpid(), argv[2]);
	file = fopen(name, "w+");
	if (is_dump) {
		fwrite(header, sizeof(header), 1, file); fflush(file);
		mmap(0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fileno(file), 0);
	}
	for (int i = 0; i < 3; i++) {
		if (is_dump) load(file, (uint64_t)p, names[i], 0);
		if (strcmp(argv[1], "anew") == 0) file = freopen(name, "w", file);
		if (!is_dump) fprintf(file, "%lx %zx %s\n", (long)p, sizeof(code), names[i]);
		fflush(file);
		spin(p);
	}
	if (is_dump) { load(file, (uint64_t)p + 64, 0, p); fflush(file); spin(p + 64); }
	if (!is_dump) unlink(name);
	return 0;
}
"""


def run(*arguments, **keywords):
    return subprocess.run([str(a) for a in arguments], check=True, capture_output=True, text=True,
                          timeout=120, **keywords)


@pytest.fixture(scope="module")
def programs(tmp_path_factory):
    """A stripped program, its debug file, and a JIT compiler of sorts."""
    folder = tmp_path_factory.mktemp("programs")
    (folder / "code.c").write_text(CODE)
    (folder / "jit.c").write_text(JIT)
    run("gcc", "-O1", "-g", "-D_GNU_SOURCE", "jit.c", "-o", "jit", cwd=folder)
    run("gcc", "-O1", "-g", "code.c", "-o", "program", f"-Wl,--build-id=0x{BUILD_ID}", cwd=folder)
    run("objcopy", "--only-keep-debug", "program", "debug", cwd=folder)
    shutil.copy(folder / "program", folder / "whole")
    run("strip", "program", cwd=folder)
    return folder


@pytest.fixture(scope="module")
def recording(perf_profile, programs, tmp_path_factory):
    """perf.data of the stripped program."""
    folder = tmp_path_factory.mktemp("recording") / "out"
    run(perf_profile, "-q", "-o", folder, "--", programs / "program")
    assert "hidden_inner" not in (folder / "perf-collapsed.txt").read_text()
    return folder / "perf.data"


def debug_folder(programs, folder, name="{rest}.debug", kind="debug"):
    place = folder / ".build-id" / BUILD_ID[:2] / name.format(rest=BUILD_ID[2:])
    place.parent.mkdir(parents=True)
    shutil.copy(programs / kind, place)
    return folder



def test_debug_folder_of_the_user(perf_profile, programs, recording, tmp_path):
    folder = debug_folder(programs, tmp_path / "debug")
    for command in ("collapse", "script", "report"):
        assert "hidden_inner" not in run(perf_profile, command, recording).stdout
        text = run(perf_profile, command, "--debug-dir", folder, recording).stdout
        assert "hidden_inner" in text, command
    run(perf_profile, "-q", "-o", tmp_path / "o", "--debug-dir", folder, "--",
        programs / "program")
    assert "hidden_inner" in (tmp_path / "o/perf-collapsed.txt").read_text()


def test_what_perf_keeps_of_programs(perf_profile, programs, recording, tmp_path):
    debug_folder(programs, tmp_path / ".debug", "{rest}/elf", "whole")
    environment = {**os.environ, "HOME": str(tmp_path)}
    assert "hidden_inner" in run(perf_profile, "collapse", recording, env=environment).stdout


@pytest.mark.parametrize("place", ["{path}", "/{name}"])
def test_files_of_another_machine(perf_profile, programs, recording, tmp_path, place):
    path = programs / "program"
    target = tmp_path / place.format(path=path, name=path.name).lstrip("/")
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(programs / "whole", target)
    text = run(perf_profile, "collapse", "--symfs", tmp_path, recording).stdout
    assert "hidden_inner" in text


@pytest.mark.parametrize("maker", ["objcopy", "eu-strip"])
@pytest.mark.parametrize("mode", ["-pie", "-no-pie"])
def test_program_of_which_only_the_debug_file_is_left(perf_profile, tmp_path, maker, mode):
    if not shutil.which(maker):
        pytest.skip(f"{maker} is not there")
    (tmp_path / "code.c").write_text(CODE.replace("static __attribute__((noinline)) ", "") +
                                     "\nint before_the_rest[1000] = { 1 };\n")
    run("gcc", "-O2", "-g", mode, "-fPIE", "code.c", "-o", "gone", f"-Wl,--build-id=0x{BUILD_ID}",
        cwd=tmp_path)
    run(perf_profile, "-q", "-o", tmp_path / "o", "--", tmp_path / "gone")
    if maker == "objcopy":
        run("objcopy", "--only-keep-debug", "gone", "debug", cwd=tmp_path)
    else:
        run("eu-strip", "-f", "debug", "-o", "stripped", "gone", cwd=tmp_path)
    recording = tmp_path / "o/perf.data"
    whole = [run(perf_profile, command, *options, recording).stdout
             for command, *options in (("collapse",), ("collapse", "--srcline"), ("report",))]
    assert "main;hidden_inner " in whole[0] and "hidden_inner:code.c:" in whole[1]
    (tmp_path / "gone").unlink()
    assert "hidden_inner" not in run(perf_profile, "collapse", recording).stdout
    folder = debug_folder(tmp_path, tmp_path / "folder")
    for (command, *options), expected in zip((("collapse",), ("collapse", "--srcline")), whole):
        assert run(perf_profile, command, *options, "--debug-dir", folder,
                   recording).stdout == expected


class Server(http.server.BaseHTTPRequestHandler):
    """debuginfod(8), as far as a client sees it."""
    def do_GET(self):
        self.server.asked.append(self.path)
        if self.path != f"/buildid/{BUILD_ID}/debuginfo":
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.server.content)))
        self.end_headers()
        self.wfile.write(self.server.content[:512])
        self.server.pause.wait(self.server.pause_s)
        self.wfile.write(self.server.content[512:])

    def log_message(self, *_):
        pass


@pytest.fixture
def server(programs):
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server) as server:
        server.asked, server.pause, server.pause_s = [], threading.Event(), 0
        server.content = (programs / "debug").read_bytes()
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_servers_are_asked_on_request_alone(perf_profile, recording, server, tmp_path):
    environment = {**os.environ, "DEBUGINFOD_URLS": f"http://127.0.0.1:{server.server_port}",
                   "DEBUGINFOD_CACHE_PATH": str(tmp_path / "client")}
    environment.pop("http_proxy", None)
    run(perf_profile, "collapse", recording, env=environment)
    assert not server.asked
    done = subprocess.run([perf_profile, "collapse", "--debuginfod", recording], text=True,
                          capture_output=True, env=environment, timeout=60)
    if "client library" in done.stderr:
        pytest.skip("libdebuginfod.so.1 is not there")
    assert "hidden_inner" in done.stdout
    assert re.search(r"debuginfod: 1 of \d+ files", done.stderr)
    # Once downloaded, it is found without a question.
    n_asked = len(server.asked)
    assert "hidden_inner" in run(perf_profile, "collapse", recording, env=environment).stdout
    assert len(server.asked) == n_asked


def test_servers_have_a_budget(perf_profile, recording, server, tmp_path):
    environment = {**os.environ, "DEBUGINFOD_URLS": f"http://127.0.0.1:{server.server_port}",
                   "DEBUGINFOD_CACHE_PATH": str(tmp_path / "client")}
    server.pause_s = 3  # the client looks at the budget now and then
    done = subprocess.run([perf_profile, "collapse", "--debuginfod-limit", "60s,1K", recording],
                          text=True, capture_output=True, env=environment, timeout=60)
    if "client library" in done.stderr:
        pytest.skip("libdebuginfod.so.1 is not there")
    assert "the size is used up" in done.stderr
    assert "hidden_inner" not in done.stdout
    server.pause_s = 0
    # With a larger one the client asks again, though it remembers misses.
    done = subprocess.run([perf_profile, "collapse", "--debuginfod", recording], text=True,
                          capture_output=True, env=environment, timeout=60)
    assert "hidden_inner" in done.stdout


def test_no_server_is_named(perf_profile, recording):
    environment = {k: v for k, v in os.environ.items() if k != "DEBUGINFOD_URLS"}
    done = subprocess.run([perf_profile, "collapse", "--debuginfod", recording], text=True,
                          capture_output=True, env=environment, timeout=60)
    assert done.returncode == 125 and "DEBUGINFOD_URLS" in done.stderr


def folded(perf_profile, folder, *command):
    run(perf_profile, "-q", "-o", folder, "--", *command)
    return (folder / "perf-collapsed.txt").read_text()


def test_memory_is_called_what_it_is(perf_profile, programs, tmp_path):
    jit = programs / "jit"
    assert "main;[anon] " in folded(perf_profile, tmp_path / "a", jit, "anonymous")
    assert "main;[memfd:jitcode] " in folded(perf_profile, tmp_path / "b", jit, "memfd")
    for number, kind in enumerate(("anonymous", "memfd")):
        text = folded(perf_profile, tmp_path / f"c{number}", jit, kind, "map")
        assert "main;made_code " in text and "[anon]" not in text


@pytest.mark.parametrize("how", ["dump", "append", "anew"])
def test_replaced_code_is_named_by_time(perf_profile, programs, tmp_path, how):
    (tmp_path / "replaced.c").write_text(REPLACED)
    run("gcc", "-O1", "replaced.c", "-o", "replaced", cwd=tmp_path)
    text = folded(perf_profile, tmp_path / "o", tmp_path / "replaced", how, tmp_path)
    counts = {name: int(n) for name, n in re.findall(r"main;spin;(\w+) (\d+)$", text, re.M)}
    assert set(counts) == {"code_one", "code_two", "code_three"}, text
    # The last one is moved and runs once more, which only a dump can say.
    expected = {"code_one": 1, "code_two": 1, "code_three": 2 if how == "dump" else 1}
    share = sum(counts.values()) / sum(expected.values())
    # A map is looked at every tenth of a second.
    for name, times in expected.items():
        assert abs(counts[name] / share - times) < (0.2 if how == "dump" else 0.6), (name, counts)
    if how == "dump":
        again = run(perf_profile, "collapse", tmp_path / "o/perf.data").stdout
        assert again == text


def in_namespace(*command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"no namespaces here: {done.stderr.strip()}")


def test_map_of_a_process_in_a_pid_namespace(perf_profile, programs, tmp_path):
    unshare = ("unshare", "-r", "-p", "-f", "--mount-proc")
    in_namespace(*unshare, "true")
    assert "made_code " in folded(perf_profile, tmp_path / "o", *unshare, programs / "jit",
                                  "anonymous", "map")


def test_program_and_map_that_only_a_container_sees(perf_profile, programs, tmp_path):
    unshare = ("unshare", "-r", "-m")
    in_namespace(*unshare, "true")
    script = (f"mount -t tmpfs none /mnt && cp {programs}/whole {programs}/jit /mnt && "
              "mount -t tmpfs none /tmp && /mnt/whole && /mnt/jit anonymous map && sleep 0.3; true")
    text = folded(perf_profile, tmp_path / "o", *unshare, "sh", "-c", script)
    assert "main;hidden_inner " in text
    assert "made_code " in text


def test_bubblewrap(perf_profile, programs, tmp_path):
    if not shutil.which("bwrap"):
        pytest.skip("bwrap is not there")
    bwrap = ("bwrap", "--unshare-pid", "--ro-bind", "/", "/", "--tmpfs", "/tmp", "--proc", "/proc",
             "--dev", "/dev", "--ro-bind", programs / "whole", "/tmp/app/whole",
             "--ro-bind", programs / "jit", "/tmp/app/jit")
    in_namespace(*bwrap, "true")
    text = folded(perf_profile, tmp_path / "o", *bwrap, "sh", "-c",
                  "/tmp/app/whole; /tmp/app/jit anonymous map; sleep 0.3")
    assert "main;hidden_inner " in text
    assert "made_code " in text


def test_deleted_and_replaced_programs_are_told_apart(perf_profile, programs, tmp_path):
    program = tmp_path / "program"
    shutil.copy(programs / "whole", program)
    text = folded(perf_profile, tmp_path / "o", "sh", "-c",
                  f"{program} & sleep 0.1; rm {program}; wait; sleep 0.1")
    assert "main;hidden_inner " in text
    # In a program's place is another, which must not name its addresses.
    shutil.copy(programs / "whole", program)
    run(perf_profile, "-q", "-o", tmp_path / "p", "--", program)
    run("gcc", "-O1", "-x", "c", "-", "-o", program, input=CODE.replace("hidden", "wrong"))
    text = run(perf_profile, "collapse", tmp_path / "p/perf.data").stdout
    assert "wrong" not in text and "[program]" in text


def test_jitdump_of_node(perf_profile, tmp_path):
    if not shutil.which("node"):
        pytest.skip("node is not there")
    script = ("function spin(n) { let s = 0; for (let i = 0; i < n; i++) "
              "s = (s * 31 + i) % 1000003;"
              " return s; }\nconst end = Date.now() + 700; let t = 0;\n"
              "while (Date.now() < end) t += spin(100000);\n")
    (tmp_path / "app.js").write_text(script)
    folder = tmp_path / "o"
    run(perf_profile, "-q", "-o", folder, "--", "node", "--perf-prof", "app.js", cwd=tmp_path)
    if not list(tmp_path.glob("jit-*.dump")):
        pytest.skip("this node writes no jitdump")
    assert re.search(r";JS:[*^~]spin ", (folder / "perf-collapsed.txt").read_text())
    # The file names the code again later, with its lines.
    text = run(perf_profile, "export", "--format", "callgrind", folder / "perf.data").stdout
    assert "app.js" in text


def test_functions_of_a_stripped_program_are_told_apart(perf_profile, tmp_path):
    code = "".join(f"__attribute__((noinline)) void work_{name}(void) "
                   f"{{ for (long i = 0; i < {n}0000000L; i++) sink += i; }}\n"
                   for name, n in (("long", 30), ("short", 10)))
    code = f"static volatile unsigned long sink;\n{code}" \
           "int main(void) { work_long(); work_short(); return 0; }\n"
    run("gcc", "-O1", "-x", "c", "-", "-o", tmp_path / "whole", input=code)
    listed = dict((name, int(address, 16)) for address, _, name in re.findall(
        r"^(\w+) (\w) (work_\w+|main)$", run("nm", tmp_path / "whole").stdout, re.M))
    run("strip", "-o", tmp_path / "bare", tmp_path / "whole")
    text = folded(perf_profile, tmp_path / "o", tmp_path / "bare")
    found = {name: re.search(rf"\[bare\+{listed['main']:#x}\];\[bare\+{address:#x}\] (\d+)", text)
             for name, address in listed.items() if name != "main"}
    assert all(found.values()), text
    assert int(found["work_long"][1]) > int(found["work_short"][1])
    label = f"[bare+{listed['work_long']:#x}]"
    assert label in (tmp_path / "o/perf-report.txt").read_text()
    assert label in (tmp_path / "o/flamegraph.svg").read_text()
    assert "[unknown]" in (tmp_path / "o/perf-script.txt").read_text()
    recording = tmp_path / "o/perf.data"
    assert run(perf_profile, "collapse", recording).stdout == text
    bare = run(perf_profile, "collapse", "--fold", "unnamed", recording).stdout
    assert "[bare];[bare] " in bare and "[bare+" not in bare
    # The same build again, then another one.
    run(perf_profile, "-q", "-o", tmp_path / "p", "--", tmp_path / "bare")
    assert label in run(perf_profile, "diff", recording, tmp_path / "p/perf.data").stdout
    run("gcc", "-O1", "-x", "c", "-", "-o", tmp_path / "bare", "-s",
        input="int before(int n) { return n; }\n" + code)
    run(perf_profile, "-q", "-o", tmp_path / "q", "--", tmp_path / "bare")
    other = run(perf_profile, "diff", recording, tmp_path / "q/perf.data").stdout
    assert "[bare]" in other and "[bare+" not in other


def test_damaged_debug_information_is_told_and_the_rest_stands(perf_profile, programs, tmp_path):
    program = tmp_path / "program"
    content = bytearray((programs / "whole").read_bytes())
    headers = run("readelf", "-SW", programs / "whole").stdout
    offset, size = (int(text, 16) for text in re.search(
        r"\.debug_info +PROGBITS +\w+ (\w+) (\w+)", headers).groups())
    content[offset:offset + size] = b"\xff" * size
    program.write_bytes(content)
    program.chmod(0o755)
    # The whole program has the same build id, and its answers may be in the cache.
    run(perf_profile, "-q", "--no-cache", "-o", tmp_path / "o", "--", program)
    assert "main;hidden_inner " in (tmp_path / "o/perf-collapsed.txt").read_text()
    for name in ("perf-report.txt", "analysis.txt"):
        written = (tmp_path / "o" / name).read_text()
        assert "ead in part" in written and "debug information: " in written, name
    report = run(perf_profile, "report", "--no-cache", tmp_path / "o/perf.data").stdout
    assert "read in part: program: debug information: " in report


def test_map_of_an_earlier_process_is_not_believed(perf_profile, programs, tmp_path):
    """Its names, under our pid, are of code that is gone."""
    # Wherever the code comes to lie: 4 GiB a line.
    script = ('map=/tmp/perf-$$.map; echo $map; i=32256; while [ $i -lt 32768 ]; do '
              'printf "%x00000000 ffffffff stale_name\\n" $i; i=$((i + 1)); done >$map; '
              'if [ "$1" = old ]; then touch -d "2 days ago" $map; fi; exec "$2" anonymous')
    for age, is_believed in (("old", False), ("new", True)):
        out = tmp_path / age
        done = run(perf_profile, "-q", "-f", "--no-cache", "-o", out, "--", "sh", "-c", script,
                   "sh", age, programs / "jit")
        Path(done.stdout.strip()).unlink()
        assert ("stale_name" in (out / "perf-collapsed.txt").read_text()) == is_believed
        assert ("by an earlier one" in (out / "analysis.txt").read_text()) != is_believed
