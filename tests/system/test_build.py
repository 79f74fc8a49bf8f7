"""`perf-profile build` with real build systems; none of them may change the project."""
import hashlib
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from recordings import PROGRAM

C_MAIN = """#include <stdio.h>
int work(int n) { int sum = 0; for (int i = 0; i < n; i++) sum += i % 7; return sum; }
int main(int argc, char **argv) { printf("%d\\n", work(argc * 1000)); return 0; }
"""


def tree_hash(folder):
    """Names, modes, times and contents of everything in a folder."""
    digest = hashlib.sha256()
    for path in sorted(Path(folder).rglob("*")):
        status = path.lstat()
        digest.update(f"{path} {status.st_mode} {status.st_mtime_ns}".encode())
        if path.is_file():
            digest.update(path.read_bytes())
    return digest.hexdigest()


def needs(*tools):
    missing = [tool for tool in tools if not shutil.which(tool)]
    return pytest.mark.skipif(bool(missing), reason=f"{' and '.join(missing)} not installed")


@pytest.fixture
def project(tmp_path):
    """A folder with a blank in its name, and a function to write files into it."""
    folder = tmp_path / "my project"
    folder.mkdir()
    return folder


def write(folder, **files):
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_dot_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def run(project, *arguments, **environment):
    """perf-profile in the project, with a build cache of its own."""
    return subprocess.run([os.path.abspath(PROGRAM), *arguments], cwd=project, text=True,
                          stdin=subprocess.DEVNULL, capture_output=True, timeout=300, check=False,
                          env={**os.environ, "XDG_CACHE_HOME": str(project.parent / "the cache"),
                               "CARGO_NET_OFFLINE": "true", **environment})


def sections(program):
    return subprocess.run(["readelf", "-SW", program], capture_output=True, text=True,
                          check=True).stdout


def build(project, *arguments, **environment):
    """Build without a change to the project; the paths printed."""
    before = tree_hash(project)
    done = run(project, "build", *arguments, **environment)
    assert done.returncode == 0, done.stderr
    assert tree_hash(project) == before
    paths = done.stdout.splitlines()
    assert paths
    for path in paths:
        assert not Path(path).is_relative_to(project)
        assert ".debug_info" in sections(path)
        assert "debug information" in done.stderr or "debug information" in done.stdout
    return paths


def keeps_frame_pointer(program, function):
    code = subprocess.run(["objdump", "-d", f"--disassemble={function}", program],
                          capture_output=True, text=True, check=True).stdout
    assert function in code
    return "mov    %rsp,%rbp" in code


def source_names(program):
    return subprocess.run(["readelf", "--debug-dump=info", program], capture_output=True,
                          text=True, check=True).stdout


def cargo_package(folder, name, extra=""):
    write(folder, Cargo_dot_toml=f'[package]\nname = "{name}"\nversion = "0.1.0"\n'
                                 f'edition = "2021"\n{extra}',
          src__main_dot_rs='#[inline(never)] #[no_mangle] pub fn work(n: u64) -> u64 '
                           '{ let t: Vec<u64> = (0..n).collect(); println!("{:?}", t.get(3)); '
                           't.iter().sum() }\n'
                           'fn main() { if cfg!(mine) { println!("mine"); } '
                           'println!("{}", work(std::env::args().count() as u64 * 9)); }\n')


def cargo_lock(folder, *names):
    write(folder, Cargo_dot_lock="version = 3\n" + "".join(
        f'\n[[package]]\nname = "{name}"\nversion = "0.1.0"\n' for name in names))


@needs("cargo", "readelf")
def test_cargo(project):
    cargo_package(project, "hello", '[profile.release]\nstrip = true\n')
    cargo_lock(project, "hello")
    paths = build(project, "--", "./target/release/hello", "argument")
    assert [Path(path).name for path in paths] == ["hello"]
    assert keeps_frame_pointer(paths[0], "work")


@needs("cargo", "readelf")
def test_cargo_without_lock_file_gets_none(project):
    cargo_package(project, "hello")
    assert len(build(project)) == 1
    assert not (project / "Cargo.lock").exists()


@needs("cargo", "readelf")
def test_cargo_workspace_builds_the_program_that_is_wanted(project):
    write(project, Cargo_dot_toml='[workspace]\nmembers = ["one", "two"]\nresolver = "2"\n')
    cargo_package(project / "one", "one")
    cargo_package(project / "two", "two")
    cargo_lock(project, "one", "two")
    assert [Path(path).name for path in build(project, "--", "target/release/two")] == ["two"]
    assert [Path(path).name for path in build(project, "--bin", "one")] == ["one"]
    assert sorted(Path(path).name for path in build(project)) == ["one", "two"]


