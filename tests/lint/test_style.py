"""Lines, names and folders. Lengths of functions and files are only reported: tools/check."""
import re

from sources import ROOT, TEXT_SUFFIXES, files_with_suffix, is_script, read, tracked_files

COLUMNS_MAX = 100


def text_files():
    # Expected outputs of golden tests are what the program prints, whatever that looks like.
    return [path for path in tracked_files()
            if (path.suffix in TEXT_SUFFIXES or is_script(path))
            and not str(path).startswith("tests/golden/cases/")]


def test_lines_fit():
    wrong = [f"{path}:{number}" for path in files_with_suffix(".c", ".h", ".cc", ".py", ".js")
             for number, line in enumerate(read(path).splitlines(), 1)
             if len(line.expandtabs(4 if path.suffix == ".js" else 8)) > COLUMNS_MAX]
    assert not wrong, "\n" + "\n".join(wrong)


def test_no_trailing_blanks():
    wrong = [f"{path}:{number}" for path in text_files()
             for number, line in enumerate(read(path).split("\n"), 1)
             if line != line.rstrip()]
    assert not wrong, "\n" + "\n".join(wrong)


def test_files_end_in_one_newline():
    wrong = [str(path) for path in text_files()
             if read(path) and (not read(path).endswith("\n") or read(path).endswith("\n\n"))]
    assert not wrong, "\n" + "\n".join(wrong)


def test_c_is_indented_with_tabs():
    wrong = [f"{path}:{number}" for path in files_with_suffix(".c", ".h", under="src/")
             for number, line in enumerate(read(path).splitlines(), 1)
             if re.match(r" {2,}[^ *\\]", line)]
    assert not wrong, "\n" + "\n".join(wrong)


def test_every_source_folder_explains_itself():
    wrong = [path.name for path in (ROOT / "src").iterdir()
             if path.is_dir() and not (path / "README.md").is_file()]
    assert not wrong, "\n" + "\n".join(wrong)


def test_no_drawers():
    # Where everything fits, nothing can be found.
    wrong = [str(path) for path in tracked_files()
             if re.search(r"(^|[_/.])(utils?|common|misc|helpers?)([_/.]|$)", str(path))]
    assert not wrong, "\n" + "\n".join(wrong)


def test_c_files_are_built():
    """A source file that no meson.build names is not tested by anything."""
    wrong = []
    for path in files_with_suffix(".c", under="src/"):
        folder = "/".join(path.parts[:2])
        builds = "".join(read(build) for build in files_with_suffix(".build", under=folder))
        if path.name not in builds:
            wrong.append(str(path))
    assert not wrong, "\n" + "\n".join(wrong)


def test_unit_tests_are_built():
    wrong = []
    for path in files_with_suffix(".c", under="tests/unit/"):
        name = path.stem.removeprefix("test_")
        build = path.parent / "meson.build"
        if path.name.startswith("test_") and f"'{name}'" not in read(build):
            wrong.append(str(path))
    assert not wrong, "\n" + "\n".join(wrong)
