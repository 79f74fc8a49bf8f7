#pragma once

/** What help and the man pages say about the program as a whole. */

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
