"""Call chains of a recording as perf script and as perf-profile script print them, side by side."""
import collections
import re
import subprocess

from recordings import PROGRAM

FRAME = re.compile(r"^\s+([0-9a-f]+) (.*?)(?:\+0x[0-9a-f]+)? \((.*)\)$")

# perf prints offsets into files, we addresses of ELF files: equal in the last 12 bits. It lowers
# the address of a signal's trampoline by one, which was not called.
PAGE_MASK = 0xfff

Frame = collections.namedtuple("Frame", "address name file")


def parse(text):
    """[(time, [Frame])], innermost first."""
    samples = []
    for block in text.split("\n\n"):
        lines = [line for line in block.split("\n") if line.strip()]
        if not lines:
            continue
        frames = [FRAME.match(line) for line in lines[1:]]
        assert all(frames), block
        samples.append((re.search(r"(\d+\.\d+):", lines[0])[1],
                        [Frame(int(frame[1], 16), frame[2], frame[3]) for frame in frames]))
    return samples


def chains_of_perf(recording):
    return parse(subprocess.run(
        ["perf", "script", "--no-inline", "-i", recording, "--max-stack", "10000", "-F",
         "comm,tid,time,ip,sym,dso"], capture_output=True, text=True, check=True).stdout)


def chains_of_ours(recording, *options):
    return parse(subprocess.run(
        [PROGRAM, "script", "--no-inline", "-i", recording, *options], capture_output=True,
        text=True, check=True).stdout)


def is_same(theirs, ours):
    return (ours.address - theirs.address) & PAGE_MASK in (0, 1)


def is_part(theirs, ours):
    """Whether theirs are ours with some left out."""
    rest = iter(ours)
    return all(any(is_same(frame, candidate) for candidate in rest) for frame in theirs)


def verdict(theirs, ours):
    n_same = 0
    while n_same < min(len(theirs), len(ours)) and is_same(theirs[n_same], ours[n_same]):
        n_same += 1
    if n_same == len(theirs) == len(ours):
        return "same"
    if n_same == len(theirs):
        return "perf stops earlier"
    if n_same == len(ours):
        rest = theirs[n_same:]
        # It reads what was not copied as if it were the file's.
        return ("perf goes on in no function" if all(f.name == "[unknown]" for f in rest)
                else "perf goes on")
    return "perf leaves frames out" if is_part(theirs, ours) else "different"


# What may be; "perf goes on" and "different" may not.
EXPLAINED = ("same", "perf stops earlier", "perf goes on in no function", "perf leaves frames out")


def compare(recording):
    """How often each verdict was passed, and the first pair of each."""
    counts = collections.Counter()
    examples = {}
    theirs, ours = chains_of_perf(recording), chains_of_ours(recording)
    assert [time for time, _ in theirs] == [time for time, _ in ours]
    for (time, their_chain), (_, our_chain) in zip(theirs, ours):
        found = verdict(their_chain, our_chain)
        counts[found] += 1
        examples.setdefault(found, (time, their_chain, our_chain))
    return counts, examples


def record_by_perf(path, program, *arguments, copy_bytes=32768):
    subprocess.run(["perf", "record", "-q", "-F", "2999", "--call-graph", f"dwarf,{copy_bytes}",
                    "-o", path, "--", program, *map(str, arguments)], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
