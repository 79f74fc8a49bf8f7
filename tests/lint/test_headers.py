"""Every header compiles alone, with both compilers, and cannot be included twice."""
import re
import shutil
import subprocess

import pytest

from sources import ROOT, files_with_suffix, read

HEADERS = files_with_suffix(".h", under="src/")
FLAGS = ["-std=gnu17", "-D_GNU_SOURCE", "-D_FILE_OFFSET_BITS=64", "-Isrc", "-Wall", "-Wextra",
         "-Wno-unused-parameter", "-Werror", "-fsyntax-only", "-x", "c"]



def first_included(source):
    """What a source includes first has been compiled with nothing before it by every build."""
    found = re.search(r'^#include [<"](.*?)[>"]', read(source), re.MULTILINE)
    return found and f"src/{found[1]}"


COMPILED_FIRST = {first_included(source) for source in files_with_suffix(".c", under="src/")}


def compilers():
    return [found for found in (shutil.which("gcc"),
                                shutil.which("clang-14") or shutil.which("clang")) if found]


def test_both_compilers_are_there():
    assert len(compilers()) == 2


@pytest.mark.parametrize(
    "header", [header for header in HEADERS if str(header) not in COMPILED_FIRST], ids=str)
def test_header_compiles_alone(header):
    # Included, not compiled itself: "#pragma once in main file" is a warning.
    text = f'#include "{header.relative_to("src")}"\n'
    for compiler in compilers():
        done = subprocess.run([compiler, *FLAGS, "-"], input=text, cwd=ROOT, capture_output=True,
                              text=True)
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("header", HEADERS, ids=str)
def test_header_begins_with_pragma_once(header):
    assert read(header).startswith("#pragma once\n")
