#pragma once

/** Puts bytes into temporary files and reads perf.data files back, for tests. */

#include "perfdata/perf_data_reader.h"
#include "record_builder.h"

/** "/tmp/..."; removed by temporary_file_deinit(). */
struct temporary_file {
	char path[64];
};

struct temporary_file temporary_file_make(struct bytes bytes);
void temporary_file_deinit(struct temporary_file *file);

/** What came out of a reader. */
struct read_back {
	struct address_vector types;
	struct address_vector times_ns;
	char *error; /**< Message of the first error, or NULL. */
	enum error_code code;
};

void read_back_deinit(struct read_back *read_back);

/** Open @p path and read all. */
struct read_back read_back_path(const char *path);

/** The same for a file with these bytes. */
struct read_back read_back_bytes(struct bytes bytes);

size_t read_back_count(const struct read_back *read_back, uint32_t type);

/** IP | TID | TIME with sample_id_all: the layout of the files made here. */
extern const struct record_layout simple_layout;

/** The 16 bytes that start pipe mode, and a HEADER_ATTR of @p attr_size_bytes for simple_layout. */
void append_pipe_header(struct record_builder *builder, uint32_t attr_size_bytes);

/** A sample of simple_layout. */
void append_simple_sample(struct record_builder *builder, uint64_t time_ns);
