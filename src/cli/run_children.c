#include "cli/run_children.h"

#include "base/memory.h"
#include "base/text_stream.h"
#include "base/text_stream.h"
#include "process/proc_list.h"

#include <stdio.h>
#include <stdlib.h>

/** More are only counted. */
#define DESCRIBED_MAX 8

void run_children_note(struct index_vector *children, const struct record *record)
{
	if (record->type == PERF_RECORD_FORK && record->task.pid != record->task.parent_pid) {
		index_vector_append(children, record->task.pid);
		return;
	}
	if (record->type != PERF_RECORD_EXIT || record->task.pid != record->task.tid)
		return;
	for (size_t i = children->count; i-- > 0;) {
		if (children->items[i] != record->task.pid)
			continue;
		children->items[i] = children->items[--children->count];
		return;
	}
}

char *run_children_describe(const struct index_vector *children, char **ids_ret)
{
	size_t text_size_bytes, ids_size_bytes, n_left = 0;
	char *text, *ids;
	FILE *text_stream = text_stream_open(&text, &text_size_bytes);
	FILE *ids_stream = text_stream_open(&ids, &ids_size_bytes);

	for (size_t i = 0; i < children->count; i++) {
		struct proc_entry entry;

		if (!proc_entry_read(children->items[i], &entry) || entry.is_zombie)
			continue;
		if (n_left < DESCRIBED_MAX) {
			fprintf(text_stream, "%s%u (%s)", n_left ? ", " : "", entry.pid,
				entry.name);
			fprintf(ids_stream, "%s%u", n_left ? "," : "", entry.pid);
		}
		n_left++;
	}
	if (n_left > DESCRIBED_MAX)
		fprintf(text_stream, " and %zu more", n_left - DESCRIBED_MAX);
	text_stream_close(text_stream, &text);
	text_stream_close(ids_stream, &ids);
	if (n_left == 0) {
		free(text);
		free(ids);
		return NULL;
	}
	*ids_ret = ids;
	return text;
}
