"""The programs the benchmarks profile: real ones if installed, and made ones of known stacks.

PROGRAMS maps a name to a function of the seconds it should take, which gives the command, or None
where it is not installed. Sources and inputs are made once, in the scratch folder, and are always
the same.
"""
import random
import shutil
import subprocess
from pathlib import Path

import measure
from measure import ROOT, SCRATCH

FOLDER = SCRATCH / "programs"

PYTHON_CODE = """
import json
def visit(depth, text):
    return visit(depth - 1, text) + 1 if depth else len(json.dumps(json.loads(text)))
print(sum(visit(i % 40, '{"a": [1, 2, 3], "b": {"c": "d"}}') for i in range(ROUNDS)))
"""

NODE_CODE = """
function visit(n) { return n < 2 ? 1 : visit(n - 1) + visit(n - 2); }
let total = 0;
for (let i = 0; i < ROUNDS; i++) {
  total += visit(24) + JSON.parse(JSON.stringify({ a: [i, 2, 3], b: 'c' })).a.length;
  total += [3, 1, 2, i].sort((a, b) => a - b).map(x => x * 2).reduce((a, b) => a + b);
}
console.log(total);
"""

GO_CODE = """package main

import (
	"encoding/json"
	"fmt"
	"sort"
	"strings"
	"sync"
)

type node struct {
	Name     string
	Children []node
}

func grow(depth int) node {
	made := node{Name: strings.Repeat("x", depth)}
	for i := 0; i < 3 && depth > 0; i++ {
		made.Children = append(made.Children, grow(depth-1))
	}
	return made
}

func work(rounds int) int {
	total := 0
	for i := 0; i < rounds; i++ {
		text, _ := json.Marshal(grow(5))
		var back node
		json.Unmarshal(text, &back)
		words := strings.Split(string(text), ",")
		sort.Strings(words)
		total += len(words) + len(back.Children)
	}
	return total
}

func main() {
	var group sync.WaitGroup
	for i := 0; i < 2; i++ {
		group.Add(1)
		go func() { fmt.Println(work(ROUNDS)); group.Done() }()
	}
	group.Wait()
}
"""


RUST_THREADS = """
use std::hint::black_box;
use std::thread;

#[inline(never)]
fn crunch_numbers(rounds: u64) -> u64 {
    (0..rounds * 1_000_000).fold(1, |sum: u64, i| {
        black_box(sum.wrapping_mul(6364136223846793005).wrapping_add(i))
    })
}

#[inline(never)]
fn count_words(rounds: u64) -> u64 {
    let mut counts = std::collections::HashMap::new();
    for i in 0..rounds * 9_000 {
        *counts.entry(format!("word {}", i % 5000)).or_insert(0u64) += i;
    }
    counts.values().sum()
}

fn main() {
    let rounds: u64 = std::env::args().nth(1).unwrap().parse().unwrap();
    let other = thread::spawn(move || crunch_numbers(rounds));
    println!("{}", count_words(rounds).wrapping_add(other.join().unwrap()));
}
"""


def generated_c(n_functions):
    """A C file with much for an optimiser to do."""
    lines = ["struct s { int a[8]; double d; struct s *next; };"]
    for i in range(n_functions):
        lines.append(
            f"int f{i}(struct s *p, int n) {{ int t = {i}; for (int i = 0; i < n; i++) {{ "
            f"switch ((i + t) % 7) {{ case 0: t += p->a[i & 7] * {i + 3}; break; case 1: t ^= i; "
            f"case 2: p->d += t / 3.0; break; case 3: if (p->next) p = p->next; break; "
            f"default: t -= p->a[(i + {i}) & 7]; }} }} return t"
            + (f" + f{i - 1}(p, n / 2)" if i else "") + "; }")
    return "\n".join(lines) + "\n"


