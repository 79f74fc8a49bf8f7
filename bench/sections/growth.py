"""
What ten times as much costs: exponents of time at the end, of CPU time a sample and of memory. An
exponent of 0 is independent, of 1 proportional. And a long run: samples of an hour, memory that
must not follow them.
"""
import math
import subprocess

from context import row
from measure import SCRATCH, WORKLOADS, job, median, n_lost, n_samples
from workloads import written

NAME = "growth"

SHORT_S = 2
LIBRARIES = (20, 200)
STACKS = (2000, 20000)
# Beyond it, where an interrupt takes 20 us, the program hardly gets on any more.
LONG_RUN_HZ = "20000"

LIBRARY = """
volatile unsigned sink{i};
__attribute__((noinline)) void work{i}(unsigned n) {{
    for (unsigned k = 0; k < n; k++) sink{i} += k;
}}
"""

LIBRARIES_MAIN = """
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
int main(int argc, char **argv)
{
	int n = atoi(argv[1]);
	void (**work)(unsigned) = calloc(n, sizeof(*work));
	char text[4096];
	for (int i = 0; i < n; i++) {
		snprintf(text, sizeof(text), "%s/library%d.so", argv[2], i);
		void *library = dlopen(text, RTLD_NOW);
		snprintf(text, sizeof(text), "work%d", i);
		work[i] = library ? (void (*)(unsigned))dlsym(library, text) : NULL;
		if (!work[i])
			return fprintf(stderr, "%s\\n", dlerror()), 1;
	}
	for (int round = 0; round < atoi(argv[3]) * 30; round++)
		work[round * 7 % n](1000000);
	return 0;
}
"""

STACKS_MAIN = """
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
static volatile uint64_t sink;
static void walk(uint64_t path, unsigned depth);
#define STEP(i) __attribute__((noinline)) static void step##i(uint64_t path, unsigned depth) \\
{ walk(path, depth); sink += i; }
STEP(0) STEP(1) STEP(2) STEP(3) STEP(4) STEP(5) STEP(6) STEP(7)
__attribute__((noinline)) static void walk(uint64_t path, unsigned depth)
{
	static void (*const steps[8])(uint64_t, unsigned) = { step0, step1, step2, step3,
							      step4, step5, step6, step7 };
	if (depth)
		steps[path & 7](path >> 3, depth - 1);
	else
		for (unsigned i = 0; i < 20000; i++)
			sink += i;
	sink++;
}
int main(int argc, char **argv)
{
	uint64_t n_stacks = strtoull(argv[1], NULL, 10), state = 1;
	for (int i = 0; i < atoi(argv[2]) * 16000; i++) {
		state = state * 6364136223846793005u + 1442695040888963407u;
		walk((state >> 33) % n_stacks * 0x9e3779b97f4a7c15u, 12);
	}
	return 0;
}
"""


def compiled(name, source, *flags):
    program = SCRATCH / "programs" / name
    path = written(f"{name}.c", source)
    subprocess.run(["gcc", "-O2", "-g", "-fno-optimize-sibling-calls", *flags, "-o", program, path],
                   check=True)
    return program


def libraries_folder(n):
    folder = SCRATCH / "programs" / "libraries"
    folder.mkdir(parents=True, exist_ok=True)
    for i in range(n):
        if not (folder / f"library{i}.so").exists():
            source = folder / f"library{i}.c"
            source.write_text(LIBRARY.format(i=i))
            subprocess.run(["gcc", "-O1", "-g", "-shared", "-fPIC", "-o",
                            folder / f"library{i}.so", source], check=True)
    return folder


def exponent(small, large, factor=10):
    return math.log(max(large, 1e-9) / max(small, 1e-9)) / math.log(factor)


def unwind_us(run):
    """Of unwinding, a sample: what runs beside the program."""
    return 1000 * run["stages"]["unwinding in it"] / max(n_samples(run), 1)


def growth_rows(name, context, small, large):
    """small and large: functions that do one run of the main job."""
    runs = {"small": [], "large": []}
    small(), large()
    for _ in range(context.runs):
        runs["small"].append(small())
        runs["large"].append(large())
    for run in runs["small"] + runs["large"]:
        run["unwind_us"] = unwind_us(run)
    for key, what, unit in (("finish_ms", "end to last deliverable", "ms"),
                            ("unwind_us", "unwinding, a sample", "us"),
                            ("memory_mib", "peak memory", "MiB")):
        low, high = median(runs["small"], key), median(runs["large"], key)
        yield row(name, what, f"{low:.3g} -> {high:.3g} {unit}",
                  ratio=f"exponent {exponent(low, high):.2f}")


def long_run(context):
    """Many samples, and a tenth of them."""
    ms = int(context.seconds * 12000)
    command = [WORKLOADS / "fixed-work"]
    short = job([*command, ms // 10, 2], "-F", LONG_RUN_HZ, "--script-limit", "0")
    long = job([*command, ms, 2], "-F", LONG_RUN_HZ, "--script-limit", "0", folder_name="long-job")
    yield row("long run", "samples, lost", f"{n_samples(short)} -> {n_samples(long)}, "
              f"{n_lost(short)} -> {n_lost(long)} lost")
    yield row("long run", "peak memory",
              f"{short['memory_mib']:.0f} -> {long['memory_mib']:.0f} MiB",
              ratio=f"exponent {exponent(short['memory_mib'], long['memory_mib']):.2f}")
    yield row("long run", "end to last deliverable",
              f"{short['finish_ms']:.0f} -> {long['finish_ms']:.0f} ms")
    yield row("long run", "an hour at 997 Hz on two CPUs", "7,178,400 samples",
              ratio=f"this run: {n_samples(long) / 7178400:.2f} of it")


def measure(context):
    fixed = WORKLOADS / "fixed-work"
    ms = int(min(context.seconds, SHORT_S) * 1000)
    yield from growth_rows("10 x samples", context, lambda: job([fixed, ms], "-F", "997"),
                           lambda: job([fixed, ms], "-F", "9970"))
    yield from growth_rows("10 x threads", context, lambda: job([fixed, ms, 10]),
                           lambda: job([fixed, ms, 100]))
    main = compiled("load-libraries", LIBRARIES_MAIN, "-ldl")
    folder = libraries_folder(LIBRARIES[1])
    yield from growth_rows("10 x libraries", context,
                           lambda: job([main, LIBRARIES[0], folder, ms // 1000]),
                           lambda: job([main, LIBRARIES[1], folder, ms // 1000]))
    main = compiled("distinct-stacks", STACKS_MAIN)
    yield from growth_rows("10 x stacks", context,
                           lambda: job([main, STACKS[0], ms // 1000], "-F", "19999"),
                           lambda: job([main, STACKS[1], ms // 1000], "-F", "19999"))
    yield from long_run(context)
