"""Where names can be: each kind of debug file, made by the real tools, gives what the plain program
gives; and that is what llvm-addr2line says."""
import importlib.machinery
import importlib.util
import lzma
import os
import re
import shutil
import subprocess

import pytest

N_ADDRESSES = 2000


def tool(*names):
    """The first of these programs that there is; the test is skipped without one."""
    for name in names:
        if shutil.which(name):
            return name
    pytest.skip(f"{' or '.join(names)} is not there")


def run(*arguments, **keywords):
    return subprocess.run([str(a) for a in arguments], check=True, capture_output=True, text=True,
                          errors="replace", timeout=120, **keywords)


@pytest.fixture(scope="module")
def comparison(root):
    """tools/compare-symbols as a module."""
    loader = importlib.machinery.SourceFileLoader("compare_symbols",
                                                  str(root / "tools/compare-symbols"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def answers(build, comparison):
    """Function: all that is said of addresses of a program: names, chains and lines."""
    def ask(path, addresses):
        return comparison.run_ours(build / "tests/unit/symbols/symbolize", str(path), addresses)
    return ask


COMPILERS = {
    "gcc-4": ("g++", "-gdwarf-4"), "gcc-5": ("g++", "-gdwarf-5"),
    "clang-4": ("clang++-14", "-gdwarf-4"), "clang-5": ("clang++-14", "-gdwarf-5"),
}


@pytest.fixture(scope="module")
def compile_program(root):
    """Function: templates.cc, by one of COMPILERS, in @p folder."""
    def make(folder, compiler, *flags):
        name, version = COMPILERS[compiler]
        folder.mkdir(exist_ok=True)
        run(tool(name), "-O2", "-g", version, *flags, "-c", root / "tests/workloads/templates.cc",
            "-o", "program.o", cwd=folder)
        # A second unit: llvm-dwp 14 does not end on a single one.
        (folder / "second.cc").write_text("int second(int n) { return n * n; }\n")
        run(name, "-O2", "-g", version, *flags, "-c", "second.cc", cwd=folder)
        run(name, "program.o", "second.o", "-o", "program", cwd=folder)
        return folder / "program"
    return make


@pytest.fixture(scope="module")
def plain(compile_program, comparison, answers, tmp_path_factory):
    """The plain program of gcc, addresses in it, and the answers."""
    program = compile_program(tmp_path_factory.mktemp("plain"), "gcc-5")
    addresses = comparison.draw_addresses(str(program), N_ADDRESSES, 1)
    expected = answers(program, addresses)
    assert sum(len(chain) > 1 for chain in expected.values()) > N_ADDRESSES / 10
    return program, addresses, expected


@pytest.mark.parametrize("compiler", COMPILERS)
def test_names_chains_and_lines_are_those_of_addr2line(compiler, compile_program, comparison,
                                                       answers, tmp_path):
    program = compile_program(tmp_path / "p", compiler)
    addresses = comparison.draw_addresses(str(program), N_ADDRESSES, 2)
    ours = answers(program, addresses)
    theirs = comparison.run_theirs(tool("llvm-addr2line-14", "llvm-addr2line"), str(program),
                                   addresses)
    counts, examples = comparison.compare(ours, theirs, comparison.read_symbols(str(program)), 3)
    assert not any(comparison.unexplained(counts).values()), (counts, examples)
    # The rest is padding.
    assert counts["lines"]["same"] >= 0.98 * len(addresses), counts


@pytest.mark.parametrize("where", ["beside", ".debug"])
def test_debug_link(where, plain, answers, tmp_path):
    program, addresses, expected = plain
    run("objcopy", "--only-keep-debug", program, tmp_path / "program.debug")
    run("objcopy", "--strip-all", f"--add-gnu-debuglink={tmp_path / 'program.debug'}", program,
        tmp_path / "program")
    if where == ".debug":
        (tmp_path / ".debug").mkdir()
        (tmp_path / "program.debug").rename(tmp_path / ".debug/program.debug")
    assert answers(tmp_path / "program", addresses) == expected


def compress(kind, source, target):
    """By objcopy; whether a section became smaller by it."""
    done = subprocess.run(["objcopy", f"--compress-debug-sections={kind}", source, target],
                          capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"this objcopy makes no {kind}: {done.stderr.strip()}")
    mark = {"zlib": "ZLIB, ", "zstd": "ZSTD, ", "zlib-gnu": ".zdebug_"}[kind]
    return mark in run("readelf", "-tW", target).stdout


@pytest.mark.parametrize("kind", ["zlib", "zlib-gnu", "zstd"])
def test_compressed_sections(kind, plain, answers, tmp_path):
    program, addresses, expected = plain
    assert compress(kind, program, tmp_path / "program")
    assert answers(tmp_path / "program", addresses) == expected
    # And in a debug file of its own.
    (tmp_path / "apart").mkdir()
    debug = tmp_path / "apart/program.debug"
    run("objcopy", "--only-keep-debug", tmp_path / "program", debug)
    assert re.search("COMPRESSED|zdebug_", run("readelf", "-tW", debug).stdout)
    run("objcopy", "--strip-all", f"--add-gnu-debuglink={debug}", tmp_path / "program",
        tmp_path / "apart/program")
    assert answers(tmp_path / "apart/program", addresses) == expected


def test_dwz(plain, compile_program, answers, tmp_path):
    program, addresses, expected = plain
    dwz = tool("dwz")
    other = compile_program(tmp_path / "other", "gcc-5", "-DOTHER")
    shutil.copy(program, tmp_path / "program")
    run(dwz, "-m", "common.debug", "-M", tmp_path / "common.debug", "program", other, cwd=tmp_path)
    assert ".gnu_debugaltlink" in run("readelf", "-SW", tmp_path / "program").stdout
    assert answers(tmp_path / "program", addresses) == expected
    # Moved together, the file is found by its place beside the program.
    (tmp_path / "moved").mkdir()
    for name in ("program", "common.debug"):
        (tmp_path / name).rename(tmp_path / "moved" / name)
    assert answers(tmp_path / "moved/program", addresses) == expected


@pytest.mark.parametrize("compiler", COMPILERS)
def test_split_units(compiler, compile_program, comparison, answers, tmp_path):
    whole = compile_program(tmp_path / "whole", compiler)
    split = compile_program(tmp_path / "split", compiler, "-gsplit-dwarf")
    addresses = comparison.draw_addresses(str(whole), N_ADDRESSES, 3)

    def without_lines(found):
        return {address: [name for name, _ in chain] for address, chain in found.items()}

    expected = answers(split, addresses)
    assert without_lines(expected) == without_lines(answers(whole, addresses))
    # Away from where it was compiled: the .dwo file beside it, then packed, then in a package.
    moved = tmp_path / "moved"
    (tmp_path / "split").rename(moved)
    assert answers(moved / "program", addresses) == expected
    units = list(moved.glob("*.dwo"))
    for unit in units:
        shutil.copy(unit, tmp_path)
    for kind in ("zlib", "zstd"):
        assert any([compress(kind, tmp_path / unit.name, unit) for unit in units])
        assert answers(moved / "program", addresses) == expected
    if compiler == "gcc-5":
        return  # binutils' dwp 2.40 knows no DWARF 5, and llvm-dwp 14 hangs on gcc's
    packer = tool("llvm-dwp", "llvm-dwp-14") if compiler == "clang-5" else tool("dwp", "llvm-dwp")
    run(packer, *(tmp_path / unit.name for unit in units), "-o", moved / "program.dwp")
    for unit in units:
        unit.unlink()
    assert answers(moved / "program", addresses) == expected
    package = moved / "program.dwp"
    for kind in ("zlib", "zstd"):
        assert compress(kind, package, tmp_path / "packed")
        shutil.copy(tmp_path / "packed", package)
        assert answers(moved / "program", addresses) == expected
        run("objcopy", "--decompress-debug-sections", package)
    package.unlink()
    assert any(len(chain) != len(expected[address])
               for address, chain in answers(moved / "program", addresses).items())


def test_symbols_carried_in_a_stripped_program(plain, answers, tmp_path):
    """As Fedora does it: all of .symtab, packed with xz."""
    program, addresses, expected = plain
    mini = tmp_path / "mini"
    run("objcopy", "--only-keep-debug", "--strip-debug", program, mini)
    (tmp_path / "mini.xz").write_bytes(lzma.compress(mini.read_bytes(), check=lzma.CHECK_CRC32))
    stripped = tmp_path / "program"
    run("strip", program, "-o", stripped)
    assert answers(stripped, addresses) != expected
    run("objcopy", "--add-section", f".gnu_debugdata={tmp_path / 'mini.xz'}", stripped)
    outermost = {address: [chain[-1][0]] for address, chain in expected.items()}
    found = answers(stripped, addresses)
    assert {address: [chain[-1][0]] for address, chain in found.items()} == outermost


@pytest.mark.parametrize("mode", ["exe", "pie"])
def test_go_names_survive_strip(mode, answers, tmp_path):
    go = tool("go")
    (tmp_path / "main.go").write_text(
        'package main\n\nimport ("fmt"; "sort")\n\nfunc main() {\n'
        "\tx := []int{3, 1, 2}\n\tsort.Slice(x, func(a, b int) bool { return x[a] < x[b] })\n"
        "\tfmt.Println(x)\n}\n")
    environment = {**os.environ, "GOFLAGS": "-mod=mod", "GOCACHE": os.environ.get(
        "GOCACHE", os.path.expanduser("~/.cache/go-build"))}
    for name, flags in (("full", ""), ("stripped", "-s -w")):
        run(go, "build", f"-buildmode={mode}", f"-ldflags={flags}", "-o", name, "main.go",
            cwd=tmp_path, env=environment)
    listed = run("nm", "-S", tmp_path / "full").stdout
    symbols = (line.split(None, 3) for line in listed.splitlines())
    functions = {int(s[0], 16) + int(s[1], 16) // 2: s[3] for s in symbols
                 if len(s) == 4 and s[2] in "tT" and int(s[1], 16) > 8}
    found = answers(tmp_path / "stripped", sorted(functions))

    def plain_name(name):
        return re.sub(r"\[.*\]", "[...]", name).replace("·", ".").removesuffix(".abi0")

    different = [(name, found[address][-1][0]) for address, name in functions.items()
                 if plain_name(found[address][-1][0]) != plain_name(name)]
    assert len(functions) > 1000
    # The linker's own marks are no functions of Go's table.
    assert len(different) <= 3, different


def test_rust_split(answers, comparison, tmp_path):
    rustc = tool("rustc")
    (tmp_path / "main.rs").write_text(
        "fn weigh(v: &[u64]) -> u64 { v.iter().map(|x| x * 3).filter(|x| x % 2 == 0).sum() }\n"
        'fn main() { let v: Vec<u64> = (0..1000).collect(); println!("{}", weigh(&v)); }\n')
    found = {}
    for split in ("off", "unpacked", "packed"):
        done = subprocess.run([rustc, "-O", "-g", "-C", f"split-debuginfo={split}", "main.rs",
                               "-o", f"main-{split}"], cwd=tmp_path, capture_output=True, text=True)
        if done.returncode:
            pytest.skip(f"split-debuginfo={split}: {done.stderr.strip().splitlines()[0]}")
        program = tmp_path / f"main-{split}"
        symbols = [line.split() for line in run("nm", "-S", program).stdout.splitlines()]
        addresses = sorted(int(s[0], 16) + k for s in symbols if len(s) == 4 and s[2] in "tT"
                           and "main" in s[3] and "4main" in s[3]
                           for k in range(0, int(s[1], 16), 3))
        assert addresses
        found[split] = [[name for name, _ in chain]
                        for _, chain in sorted(answers(program, addresses).items())]

    def without_hash(chains):
        return [[re.sub(r"17h[0-9a-f]{16}E", "", name) for name in chain] for chain in chains]

    assert any(len(chain) > 2 for chain in found["off"])
    assert without_hash(found["unpacked"]) == without_hash(found["off"])
    assert without_hash(found["packed"]) == without_hash(found["off"])