def generated_cxx(n_classes):
    lines = ["#include <map>", "#include <string>", "#include <vector>", "#include <functional>",
             "#include <algorithm>", "#include <regex>",
             "template <int N> struct deep { static int of(int x) { return deep<N - 1>::of(x + N)"
             " ^ N; } };", "template <> struct deep<0> { static int of(int x) { return x; } };"]
    for i in range(n_classes):
        lines.append(
            f"struct c{i} {{ std::map<std::string, std::vector<int>> m; int go(int n) {{ "
            f"for (int i = 0; i < n; i++) m[std::to_string(i)].push_back(deep<{20 + i}>::of(i)); "
            f"std::function<int(int)> f = [this](int x) {{ return int(m.size()) + x; }}; "
            f"int t = 0; for (auto &e : m) {{ std::sort(e.second.begin(), e.second.end()); "
            f"t += f(e.second.size()); }} return t; }} }};")
    lines.append("int all(int n) { return " + " + ".join(
        f"c{i}().go(n)" for i in range(n_classes)) + "; }")
    return "\n".join(lines) + "\n"


def generated_rust(n_types):
    lines = ["use std::collections::BTreeMap;"]
    for i in range(n_types):
        lines.append(
            f"#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)] pub struct T{i} {{ "
            f"pub a: Vec<u{8 << i % 4}>, pub b: Option<String>, pub c: BTreeMap<u32, String> }}\n"
            f"pub fn f{i}(t: &T{i}) -> String {{ let mut v: Vec<_> = t.a.iter().map(|x| x.clone()"
            f" as u64 + {i}).filter(|x| x % 3 != 0).collect(); v.sort(); format!(\"{{:?}} {{:?}} "
            f"{{}}\", t, v, t.c.values().cloned().collect::<Vec<_>>().join(\",\")) }}")
    return "\n".join(lines) + "\n"


def large_folded(is_sorted):
    """200 MB of 2,000,000 distinct folded stacks, sorted as collapsers write them or shuffled."""
    path = FOLDER / f"large-{'sorted' if is_sorted else 'shuffled'}.folded"
    if path.exists():
        return path
    source = random.Random(7)
    words = ("alloc free read write parse hash list tree node page buf lock queue map set get put "
             "push find copy init step sort scan emit load eval visit walk flush").split()
    functions = [f"{'_'.join(source.choices(words, k=source.choice((1, 2, 2, 3))))}{i}"
                 for i in range(8000)]
    stacks, spine = set(), []
    while len(stacks) < 2_000_000:
        del spine[source.randrange(max(len(spine) - 4, 0), len(spine) + 1):]
        if source.random() < 0.01:
            del spine[2:]
        while len(spine) < 12 and (len(spine) < 3 or source.random() < 0.78):
            spine.append(functions[int(source.paretovariate(0.6)) % len(functions)])
        stacks.add(";".join(["server", "main", *spine]))
    lines = [f"{stack} {len(stack) % 9 + 1}\n" for stack in sorted(stacks)]
    if not is_sorted:
        source.shuffle(lines)
    FOLDER.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(lines))
    return path


def written(name, text):
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / name
    if not path.exists() or path.read_text() != text:
        path.write_text(text)
    return path


def sqlite3(seconds):
    done = subprocess.run([ROOT / "bench/build-sqlite3"], capture_output=True, text=True,
                          check=False)
    program = done.stdout.strip() if done.returncode == 0 else shutil.which("sqlite3")
    return program and [program, ":memory:",
                        "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x+1 FROM c WHERE "
                        f"x<{int(seconds * 1.2e6)}) SELECT count(*), sum(x*x%7) FROM c;"]


def xz(seconds):
    input_file = written("xz-input", generated_c(int(seconds * 4000)))
    return installed("xz", "-9", "-T2", "-k", "-c", input_file)


def installed(name, *arguments):
    path = shutil.which(name)
    return path and [path, *arguments]


def python3(seconds):
    if not shutil.which("python3"):
        return None
    # Where python3 is a wrapper script, the interpreter behind it.
    path = subprocess.run(["python3", "-c", "import sys; print(sys.executable)"],
                          capture_output=True, text=True, check=True).stdout.strip()
    return [path, "-c", PYTHON_CODE.replace("ROUNDS", str(int(seconds * 9e4)))]


def rustc(seconds):
    path = shutil.which("rustc")
    if not path:
        return None
    root = subprocess.run([path, "--print", "sysroot"], capture_output=True, text=True,
                          check=True).stdout.strip()
    # rustup's rustc is another program, which only starts the right one.
    return [Path(root) / "bin/rustc", "-O", "--crate-type=lib", "--crate-name=generated",
            "--out-dir", FOLDER, written("generated.rs", generated_rust(int(seconds * 30)))]


