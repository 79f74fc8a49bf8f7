/**
 * Counts the records of a perf.data file, for tests/system/test_perf_data.py.
 *
 * usage: count_records FILE
 *
 * Prints "TYPE COUNT" for each type, "event NAME COUNT" of samples for each event,
 * "disordered COUNT" and, when there was one, "error MESSAGE".
 */

#include "perfdata/perf_data_reader.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define N_TYPES 128

int main(int argc, char **argv)
{
	static uint64_t n_of_type[N_TYPES];
	_cleanup_error_ struct error *error = NULL;
	struct record_source *source;
	uint64_t *n_of_event, last_time_ns = 0, n_disordered = 0;
	struct record record;
	enum record_source_state state;

	if (argc != 2)
		return 2;
	error = perf_data_reader_open(argv[1], &source);
	if (error) {
		printf("error %s\n", error->message);
		return 0;
	}
	n_of_event = calloc(source->layouts->n_layouts, sizeof(*n_of_event));
	while (!(error = source->next(source, 0, &record, &state)) &&
	       state == RECORD_SOURCE_RECORD) {
		n_of_type[record.type % N_TYPES]++;
		if (record.type == PERF_RECORD_SAMPLE)
			n_of_event[record.event_index]++;
		if (record.time_ns && record.time_ns < last_time_ns)
			n_disordered++;
		last_time_ns = record.time_ns ? record.time_ns : last_time_ns;
	}
	for (uint32_t type = 0; type < N_TYPES; type++)
		if (n_of_type[type])
			printf("%u %" PRIu64 "\n", type, n_of_type[type]);
	for (uint32_t i = 0; i < source->layouts->n_layouts; i++)
		printf("event %s %" PRIu64 "\n", source->event_names[i], n_of_event[i]);
	printf("disordered %" PRIu64 "\n", n_disordered);
	if (error)
		printf("error %s\n", error->message);
	free(n_of_event);
	source->destroy(source);
	return 0;
}
