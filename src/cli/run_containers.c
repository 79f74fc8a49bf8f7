#include "cli/run_containers.h"

#include "base/hash_map.h"
#include "base/memory.h"
#include "process/proc_container.h"

DEFINE_HASH_MAP(label_map, uint32_t, char *, hash_u32, equal_u32)

struct run_containers {
	struct label_map labels; /* of processes; NULL: in nothing */
};

struct run_containers *run_containers_create(void)
{
	return memory_allocate(1, sizeof(struct run_containers));
}

static void set_label(struct run_containers *containers, uint32_t pid, char *label)
{
	bool is_new;
	char **place = label_map_insert(&containers->labels, pid, &is_new);

	free(*place);
	*place = label;
}

void run_containers_note(struct run_containers *containers, const struct record *record)
{
	char **parent, *label;

	if (record->type == PERF_RECORD_FORK && record->task.pid != record->task.parent_pid) {
		parent = label_map_find(&containers->labels, record->task.parent_pid);
		label = parent && *parent ? memory_duplicate_text(*parent) : NULL;
		set_label(containers, record->task.pid, label);
	} else if (record->type == PERF_RECORD_COMM && record->pid == record->tid) {
		label = proc_container_of(record->pid);
		/* NULL may mean that it has ended. */
		if (label || !label_map_find(&containers->labels, record->pid))
			set_label(containers, record->pid, label);
	}
}

void run_containers_label(const struct run_containers *containers, struct profile *profile)
{
	for (size_t i = 0; i < profile->threads.count; i++) {
		struct profile_thread *thread = &profile->threads.items[i];
		char **label = label_map_find(&containers->labels, thread->pid);
		_cleanup_free_ char *text = NULL;

		if (!label || !*label)
			continue;
		text = memory_format_text("%s [%s]", profile_text(profile, thread->comm), *label);
		thread->comm = profile_intern_text(profile, text);
	}
}

void run_containers_destroy(struct run_containers *containers)
{
	uint32_t pid;
	size_t cursor = 0;
	char **label;

	if (!containers)
		return;
	while (label_map_next(&containers->labels, &cursor, &pid, &label))
		free(*label);
	label_map_deinit(&containers->labels);
	free(containers);
}
