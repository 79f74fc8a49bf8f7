"""Help, man pages and completion of every subcommand, from the program itself."""
import re
import shutil
import subprocess

import pytest

from sources import ROOT, read


def output_of(program, *arguments):
    done = subprocess.run([program, *arguments], capture_output=True, text=True)
    assert done.returncode == 0 and not done.stderr, (arguments, done.stderr)
    return done.stdout


def subcommands():
    """From the list in the sources, so that none can hide."""
    return re.findall(r"^\t&command_(\w+),", read("src/cli/commands.c"), re.MULTILINE)


def options_in_help(program, command):
    """(letter or None, name or None) of each option in --help."""
    found = re.findall(r"^  (?:-(\w)|   )?(?:, | )?(?:--([\w-]+))?(?= |$)",
                       output_of(program, command, "--help").split("Options:")[1]
                       .split("Examples:")[0], re.MULTILINE)
    return [(letter or None, name or None) for letter, name in found if letter or name]


@pytest.fixture(scope="module", params=subcommands())
def command(request):
    return request.param


def test_listed_in_the_programs_help(perf_profile, command):
    assert re.search(rf"^  {command} ", output_of(perf_profile, "--help"), re.MULTILINE)


def test_both_ways_to_its_help_agree(perf_profile, command):
    assert output_of(perf_profile, command, "--help") == output_of(perf_profile, "help", command)
    assert output_of(perf_profile, command, "-h") == output_of(perf_profile, "help", command)


def test_every_option_has_help(perf_profile, command):
    options = options_in_help(perf_profile, command)
    assert ("h", "help") in options
    letters = [letter for letter, _ in options if letter]
    names = [name for _, name in options if name]
    assert len(set(letters)) == len(letters)
    assert len(set(names)) == len(names)


def test_every_option_is_in_the_man_page(perf_profile, command):
    page = output_of(perf_profile, "help", "--man", command).replace("\\-", "-")
    for letter, name in options_in_help(perf_profile, command):
        assert not letter or f"\\fB-{letter}\\fR" in page
        assert not name or f"\\fB--{name}\\fR" in page


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_every_option_is_completed(perf_profile, command, shell):
    script = output_of(perf_profile, "help", "--completion", shell)
    for _, name in options_in_help(perf_profile, command):
        assert not name or name in script


def test_man_page_is_installed(command):
    assert f"'{command}'" in read("src/cli/install/meson.build")


def test_man_page_has_no_warnings(perf_profile, command):
    if not shutil.which("groff"):
        pytest.skip("groff is not installed")
    for arguments in (["help", "--man"], ["help", "--man", command]):
        done = subprocess.run(["groff", "-man", "-Tutf8", "-ww", "-z"], text=True,
                              input=output_of(perf_profile, *arguments), capture_output=True)
        assert done.returncode == 0 and not done.stderr, done.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_script_parses(perf_profile, shell):
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed")
    done = subprocess.run([shell, "-n"], input=output_of(perf_profile, "help", "--completion",
                                                         shell), text=True, capture_output=True)
    assert done.returncode == 0 and not done.stderr, done.stderr


def complete_in_bash(perf_profile, *words):
    """What bash offers for the last word."""
    script = (f"source <({perf_profile} help --completion bash); COMP_WORDS=(\"$@\"); "
              "COMP_CWORD=$(($# - 1)); _perf_profile; printf '%s\\n' \"${COMPREPLY[@]}\"")
    return subprocess.run(["bash", "-c", script, "bash", "perf-profile", *words], cwd=ROOT,
                          capture_output=True, text=True, check=True).stdout.split("\n")


def test_bash_completes_commands_options_and_values(perf_profile):
    assert "check" in complete_in_bash(perf_profile, "che")
    assert "--json" in complete_in_bash(perf_profile, "check", "--js")
    assert "--colors" in complete_in_bash(perf_profile, "--col")
    assert "rust" in complete_in_bash(perf_profile, "--colors", "ru")
    assert "fish" in complete_in_bash(perf_profile, "help", "--completion", "f")
    assert "version" in complete_in_bash(perf_profile, "help", "v")


def test_fish_completes_commands_options_and_values(perf_profile):
    if not shutil.which("fish"):
        pytest.skip("fish is not installed")
    script = output_of(perf_profile, "help", "--completion", "fish")
    for line, expected in (("che", "check"), ("check --js", "--json"), ("--col", "--colors"),
                           ("--colors ru", "rust"), ("help --completion f", "fish")):
        done = subprocess.run(["fish", "--no-config", "-c",
                               f"source; complete -C 'perf-profile {line}'"],
                              input=script, capture_output=True, text=True)
        assert expected in [word.split("\t")[0] for word in done.stdout.splitlines()], line


def test_bash_leaves_the_profiled_program_alone(perf_profile):
    assert "--json" not in complete_in_bash(perf_profile, "ls", "--js")
    assert "--colors" not in complete_in_bash(perf_profile, "--", "--col")
