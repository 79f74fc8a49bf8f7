#include "cli/run_target.h"

#include "base/memory.h"
#include "process/proc_snapshot.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/** pid_max is at most 2^22; NR_CPUS at most 8,192. */
#define PIDS_MAX (1 << 22)
#define CPUS_MAX 8192

static bool read_number(const char **text, unsigned long most, uint32_t *ret)
{
	char *end;
	unsigned long number;

	if (**text < '0' || **text > '9')
		return false;
	errno = 0;
	number = strtoul(*text, &end, 10);
	if (errno || number > most)
		return false;
	*text = end;
	*ret = (uint32_t)number;
	return true;
}

struct error *run_target_read_pids(struct run_target *target, const char *value)
{
	const char *text = value;
	uint32_t pid;

	do {
		if (!read_number(&text, PIDS_MAX, &pid) || pid == 0 || (*text && *text != ','))
			return error_with_hint(
				error_new(ERROR_USAGE, "--pid: '%s' is not a process id", value),
				"a number or several with commas: -p 123,456");
		index_vector_append(&target->pids, pid);
	} while (*text++ == ',');
	return NULL;
}

struct error *run_target_read_cpus(struct run_target *target, const char *value)
{
	const char *text = value;
	uint32_t first, last;
	bool is_good;

	do {
		is_good = read_number(&text, CPUS_MAX - 1, &first);
		last = first;
		if (is_good && *text == '-') {
			text++;
			is_good = read_number(&text, CPUS_MAX - 1, &last);
		}
		if (!is_good || last < first || (*text && *text != ','))
			return error_with_hint(
				error_new(ERROR_USAGE, "--cpu: '%s' is not a list of CPUs", value),
				"numbers and ranges with commas: -C 0-3,8");
		for (uint32_t cpu = first; cpu <= last; cpu++)
			index_vector_append(&target->cpus, cpu);
	} while (*text++ == ',');
	target->is_system = true;
	return NULL;
}

bool run_target_is_attached(const struct run_target *target)
{
	return target->pids.count > 0 || target->is_system;
}

/** The process's name; "" when it has just ended. */
static void read_comm(uint32_t pid, char *name, size_t size_bytes)
{
	_cleanup_free_ char *path = memory_format_text("/proc/%u/comm", pid);
	FILE *file = fopen(path, "re");

	name[0] = '\0';
	if (!file)
		return;
	if (!fgets(name, (int)size_bytes, file))
		name[0] = '\0';
	name[strcspn(name, "\n")] = '\0';
	fclose(file);
}

static struct error *resolve_pids(struct run_target *target)
{
	char *description = NULL;
	size_t size_bytes = 0;
	FILE *file = open_memstream(&description, &size_bytes);
	struct error *error = NULL;
	char name[64];

	if (!file)
		return error_from_errno(errno, "cannot format");
	for (size_t i = 0; i < target->pids.count && !error; i++) {
		uint32_t pid = target->pids.items[i];

		error = proc_snapshot_threads(pid, &target->tasks);
		if (error && error->code == ERROR_NOT_FOUND) {
			error_destroy(error);
			error = error_with_hint(error_new(ERROR_NOT_FOUND, "no process %u", pid),
						"'ps -e' lists what runs");
		}
		read_comm(pid, name, sizeof(name));
		fprintf(file, "%s%u (%s)", i ? ", " : "process ", pid, name);
		if (i == 0 && !error)
			target->name = memory_duplicate_text(name);
	}
	fclose(file);
	target->description = description;
	return error;
}

struct error *run_target_resolve(struct run_target *target)
{
	if (target->pids.count)
		return resolve_pids(target);
	if (target->is_system) {
		target->name = memory_duplicate_text("system");
		target->description =
			target->cpus.count
				? memory_format_text("%zu CPUs of this machine", target->cpus.count)
				: memory_duplicate_text("this whole machine");
	}
	return NULL;
}

void run_target_apply(const struct run_target *target, struct sampler_options *options)
{
	options->cpus = target->cpus.items;
	options->n_cpus = target->cpus.count;
	if (target->pids.count) {
		options->target = SAMPLER_TARGET_TASKS;
		options->tasks = target->tasks.items;
		options->n_tasks = target->tasks.count;
		options->watched_pids = target->pids.items;
		options->n_watched_pids = target->pids.count;
	} else if (target->is_system) {
		options->target = SAMPLER_TARGET_SYSTEM;
	}
}

void run_target_deinit(struct run_target *target)
{
	index_vector_deinit(&target->pids);
	index_vector_deinit(&target->cpus);
	index_vector_deinit(&target->tasks);
	free(target->name);
	free(target->description);
	*target = (struct run_target){ 0 };
}
