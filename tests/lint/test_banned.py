"""Functions that are easy to use wrongly, and what to use instead."""
import re

from sources import code_of, files_with_suffix

BANNED = {
    "strcpy": "memory_duplicate_text()",
    "strcat": "memory_format_text()",
    "strncpy": "memory_duplicate(); it need not end in a NUL",
    "strncat": "memory_format_text()",
    "sprintf": "memory_format_text() or snprintf()",
    "vsprintf": "memory_format_text() or vsnprintf()",
    "strtok": "strcspn(); it changes its argument and has hidden state",
    "gets": "getline()",
    "scanf": "getline()",
    "atoi": "strtoull() with its end checked",
    "atol": "strtoull() with its end checked",
    "atoll": "strtoull() with its end checked",
    "atof": "strtod() with its end checked",
    "alloca": "memory_allocate()",
    "system": "fork() and execve(); a shell reads names as commands",
    "popen": "fork() and execve(); a shell reads names as commands",
    "mktemp": "mkstemp() or mkdtemp()",
    "tmpnam": "mkstemp()",
    "tempnam": "mkstemp()",
    "asctime": "strftime()",
    "ctime": "strftime()",
    "gmtime": "gmtime_r()",
    "localtime": "localtime_r()",
    "readdir_r": "readdir()",
    "getenv": "secure_getenv(); the environment steers nothing when the file has capabilities",
    "signal": "sigaction(); except to restore a default",
}

# Out of memory ends the program in one place: base/memory.h. Only malloc() is left, for large
# pieces of files, where failing is an error to report.
ALLOCATORS = {"calloc", "realloc", "reallocarray", "strdup", "strndup", "asprintf",
              "open_memstream"}

# Only cli/ decides that the program ends, and only it speaks.
ENDINGS = {"exit", "quick_exit", "abort"}
SPEAKERS = {"printf", "vprintf", "puts", "putchar", "perror"}


def calls(names, paths):
    """file:line: name for each call of one of the names."""
    pattern = re.compile(r"(?<![\w.>])(" + "|".join(sorted(names)) + r")\s*\(")
    for path in paths:
        for number, line in enumerate(code_of(path).splitlines(), 1):
            for name in pattern.findall(line):
                yield f"{path}:{number}: {name}"


def test_banned_functions():
    names = set(BANNED) - {"signal"}
    wrong = [f"{call}: use {BANNED[call.rsplit(' ', 1)[1]]}"
             for call in calls(names, files_with_suffix(".c", ".h", under="src/"))]
    assert not wrong, "\n" + "\n".join(wrong)


def test_signal_handlers_are_set_with_sigaction():
    wrong = [call for path in files_with_suffix(".c", under="src/")
             for call in calls({"signal"}, [path])
             if "SIG_DFL" not in code_of(path).splitlines()[int(call.split(":")[1]) - 1]
             and "SIG_IGN" not in code_of(path).splitlines()[int(call.split(":")[1]) - 1]]
    assert not wrong, "\n" + "\n".join(wrong)


def test_memory_comes_from_base():
    paths = [path for path in files_with_suffix(".c", ".h", under="src/")
             if not str(path).startswith(("src/base/memory.", "src/base/text_stream."))]
    wrong = list(calls(ALLOCATORS, paths))
    assert not wrong, "\n" + "\n".join(wrong)


def test_only_the_command_line_ends_the_program_or_speaks():
    paths = [path for path in files_with_suffix(".c", ".h", under="src/")
             if not str(path).startswith("src/cli/")]
    wrong = list(calls(ENDINGS | SPEAKERS, paths))
    assert not wrong, "\n" + "\n".join(wrong)
