#pragma once

/** What help, the man pages and our files say about the program as a whole. */

/** Also the version of a perf.data file of ours: files of any of our versions begin so. */
#define PROGRAM_VERSION_BEGINNING "perf-profile "
#define PROGRAM_VERSION           PROGRAM_VERSION_BEGINNING PERF_PROFILE_VERSION

/** The command that is meant when the first word is none. */
#define MAIN_COMMAND_NAME "run"

#define PROGRAM_SUMMARY "Find out where a program's time goes"

#define PROGRAM_DESCRIPTION                                                                        \
	"Runs COMMAND, samples it and all its threads and children until it ends, and writes "     \
	"six files into perf-profile.out/: perf.data, perf-report.txt, perf-script.txt, "          \
	"perf-collapsed.txt, flamegraph.svg and analysis.txt. The program's own input and "        \
	"output are left alone and its exit status is passed on."

#define PROGRAM_FIRST_WORD                                                                         \
	"If the first word names one of the commands below, it is that command; otherwise it "     \
	"is the program to profile. To profile a program that has the name of a command, write "   \
	"-- before it."
