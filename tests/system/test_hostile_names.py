"""One program whose functions, threads, files and arguments have the worst names, through every
output, each read back by a parser that others wrote (or by the format's own rules)."""
import csv
import gzip
import io
import json
import os
import re
import subprocess
import unicodedata
import xml.etree.ElementTree

import pytest

from recordings import PROGRAM, workload

# Bytes, each for something that takes them for a command, markup, an end, or a formula.
NAMES = [
    b"\x1b[2J\x1b]0;owned\x07_terminal", b"\xc2\x9b31m_c1_control", b"</script><script>alert(1)//",
    b"a;b;c 12", b"line\nbreak\r\nname 7", b"\"quote'`$(id)`", b"\xff\xfe\xc0\x80_not_utf8",
    b"=cmd|' /C calc'!A0", b"+1+1_plus", b"-2+3_minus", b"@SUM(A1)_at",
    b"|pipe|`code`[l](javascript:1)<img src=x>", b"\xe2\x80\xae\xd7\x90_right_to_left",
    b"&amp;&lt;%00%n%s%2e", b"{\"json\":[", b"]]><!--", b"Robert'); DROP TABLE samples;--",
    b"\ttab\x0bvertical", b"x" * 65536,
]
FILE_NAME = "pro gram\n<b>;'\"\x1b[1m=1"
ARGUMENT = b"arg\x1b[31m</title>\n;\xff=1+1"

SOURCE_HEAD = """
#include <pthread.h>
#include <stdint.h>
#include <time.h>
static volatile uint64_t sink;
static uint64_t now(void) { struct timespec t; clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec; }
"""


def placeholder(index, name):
    """A C identifier as long as the name."""
    text = f"z{index:02}"
    return text + "_" * (len(name) - len(text))


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    """Functions with C names of the same lengths, which the symbol table then loses."""
    folder = tmp_path_factory.mktemp("hostile")
    source, path = folder / "program.c", folder / FILE_NAME
    text = SOURCE_HEAD
    for i, name in enumerate(NAMES):
        text += (f"__attribute__((noinline, noclone)) void {placeholder(i, name)}(void) {{\n"
                 f"	uint64_t end = now() + 12000000;\n"
                 f"	do {{ for (int i = 0; i < 20000; i++)"
                 f" sink += i * {i + 3}; }} while (now() < end);\n	sink++; }}\n")
    calls = "".join(f"	pthread_setname_np(pthread_self(), \"\\x1b[1m;<i>\\n='{i}\");\n"
                    f"	{placeholder(i, name)}();\n" for i, name in enumerate(NAMES))
    source.write_text(text + f"int main(void) {{\n{calls}	return 0; }}\n")
    subprocess.run(["gcc", "-O1", "-o", path, source], check=True)
    content = path.read_bytes()
    for i, name in enumerate(NAMES):
        wanted = placeholder(i, name).encode()
        assert content.count(b"\0" + wanted + b"\0") == 1
        content = content.replace(b"\0" + wanted + b"\0", b"\0" + name + b"\0")
    path.write_bytes(content)
    return path


