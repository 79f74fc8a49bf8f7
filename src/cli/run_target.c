#include "cli/run_target.h"

#include "base/memory.h"
#include "base/shell_quote.h"
#include "base/text_stream.h"
#include "capture/cgroup.h"
#include "capture/perf_events/pmu.h"
#include "cli/process_choice.h"
#include "process/proc_list.h"
#include "process/proc_snapshot.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

/** "12,34" into @p ret. */
static struct error *read_ids(const char *option, const char *value, struct index_vector *ret)
{
	const char *text = value;
	uint32_t pid;

	do {
		if (!read_number(&text, PIDS_MAX, &pid) || pid == 0 || (*text && *text != ','))
			return error_with_hint(
				error_new(ERROR_USAGE, "%s: '%s' is not a %s id", option, value,
					  strcmp(option, "--tid") == 0 ? "thread" : "process"),
				"a number or several with commas: 123,456");
		index_vector_append(ret, pid);
	} while (*text++ == ',');
	return NULL;
}

struct error *run_target_read_pids(struct run_target *target, const char *value)
{
	return read_ids("--pid", value, &target->pids);
}

struct error *run_target_read_tids(struct run_target *target, const char *value)
{
	return read_ids("--tid", value, &target->tids);
}

struct error *run_target_read_cpus(struct run_target *target, const char *value)
{
	const char *text = value;
	bool is_good;

