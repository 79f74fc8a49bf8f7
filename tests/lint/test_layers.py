"""A folder includes only the folders below it: docs/ARCHITECTURE.md."""
import re

import pytest

from sources import ROOT, files_with_suffix, read

# What each folder of src/ may include, besides itself.
LAYERS = {
    "base": "",
    "cache": "base",
    "arch": "base",
    "record": "base",
    "perfdata": "base record object",
    "object": "base arch",
    "process": "base record object",
    "schedule": "base record",
    "unwind": "base cache arch object process",
    "runtime": "base object process",
    "symbols": "base cache object process runtime",
    "profile": "base",
    "input": "base profile",
    "capture": "base arch record",
    "analyze": "base cache arch record object process schedule unwind runtime symbols "
               "profile",
    "explain": "base profile",
    "compare": "base capture profile",
    "history": "base compare",
    "output": "base profile",
    "check": "base arch capture object",
    "build": "base",
    "revision": "base build",
    "cli": "base cache arch record perfdata object process schedule unwind runtime symbols profile "
           "input capture analyze explain compare output check build revision history",
}

INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)


def includes():
    """(file, folder of the file, what it includes) for every include with quotes in src/."""
    for path in files_with_suffix(".c", ".h", under="src/"):
        for name in INCLUDE.findall(read(path)):
            yield path, path.parts[1], name


def test_every_folder_has_a_layer():
    assert {path.name for path in (ROOT / "src").iterdir() if path.is_dir()} == set(LAYERS)


def test_folders_include_only_lower_ones():
    wrong = [f"{path}: {name}" for path, folder, name in includes()
             if name.split("/")[0] not in {folder, *LAYERS[folder].split()}]
    assert not wrong, "\n" + "\n".join(wrong)


def test_perfdata_takes_no_code_from_object():
    # Build ids travel in perf.data; that is all perfdata/ may know of ELF files.
    wrong = [f"{path}: {name}" for path, folder, name in includes()
             if folder == "perfdata" and name.startswith("object/") and name != "object/object.h"]
    assert not wrong, "\n" + "\n".join(wrong)


def test_includes_name_their_folder():
    wrong = [f"{path}: {name}" for path, _, name in includes()
             if not (ROOT / "src" / name).is_file()]
    assert not wrong, "\n" + "\n".join(wrong)


def test_internal_headers_stay_in_their_folder():
    wrong = [f"{path}: {name}" for path, folder, name in includes()
             if name.endswith("_internal.h") and name.split("/")[0] != folder]
    assert not wrong, "\n" + "\n".join(wrong)


def test_own_header_comes_first():
    wrong = []
    for path in files_with_suffix(".c", under="src/"):
        header = path.with_suffix(".h")
        names = INCLUDE.findall(read(path))
        own = str(header.relative_to("src"))
        # The internal header of a folder includes the one it completes.
        firsts = {own, own.replace(".h", "_internal.h")}
        if (ROOT / header).is_file() and names and names[0] not in firsts:
            wrong.append(f"{path} does not begin with {own}")
    assert not wrong, "\n" + "\n".join(wrong)


@pytest.mark.parametrize("folder", ["profile", "output"])
def test_profiles_know_nothing_of_linux(folder):
    # So that every format can be tested from a profile made by hand.
    wrong = [str(path) for path in files_with_suffix(".c", ".h", under=f"src/{folder}/")
             if re.search(r"#\s*include\s+<(linux/|sys/(ptrace|wait|syscall))", read(path))]
    assert not wrong, "\n" + "\n".join(wrong)
