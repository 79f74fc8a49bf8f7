/** A bundle that somebody sent: its archive, and the whole profile in it. */

#include "fuzz_target.h"
#include "input/bundle_profile.h"
#include "output/bundle.h"
#include "profile/profile_file.h"
#include "profile_builder.h"
#include "target_text.h"

static void check(struct error *error, struct profile *profile)
{
	if (!error) {
		check_profile(profile);
		profile_destroy(profile);
	}
	fuzz_check_error(error);
}

static void read_archive(struct bytes input)
{
	struct profile *profile = NULL;
	struct input_stream *stream;
	struct error *error = input_stream_open(fuzz_file(input), &stream);

	FUZZ_CHECK(!error);
	bundle_is_start(input);
	error = bundle_profile_read(stream, false, &profile);
	check(error, profile);
	input_stream_close(stream);
}

static void run(struct bytes input)
{
	struct profile *profile = NULL;
	struct error *error = profile_file_read(input, "input", false, &profile);

	check(error, profile);
	read_archive(input);
}

/** As others unpack it: damage to compressed bytes is the stream's affair. */
static void add_archive(struct fuzz_seeds *seeds, struct bytes content)
{
	struct byte_vector archive = { 0 };
	struct bundle_writer *writer;
	struct input_stream *stream;
	char *packed;
	size_t size;
	FILE *file = open_memstream(&packed, &size);

	FUZZ_CHECK(file);
	FUZZ_CHECK(!bundle_writer_create(file, &writer));
	FUZZ_CHECK(!bundle_writer_add(writer, "notes", (struct bytes){ content.data, 3 }));
	FUZZ_CHECK(!bundle_writer_add(writer, "profile", content));
	FUZZ_CHECK(!bundle_writer_finish(writer));
	bundle_writer_destroy(writer);
	FUZZ_CHECK(fclose(file) == 0);
	FUZZ_CHECK(!input_stream_open(fuzz_file((struct bytes){ (uint8_t *)packed, size }),
				      &stream));
	FUZZ_CHECK(!input_stream_read_whole(stream, size * 1000, &archive));
	fuzz_seeds_add_vector(seeds, &archive);
	input_stream_close(stream);
	byte_vector_deinit(&archive);
	free(packed);
}

static void make_seeds(struct fuzz_seeds *seeds)
{
	struct profile *profile = profile_build_in_time("app;main;work;inlined_[i] 3\n"
							"app-7/8;main;write@libc.so.6;sys_[k] 2\n"
							"app;[unknown]@libx.so 1 copy-ended\n");
	struct byte_vector bytes = { 0 };

	FUZZ_CHECK(!profile_file_write(profile, NULL, NULL, &bytes));
	fuzz_seeds_add_vector(seeds, &bytes);
	add_archive(seeds, (struct bytes){ bytes.items, bytes.count });
	byte_vector_deinit(&bytes);
	profile_destroy(profile);
}

const struct fuzz_target fuzz_target = { run, make_seeds };
