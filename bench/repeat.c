/*
 * A recording as long as wanted: what 'perf record -o -' wrote, then its records again and again,
 * each time later by as long as it took. Into a pipe, faster than anyone reads.
 *
 * usage: repeat samples|all RECORDING SIZE_BYTES > PIPE   tells on stderr "SAMPLES BYTES"
 *
 * samples: one long run. all: the same programs start, map their files and exit in every pass.
 * Of one event only. What has no time of its own was there before the recording, and comes once.
 * The format: tools/perf/Documentation/perf.data-file-format.txt, "pipe-mode data".
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIPE_HEADER_SIZE_BYTES 16
#define PIPE_SIZE_BYTES        (1 << 20)

/** The first of perf's own types of records, and the one that ends a round of reading the rings. */
#define RECORD_HEADER_ATTR    64
#define RECORD_FINISHED_ROUND 68

struct piece {
	uint8_t *bytes;
	size_t size;
};

struct recording {
	struct piece once, pass;
	bool repeats_all;
	uint64_t sample_type;
	uint64_t **times; /**< In the pass. */
	size_t n_times, n_samples;
	uint64_t first_ns, last_ns;
};

static void write_piece(const struct piece *piece)
{
	for (size_t written = 0; written < piece->size;) {
		ssize_t n = write(STDOUT_FILENO, piece->bytes + written, piece->size - written);

		if (n < 0)
			err(1, "cannot write");
		written += (size_t)n;
	}
}

static struct piece read_file(const char *path)
{
	int file = open(path, O_RDONLY);
	struct stat status;
	struct piece piece;

	if (file < 0 || fstat(file, &status) != 0)
		err(1, "%s", path);
	piece.size = (size_t)status.st_size;
	piece.bytes = malloc(piece.size);
	if (read(file, piece.bytes, piece.size) != (ssize_t)piece.size)
		err(1, "%s", path);
	close(file);
	return piece;
}

static uint8_t *append(struct piece *piece, const void *bytes, size_t size)
{
	uint8_t *copy = memcpy(piece->bytes + piece->size, bytes, size);

	piece->size += size;
	return copy;
}

static void set_event(struct recording *recording, const uint8_t *body)
{
	struct perf_event_attr attributes;

	if (recording->sample_type)
		errx(1, "more than one event");
	memcpy(&attributes, body, PERF_ATTR_SIZE_VER0);
	recording->sample_type = attributes.sample_type;
	if (!(attributes.sample_type & PERF_SAMPLE_TIME) || !attributes.sample_id_all)
		errx(1, "records without times");
}

/** The word of the time: samples have it behind these fields, others before those at their end. */
static size_t time_word(const struct recording *recording, const struct perf_event_header *header)
{
	uint64_t before = PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_IP | PERF_SAMPLE_TID;
	uint64_t behind =
		PERF_SAMPLE_ID | PERF_SAMPLE_STREAM_ID | PERF_SAMPLE_CPU | PERF_SAMPLE_IDENTIFIER;

	if (header->type == PERF_RECORD_SAMPLE)
		return 1 + (size_t)__builtin_popcountll(recording->sample_type & before);
	return header->size / sizeof(uint64_t) - 1 -
	       (size_t)__builtin_popcountll(recording->sample_type & behind);
}

static void add_timed(struct recording *recording, const struct perf_event_header *header)
{
	const uint64_t time_ns = ((const uint64_t *)header)[time_word(recording, header)];
	uint64_t *copy;

	if (time_ns == 0 || (header->type != PERF_RECORD_SAMPLE && !recording->repeats_all)) {
		/* A long run has not ended when its samples go on. */
		if (header->type != PERF_RECORD_EXIT)
			append(&recording->once, header, header->size);
		return;
	}
	copy = (uint64_t *)append(&recording->pass, header, header->size);
	recording->times[recording->n_times++] = copy + time_word(recording, header);
	recording->n_samples += header->type == PERF_RECORD_SAMPLE;
	if (recording->first_ns == 0 || time_ns < recording->first_ns)
		recording->first_ns = time_ns;
	if (time_ns > recording->last_ns)
		recording->last_ns = time_ns;
}

static void sort_records(struct recording *recording, const struct piece *file)
{
	append(&recording->once, file->bytes, PIPE_HEADER_SIZE_BYTES);
	for (size_t position = PIPE_HEADER_SIZE_BYTES; position < file->size;) {
		const uint8_t *record = file->bytes + position;
		const struct perf_event_header *header = (const struct perf_event_header *)record;

		if (header->size < sizeof(*header) || header->size > file->size - position)
			errx(1, "a record of the impossible size %u", header->size);
		if (header->type == RECORD_HEADER_ATTR)
			set_event(recording, record + sizeof(*header));
		if (header->type < RECORD_HEADER_ATTR)
			add_timed(recording, header);
		else
			append(header->type == RECORD_FINISHED_ROUND ? &recording->pass
								     : &recording->once,
			       record, header->size);
		position += header->size;
	}
	if (recording->n_samples == 0)
		errx(1, "no samples");
}

int main(int argc, char **argv)
{
	struct recording recording = { 0 };
	uint64_t size_bytes, n_passes = 0;
	struct piece file;

	if (argc != 4)
		errx(2, "usage: repeat samples|all RECORDING SIZE_BYTES");
	fcntl(STDOUT_FILENO, F_SETPIPE_SZ, PIPE_SIZE_BYTES);
	recording.repeats_all = strcmp(argv[1], "all") == 0;
	file = read_file(argv[2]);
	recording.once.bytes = malloc(file.size);
	recording.pass.bytes = malloc(file.size);
	recording.times = malloc(file.size);
	sort_records(&recording, &file);
	write_piece(&recording.once);
	size_bytes = recording.once.size;
	for (; size_bytes < strtoull(argv[3], NULL, 10); n_passes++) {
		write_piece(&recording.pass);
		size_bytes += recording.pass.size;
		for (size_t i = 0; i < recording.n_times; i++)
			*recording.times[i] += recording.last_ns - recording.first_ns + 1;
	}
	fprintf(stderr, "%ju %ju\n", (uintmax_t)(n_passes * recording.n_samples),
		(uintmax_t)size_bytes);
	return 0;
}
