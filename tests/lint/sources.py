"""The files the lint tests look at."""
import functools
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent

TEXT_SUFFIXES = {".c", ".h", ".cc", ".rs", ".py", ".js", ".md", ".build", ".txt", ".css"}


@functools.cache
def tracked_files():
    """Every file under version control or about to be, as paths from the top folder."""
    output = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                            cwd=ROOT, capture_output=True, check=True).stdout.decode()
    return sorted(Path(name) for name in output.split("\0") if name and (ROOT / name).is_file())


def files_with_suffix(*suffixes, under=""):
    return [path for path in tracked_files()
            if path.suffix in suffixes and str(path).startswith(under)]


def is_script(path):
    """A file with a #! line and no suffix."""
    if path.suffix:
        return False
    with open(ROOT / path, "rb") as file:
        return file.read(2) == b"#!"


def read(path):
    return (ROOT / path).read_text(encoding="utf-8")


COMMENTS_AND_STRINGS = re.compile(
    r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.DOTALL)


def code_of(path):
    """The text without comments and the insides of strings; line numbers stay."""
    def blank(match):
        text = match.group(0)
        return "\n" * text.count("\n") if text.startswith("/") else '""'
    return COMMENTS_AND_STRINGS.sub(blank, read(path))
