#pragma once

/** What the symbols of the running kernel depend on. */

#include "symbols/symbol_table_internal.h"

/**
 * The boot and the modules that are loaded, with their places, as text. Free it. NULL: unknown.
 *
 * @param boot_id_path, modules_path  /proc/sys/kernel/random/boot_id (random(4)) and
 *                                    /proc/modules (proc(5)), which kernels without modules lack.
 */
char *kernel_identity(const char *boot_id_path, const char *modules_path);

/**
 * Leave out what comes and goes without a trace in the identity (BPF programs, trampolines of
 * ftrace and kprobes), and end the last function of each module with its page, so that a new one
 * behind it is not taken for it.
 */
void kernel_table_keep_lasting(struct symbol_table *table);