def go(seconds, *flags):
    path = shutil.which("go") or (Path("/usr/local/go/bin/go").exists() and
                                  "/usr/local/go/bin/go")
    if not path:
        return None
    source = written("work.go", GO_CODE.replace("ROUNDS", str(int(seconds * 700))))
    program = FOLDER / ("go-program" + "".join(flags))
    subprocess.run([path, "build", "-o", program, *flags, source], check=True)
    return [program]


def rust_threads(seconds):
    if not shutil.which("rustc"):
        return None
    source, program = written("threads.rs", RUST_THREADS), FOLDER / "rust-threads"
    if not program.exists():
        subprocess.run(["rustc", "-O", "-g", "-o", program, source], check=True)
    return [program, int(seconds * 600)]


def processes(n):
    return ["sh", "-c", f"i=0; while [ $i -lt {n} ]; do /bin/true; i=$((i + 1)); done"]


def workload(name, seconds, *arguments):
    """One of tests/workloads, for a time."""
    path = measure.WORKLOADS / name
    return path.exists() and [path, int(seconds * 1000), *arguments]


PROGRAMS = {
    "sqlite3": sqlite3,
    "xz -9 -T2": xz,
    "python3": python3,
    "node": lambda s: installed("node", "-e", NODE_CODE.replace("ROUNDS", str(int(s * 1500)))),
    "gcc -O2 (cc1)": lambda s: installed("gcc", "-O2", "-c", "-o", FOLDER / "c.o", written(
        "large.c", generated_c(int(s * 300)))),
    "g++ -O2 (cc1plus)": lambda s: installed("g++", "-O2", "-c", "-o", FOLDER / "cc.o", written(
        "large.cc", generated_cxx(int(s * 6)))),
    "clang++-14 -O2": lambda s: installed("clang++-14", "-O2", "-c", "-o", FOLDER / "clang.o",
                                          written("large.cc", generated_cxx(int(s * 6)))),
    "rustc -O": rustc,
    "go": go,
    "go, stripped": lambda s: go(s, "-ldflags=-s -w"),
    "openssl speed rsa": lambda s: installed("openssl", "speed", "-seconds", str(max(int(s / 2),
                                                                                    1)), "rsa2048"),
    "C++ exceptions, templates": lambda s: workload("templates", s),
    "Rust, two threads": lambda s: workload("two_threads", s),
    "threads": lambda s: workload("threads", s),
    "signal handlers": lambda s: workload("signals", s),
    "recursion, 200 frames": lambda s: workload("recursion", s, 200),
    "recursion, 10,000 frames": lambda s: workload("recursion", s, 10000),
    "alternating deep callers": lambda s: workload("deep-callers", s),
    "alternating under 540 KiB": lambda s: workload("huge-frames", s),
    "alloca, realigned frames": lambda s: workload("odd-frames", s),
    "untouched pages": lambda s: workload("untouched", s),
    "dlopen, dlclose": lambda s: workload("loader", s, measure.WORKLOADS / "plugin.so"),
    "forks": lambda s: workload("forks", s),
    "fork storm": lambda s: workload("vforks", s, "fork"),
    "fork and exec storm": lambda s: workload("vforks", s, "exec"),
    "vfork storm": lambda s: workload("vforks", s, "vfork"),
    "static-pie": lambda s: workload("split-static", s),
    "musl, static": lambda s: workload("split-musl", s),
    "stripped": lambda s: workload("split-stripped", s),
}

# The same work however long it takes, so that what a profiler costs can be seen in it.
FIXED_PROGRAMS = {
    "sqlite3": sqlite3,
    "Rust, two threads": rust_threads,
    "cc1plus": PROGRAMS["g++ -O2 (cc1plus)"],
    "rustc": rustc,
    "python3": python3,
    "xz -T2": xz,
    "short, 50 ms": lambda s: workload("fixed-work", 0.05),
    "64 threads": lambda s: workload("fixed-work", 2 * s, 64),
    "500 processes": lambda s: processes(500),
    "recursion, 2,000 frames": lambda s: workload("fixed-work", s, 1, 2000),
}