@needs("cargo", "readelf")
@pytest.mark.parametrize("place", ["environment", "build", "target", "both"])
def test_rustflags_are_kept(project, place):
    cargo_package(project, "hello")
    cargo_lock(project, "hello")
    environment = {}
    config = {"build": '[build]\nrustflags = ["--cfg", "mine"]\n',
              "target": "[target.'cfg(unix)']\nrustflags = '--cfg mine'\n",
              "both": '[build]\nrustflags = ["--cfg", "hidden"]\n'
                      "[target.'cfg(unix)']\nrustflags = ['--cfg', 'mine']\n"}
    if place == "environment":
        environment["RUSTFLAGS"] = "--cfg mine"
    else:
        write(project, _dot_cargo__config_dot_toml=config[place])
    paths = build(project, **environment)
    assert "mine" in subprocess.run(paths, capture_output=True, text=True, check=True).stdout
    assert keeps_frame_pointer(paths[0], "work")


@needs("cmake", "readelf")
def test_cmake_keeps_the_sources_and_the_present_build(project):
    write(project, CMakeLists_dot_txt="cmake_minimum_required(VERSION 3.13)\n"
                                      "project(hello C)\n"
                                      "set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "
                                      "${CMAKE_SOURCE_DIR}/bin)\n"
                                      "configure_file(in.h ${CMAKE_SOURCE_DIR}/out.h)\n"
                                      "option(NAMED \"\" OFF)\n"
                                      "add_executable(hello main.c)\n",
          in_dot_h="", main_dot_c=C_MAIN)
    paths = build(project)
    assert Path(paths[0]).name == "hello" and keeps_frame_pointer(paths[0], "main")


@needs("cmake", "readelf")
def test_cmake_takes_over_settings(project):
    write(project, CMakeLists_dot_txt="cmake_minimum_required(VERSION 3.13)\n"
                                      "project(hello C)\noption(NAMED \"\" OFF)\n"
                                      "if(NAMED)\nadd_executable(named main.c)\nendif()\n"
                                      "add_executable(hello main.c)\n", main_dot_c=C_MAIN)
    subprocess.run(["cmake", "-S", ".", "-B", "out", "-DNAMED=ON", "-DCMAKE_BUILD_TYPE=Release"],
                   cwd=project, check=True, capture_output=True)
    paths = build(project, "--", "out/named")
    assert [Path(path).name for path in paths] == ["named"]
    cache = (Path(paths[0]).parent / "CMakeCache.txt").read_text()
    assert "CMAKE_BUILD_TYPE:STRING=Release" in cache or "CMAKE_BUILD_TYPE:UNINITIALIZED=Release" \
        in cache


@needs("meson", "ninja", "readelf")
def test_meson(project):
    write(project, meson_dot_build="project('hello', 'c')\nexecutable('hello', 'main.c')\n",
          main_dot_c=C_MAIN)
    paths = build(project)
    assert Path(paths[0]).name == "hello" and keeps_frame_pointer(paths[0], "main")
    assert build(project) == paths


@needs("make", "cc", "readelf")
def test_make_in_its_sources(project):
    write(project, Makefile="CFLAGS = -O2\nhello: main.o\n\t$(CC) -s -o $@ main.o\n",
          main_dot_c=C_MAIN)
    subprocess.run(["make"], cwd=project, check=True, capture_output=True)
    theirs = (project / "hello").read_bytes()
    paths = build(project, "--", "./hello")
    assert Path(paths[0]).name == "hello" and keeps_frame_pointer(paths[0], "main")
    assert (project / "hello").read_bytes() == theirs
    assert "-O2" in source_names(paths[0])
    write(project, main_dot_c=C_MAIN.replace("% 7", "% 8"))
    assert build(project, "--", "./hello") == paths