@pytest.fixture(scope="module")
def outputs(program, tmp_path_factory):
    """Every deliverable, every export, and what was said on the terminal."""
    folder = tmp_path_factory.mktemp("outputs")
    formats = subprocess.run([PROGRAM, "export", "--list"], capture_output=True, text=True,
                             check=True).stdout.split("\n")
    # The last two are deliverables anyway.
    formats = [line.split()[0] for line in formats
               if line.strip() and line.split()[0] not in ("summary", "analysis")]
    options = [word for name in formats for word in ("--export", name)]
    done = subprocess.run([PROGRAM, "-o", folder / "out", *options, "--", program, ARGUMENT],
                          capture_output=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    files = {name: (folder / "out" / name).read_bytes() for name in os.listdir(folder / "out")}
    files["terminal"] = done.stderr
    again = subprocess.run([PROGRAM, "report", "-i", folder / "out/perf.data"], check=True,
                           capture_output=True, timeout=120)
    files["report of perf.data"] = again.stdout
    files["folded again"] = subprocess.run(
        [PROGRAM, "collapse", folder / "out/perf-script.txt"], check=True, capture_output=True,
        timeout=120).stdout
    return files


BINARY = {"perf.data"}


def text_of(content):
    if content[:2] == b"\x1f\x8b":
        content = gzip.decompress(content)
    return content.decode("utf-8", "strict")


def is_protobuf(name):
    return "pb" in name.split(".") or "pprof" in name


def test_all_text_is_utf8_without_controls(outputs):
    for name, content in outputs.items():
        if name in BINARY or is_protobuf(name):
            continue
        for character in set(text_of(content)):
            assert character in "\n\t" or unicodedata.category(character) not in ("Cc", "Cs"), (
                name, hex(ord(character)))
            assert character not in "\u202e\u2028\u2029", (name, hex(ord(character)))


def test_nothing_is_lost(outputs):
    """What is harmless of each name is there, in the text formats that show every function."""
    for name in ("perf-collapsed.txt", "perf-report.txt", "perf-script.txt"):
        text = text_of(outputs[name])
        for part in ("owned", "c1_control", "alert(1)", "_plus", "_minus", "_at", "not_utf8",
                     "right_to_left", "DROP TABLE", "x" * 1000):
            assert part in text, (name, part[:20])


def test_xml(outputs, tmp_path):
    plain = subprocess.run([PROGRAM, "flamegraph", "-"], input="a;b 1\n", text=True,
                           capture_output=True, check=True).stdout
    for name, content in outputs.items():
        if not name.endswith(".svg"):
            continue
        root = xml.etree.ElementTree.fromstring(content)
        harmless = xml.etree.ElementTree.fromstring(plain)
        for tag in ("script", "style", "image", "foreignObject", "img"):
            count = [sum(element.tag.endswith(tag) for element in tree.iter())
                     for tree in (root, harmless)]
            assert count[0] == count[1], (name, tag)
        for element in root.iter():
            for key, value in element.attrib.items():
                assert not key.lower().startswith("on") or "alert" not in value
                assert not value.strip().lower().startswith("javascript:"), (name, key)


def test_json(outputs):
    seen = 0
    for name, content in outputs.items():
        if not name.endswith((".json", ".json.gz")):
            continue
        text = text_of(content)
        json.loads(text)
        assert "</script" not in text.lower(), name
        seen += 1
    assert seen >= 4


@pytest.mark.parametrize("name", ["perf-collapsed.txt", "folded again"])
def test_folded(outputs, name):
    n_samples = 0
    for line in text_of(outputs[name]).splitlines():
        assert re.fullmatch(r"[^\r\n]*[^;\r\n] \d+", line), line[:80]
        n_samples += int(line.rpartition(" ")[2])
    assert n_samples > 0
    # A name with ';' and a number in it is one frame of one line.
    assert any("a:b:c 12" in line.rpartition(" ")[0].split(";")[-1]
               for line in text_of(outputs[name]).splitlines())


def test_csv(outputs):
    name, = [name for name in outputs if name.endswith(".csv")]
    rows = list(csv.reader(io.StringIO(text_of(outputs[name])), strict=True))
    assert len(rows) > len(NAMES)
    for row in rows:
        assert len(row) == len(rows[0])
        for cell in row:
            is_number = re.fullmatch(r"-?[\d.]+", cell)
            is_formula = cell.lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r"))
            assert is_number or not is_formula, cell
    functions = {row[0] for row in rows}
    assert any(function.startswith("'=cmd") for function in functions)
    assert any(len(function) >= 60000 for function in functions)


def test_markdown(outputs):
    name, = [name for name in outputs if name.endswith(".md")]
    text = text_of(outputs[name])
    tables = [line for line in text.splitlines() if line.startswith("|")]
    cells = {len(re.findall(r"(?<!\\)\|", line)) for line in tables}
    assert len(cells) <= 2, cells
    outside_code = re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)", "", text)
    assert "<img" not in outside_code and "<script" not in outside_code
    assert "](javascript:" not in outside_code


def read_varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def test_pprof(outputs):
    """profile.proto: field 6 is the string table, which must be UTF-8; the first is empty."""
    name, = [name for name in outputs if is_protobuf(name)]
    data, at, strings = gzip.decompress(outputs[name]), 0, []
    while at < len(data):
        key, at = read_varint(data, at)
        if key & 7 == 0:
            _, at = read_varint(data, at)
            continue
        assert key & 7 == 2
        size, at = read_varint(data, at)
        if key >> 3 == 6:
            strings.append(data[at:at + size].decode("utf-8", "strict"))
        at += size
    assert strings[0] == "" and at == len(data)
    assert any("not_utf8" in text for text in strings)
    assert not any(unicodedata.category(character) == "Cc" for text in strings
                   for character in text)


def test_events_of_other_readers(outputs, tmp_path):
    """perf itself reads the recording, names and all."""
    (tmp_path / "perf.data").write_bytes(outputs["perf.data"])
    done = subprocess.run(["perf", "script", "-f", "-i", tmp_path / "perf.data"],
                          capture_output=True, check=False)
    if b"not found" in done.stderr or done.returncode == 127:
        pytest.skip("no perf here")
    assert done.returncode == 0, done.stderr[-300:]
    assert done.stdout.count(b"\n") > 100


def test_names_given_on_the_command_line(tmp_path):
    """Titles, event names and files with hostile names in messages."""
    hostile = "\x1b[2J</title>\n;'\""
    folded = tmp_path / "in.folded"
    folded.write_text("a;b 1\n")
    done = subprocess.run([PROGRAM, "flamegraph", "--title", hostile, folded], capture_output=True,
                          text=True, check=True)
    xml.etree.ElementTree.fromstring(done.stdout)
    assert "\x1b" not in done.stdout
    for arguments in (["report", "-i", hostile], ["--no-such-" + hostile], [hostile],
                      ["-o", hostile + "/x", "true"], ["-e", hostile, "true"]):
        done = subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, check=False)
        assert done.returncode in (125, 126, 127), arguments
        assert "\x1b" not in done.stderr and done.stderr