	do {
		uint32_t first = 0, last;

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

bool run_target_has_choice(const struct run_target *target)
{
	return target->names.count > 0 || target->user;
}

bool run_target_has_tasks(const struct run_target *target)
{
	return target->pids.count > 0 || target->tids.count > 0 ||
	       (run_target_has_choice(target) && !target->is_system);
}

bool run_target_is_attached(const struct run_target *target)
{
	return run_target_has_tasks(target) || target->is_system;
}

struct error *run_target_check(const struct run_target *target, bool has_command)
{
	if (run_target_has_tasks(target) && target->is_system)
		return error_with_hint(error_new(ERROR_USAGE, "-p and -t go without -a, -C and -G"),
				       "either some processes or whole CPUs");
	if (run_target_has_tasks(target) && has_command)
		return error_with_hint(
			error_new(ERROR_USAGE, "-p, -t, --comm and -u go without a command"),
			"--duration says how long, Ctrl-C ends it");
	return NULL;
}

static struct process_choice choice_of(const struct run_target *target)
{
	return (struct process_choice){ .names = &target->names, .user = target->user };
}

/** The processes by name and of the user join those by number. */
static struct error *find_processes(struct run_target *target)
{
	const struct process_choice choice = choice_of(target);

	return run_target_has_choice(target) ? process_choice_find(&choice, &target->pids) : NULL;
}

/** All threads of the processes; an ended one is an error only when @p is_strict. */
static struct error *list_tasks(const struct run_target *target, bool is_strict,
				struct index_vector *ret)
{
	for (size_t i = 0; i < target->pids.count; i++) {
		struct error *error = proc_snapshot_threads(target->pids.items[i], ret);

		if (!error)
			continue;
		if (is_strict && error->code == ERROR_NOT_FOUND) {
			error_destroy(error);
			return error_with_hint(
				error_new(ERROR_NOT_FOUND, "no process %u", target->pids.items[i]),
				"'ps -e' lists what runs");
		}
		if (error->code != ERROR_NOT_FOUND)
			return error;
		error_destroy(error);
	}
	for (size_t i = 0; i < target->tids.count; i++) {
		struct proc_entry entry;

		if (is_strict && !proc_entry_read(target->tids.items[i], &entry))
			return error_with_hint(
				error_new(ERROR_NOT_FOUND, "no thread %u", target->tids.items[i]),
				"'ps -eL' lists them (LWP)");
		index_vector_append(ret, target->tids.items[i]);
	}
	return NULL;
}

/** More processes than this are only counted in descriptions. */
#define DESCRIBED_MAX 8

static void describe_ids(FILE *file, const struct index_vector *ids, const char *kind)
{
	struct proc_entry entry = { 0 };

	for (size_t i = 0; i < MIN(ids->count, (size_t)DESCRIBED_MAX); i++) {
		if (!proc_entry_read(ids->items[i], &entry))
			entry.name[0] = '\0';
		fprintf(file, "%s%u (%s)", i ? ", " : kind, ids->items[i], entry.name);
	}
	if (ids->count > DESCRIBED_MAX)
		fprintf(file, " and %zu more", ids->count - DESCRIBED_MAX);
}

static struct error *describe_tasks(struct run_target *target)
{
	uint32_t first = target->pids.count ? target->pids.items[0] : target->tids.items[0];
	char *description = NULL;
	size_t size_bytes = 0;
	FILE *file = text_stream_open(&description, &size_bytes);
	struct proc_entry entry;

	if (target->user)
		fprintf(file, "user %s: ", target->user);
	describe_ids(file, &target->pids, target->pids.count > 1 ? "processes " : "process ");
	if (target->pids.count && target->tids.count)
		fputs(", ", file);
	describe_ids(file, &target->tids, "thread ");
	text_stream_close(file, &description);
	target->description = description;
	target->name = memory_duplicate_text(target->user                     ? target->user
					     : proc_entry_read(first, &entry) ? entry.name
									      : "process");
	return NULL;
}

static struct error *resolve_tasks(struct run_target *target)
{
	RETURN_IF_ERROR(find_processes(target));
	RETURN_IF_ERROR(list_tasks(target, /* is_strict= */ true, &target->tasks));
	return describe_tasks(target);
}

static bool has_id(const struct index_vector *ids, uint32_t id)
{
	for (size_t i = 0; i < ids->count; i++) {
		if (ids->items[i] == id)
			return true;
	}
	return false;
}

static struct error *check_cpus(const struct run_target *target)
{
	struct index_vector online = { 0 };
	struct error *error = NULL;

	online_cpus_read(&event_places_of_kernel, &online);
	for (size_t i = 0; i < target->cpus.count && !error; i++) {
		if (!has_id(&online, target->cpus.items[i]))
			error = error_with_hint(
				error_new(ERROR_NOT_FOUND, "--cpu: no CPU %u is online here",
					  target->cpus.items[i]),
				"/sys/devices/system/cpu/online lists those that are");
	}
	index_vector_deinit(&online);
	return error;
}

static char *describe_system(const struct run_target *target)
{
	char *description = NULL;
	size_t size_bytes = 0;
	FILE *file = text_stream_open(&description, &size_bytes);

	for (size_t i = 0; i < target->names.count; i++)
		fprintf(file, "%s%s", i ? ", " : "processes ", target->names.items[i]);
	if (target->user)
		fprintf(file, "%suser %s", target->names.count ? " of " : "", target->user);
	fputs(run_target_has_choice(target) ? " on " : "", file);
	if (target->cgroup)
		fprintf(file, "cgroup %s", target->cgroup);
	else if (target->cpus.count)
		fprintf(file, "%zu CPUs of this machine", target->cpus.count);
	else
		fputs("this whole machine", file);
	text_stream_close(file, &description);
	return description;
}

static struct error *resolve_system(struct run_target *target)
{
	const struct process_choice choice = choice_of(target);

	RETURN_IF_ERROR(check_cpus(target));
	if (run_target_has_choice(target))
		RETURN_IF_ERROR(process_filter_create(&choice, &target->filter));
	if (target->cgroup)
		RETURN_IF_ERROR(cgroup_open(target->cgroup, &target->cgroup_fd));
	target->name = memory_duplicate_text("system");
	target->description = describe_system(target);
	return NULL;
}

struct error *run_target_resolve(struct run_target *target)
{
	if (run_target_has_tasks(target))
		return resolve_tasks(target);
	return target->is_system ? resolve_system(target) : NULL;
}

bool run_target_find_more(struct run_target *target)
{
	struct index_vector tasks = { 0 };
	bool is_more = false;

	if (!run_target_has_tasks(target))
		return false;
	error_destroy(list_tasks(target, /* is_strict= */ false, &tasks));
	for (size_t i = 0; i < tasks.count && !is_more; i++)
		is_more = !has_id(&target->tasks, tasks.items[i]);
	if (!is_more) {
		index_vector_deinit(&tasks);
		return false;
	}
	index_vector_deinit(&target->tasks);
	target->tasks = tasks;
	return true;
}

struct error *run_target_explain(const struct run_target *target, struct error *error)
{
	if (!error || error->code != ERROR_PERMISSION)
		return error;
	for (size_t i = 0; i < target->pids.count + target->tids.count; i++) {
		uint32_t pid = i < target->pids.count ? target->pids.items[i]
						      : target->tids.items[i - target->pids.count];
		struct proc_entry entry;

		if (!proc_entry_read(pid, &entry))
			continue;
		if (entry.is_kernel_thread)
			return error_with_hint(
				error_wrap(error, "%u (%s) is a kernel thread", pid, entry.name),
				"kernel threads need root or CAP_PERFMON");
		if (entry.uid != geteuid())
			return error_wrap(error, "%u (%s) belongs to another user (uid %u)", pid,
					  entry.name, entry.uid);
	}
	return error;
}

/** What happens to us; what we are called and have mapped is nobody's cost. */
static bool is_own(const struct record *record)
{
	return record->pid == (uint32_t)getpid() &&
	       (record->type == PERF_RECORD_SAMPLE || record->type == PERF_RECORD_SWITCH ||
		record->type == PERF_RECORD_SWITCH_CPU_WIDE);
}

bool run_target_keeps(const struct run_target *target, const struct record *record)
{
	if (target->is_without_self && is_own(record))
		return false;
	return !target->filter || process_filter_keeps(target->filter, record);
}

static void write_ids(FILE *file, const char *option, const struct index_vector *ids)
{
	for (size_t i = 0; i < ids->count; i++)
		fprintf(file, "%s%u", i ? "," : option, ids->items[i]);
}

static void write_word(FILE *file, const char *option, const char *word)
{
	fputs(option, file);
	shell_quote_write(file, word);
}

static void write_system(FILE *file, const struct run_target *target)
{
	for (size_t i = 0; i < target->names.count; i++) {
		write_word(file, "--comm ", target->names.items[i]);
		fputc(' ', file);
	}
	if (target->user) {
		write_word(file, "-u ", target->user);
		fputc(' ', file);
	}
	if (target->cgroup) {
		write_word(file, "-G ", target->cgroup);
	} else {
		fputs(target->cpus.count ? "" : "-a", file);
		write_ids(file, "-C ", &target->cpus);
	}
}

char *run_target_options(const struct run_target *target)
{
	char *text = NULL;
	size_t size_bytes = 0;
	FILE *file;

	if (!run_target_is_attached(target))
		return NULL;
	file = text_stream_open(&text, &size_bytes);
	if (target->is_system) {
		write_system(file, target);
	} else if (target->user) {
		write_word(file, "-u ", target->user);
	} else {
		write_ids(file, "-p ", &target->pids);
		write_ids(file, target->pids.count ? " -t " : "-t ", &target->tids);
	}
	text_stream_close(file, &text);
	return text;
}

void run_target_apply(const struct run_target *target, struct sampler_options *options)
{
	options->cpus = target->cpus.items;
	options->n_cpus = target->cpus.count;
	if (run_target_has_tasks(target)) {
		const struct index_vector *watched =
			target->pids.count ? &target->pids : &target->tids;

		options->target = SAMPLER_TARGET_TASKS;
		options->tasks = target->tasks.items;
		options->n_tasks = target->tasks.count;
		options->watched_pids = watched->items;
		options->n_watched_pids = watched->count;
		/* As perf has it: of a thread, that thread. */
		options->is_without_inherit |= target->pids.count == 0;
	} else if (target->is_system) {
		options->target = SAMPLER_TARGET_SYSTEM;
		options->has_cgroup = target->cgroup;
		options->cgroup_fd = target->cgroup_fd;
	}
}

void run_target_deinit(struct run_target *target)
{
	if (target->cgroup && target->name)
		close(target->cgroup_fd);
	process_filter_destroy(target->filter);
	index_vector_deinit(&target->pids);
	index_vector_deinit(&target->tids);
	string_vector_deinit(&target->names);
	index_vector_deinit(&target->cpus);
	index_vector_deinit(&target->tasks);
	free(target->name);
	free(target->description);
	*target = (struct run_target){ 0 };
}