@needs("make", "cc", "readelf")
def test_configured_makefiles_that_name_their_folder(project):
    write(project, main_dot_c=C_MAIN, configure="#!/bin/sh\n"
          "printf 'FOLDER=%s\\nhello: main.c\\n\\tcc -O2 %s -o \"$(FOLDER)/hello\" main.c\\n' "
          "\"$PWD\" \"$1\" > Makefile\n"
          "printf '#!/bin/sh\\necho %s\\n' \"'$1'\" > config.status\nchmod +x config.status\n")
    (project / "configure").chmod(0o755)
    subprocess.run(["./configure", "-DWANTED"], cwd=project, check=True)
    paths = build(project, "--", "./hello")
    assert Path(paths[0]).name == "hello" and not (project / "hello").exists()
    assert "-DWANTED" in (Path(paths[0]).parent / "Makefile").read_text()
    assert build(project, "--", "./hello") == paths


@needs("make", "cc", "readelf")
def test_debug_information_names_the_projects_own_files(tmp_path):
    project = tmp_path / "project"
    project.mkdir()
    write(project, Makefile="hello: main.c\n\tcc -O1 -o $@ main.c\n", main_dot_c=C_MAIN)
    text = source_names(build(project)[0])
    folder = text.split("DW_AT_comp_dir", 1)[1].split("\n")[0]
    assert folder.endswith(str(project))


@needs("go", "readelf")
def test_go(project):
    write(project, go_dot_mod="module example.com/hello\n\ngo 1.19\n",
          cmd__hello__main_dot_go='package main\n\nimport "fmt"\n\nfunc main() '
                                  '{ fmt.Println("hello") }\n')
    quoted = "'-ldflags=-s -w'"
    takes_quotes = subprocess.run(["go", "list", "unsafe"], capture_output=True, check=False,
                                  env={**os.environ, "GOFLAGS": quoted}).returncode == 0
    paths = build(project, "--", "./hello", CGO_ENABLED="0",
                  GOFLAGS=quoted if takes_quotes else "-ldflags=-s")
    assert [Path(path).name for path in paths] == ["hello"]


@needs("make", "cc")
def test_a_build_that_fails(project):
    write(project, Makefile="hello: main.c\n\tcc -o $@ main.c\n", main_dot_c="int main( {\n")
    before = tree_hash(project)
    done = run(project, "build")
    assert done.returncode == 125 and not done.stdout
    assert "main.c:1" in done.stderr and "the build failed: make ended with status 2" in done.stderr
    log = done.stderr.split("everything it said is in ")[1].strip()
    assert "main.c:1" in Path(log).read_text()
    quiet = run(project, "build", "-q")
    assert "main.c:1" in quiet.stderr
    assert tree_hash(project) == before


def test_no_project(tmp_path):
    done = run(tmp_path, "build")
    assert done.returncode == 125 and "not recognised" in done.stderr


@needs("make", "cc", "readelf")
def test_main_job_builds_first(project):
    write(project, Makefile="hello: main.c\n\tcc -O2 -o $@ main.c\n", main_dot_c=C_MAIN)
    out = project.parent / "out"
    done = run(project, "-o", str(out), "--build", "./hello", "x")
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().isdigit()
    assert "building with Make" in done.stderr and (out / "flamegraph.svg").exists()
    assert not (project / "hello").exists()


@needs("make", "cc", "readelf")
def test_a_compiler_that_is_a_wrapper_itself(project):
    """As ccache's is: it runs the next of its name on PATH."""
    own = project.parent / "own compilers"
    own.mkdir()
    (own / "cc").write_text("#!/bin/sh\nIFS=:\nfor folder in $PATH; do\n"
                            f'\t[ "$folder" = "{own}" ] || [ ! -x "$folder/cc" ] || '
                            'exec "$folder/cc" "$@"\ndone\nexit 9\n')
    (own / "cc").chmod(0o755)
    write(project, Makefile="hello: main.c\n\tcc -O2 -o $@ main.c\n", main_dot_c=C_MAIN)
    assert build(project, PATH=f"{own}:/usr/bin:/bin")


@needs("make", "cc")
def test_main_job_says_how_to_get_debug_information(project):
    write(project, Makefile="hello: main.c\n\tcc -O2 -o $@ main.c\n", main_dot_c=C_MAIN)
    subprocess.run(["make"], cwd=project, check=True, capture_output=True)
    done = run(project, "-o", str(project.parent / "out"), "./hello")
    assert done.returncode == 0
    assert "perf-profile --build ./hello" in done.stderr
    subprocess.run(["cc", "-g", "-o", "hello", "main.c"], cwd=project, check=True)
    done = run(project, "-o", str(project.parent / "out 2"), "./hello")
    assert "--build" not in done.stderr
