/** `perf script` text straight to folded stacks, packed (gzip, zstd) or not. */

#include "fuzz_target.h"
#include "input/collapse.h"
#include "input/input_kind.h"

#include <zlib.h>
#include <zstd.h>

static void collapse_with(const struct collapse_options *options, struct bytes input)
{
	struct collapse *collapse = collapse_create(options);
	struct input_stream *stream;
	struct error *error = input_stream_open(fuzz_file(input), &stream);
	enum input_kind kind;

	if (!error) {
		fuzz_check_error(input_kind_of(stream, &kind));
		fuzz_check_error(collapse_read(collapse, stream));
		collapse_write(collapse, fuzz_nowhere());
		input_stream_close(stream);
	}
	fuzz_check_error(error);
	collapse_destroy(collapse);
}

static void run(struct bytes input)
{
	static const struct collapse_options plain;
	struct collapse_options all = { .has_pids = true,
					.has_tids = true,
					.marks_kernel = true,
					.marks_jit = true,
					.has_addresses = true,
					.has_source_lines = true };

	string_vector_append(&all.skip_after, "main");
	collapse_with(&plain, input);
	collapse_with(&all, input);
	string_vector_deinit(&all.skip_after);
}

static const char text[] = "a 1/2 [000] 5.1: 77 cycles: \n"
			   "\tffffffff81000010 sys_read+0x10 ([kernel.kallsyms])\n"
			   "\t 1008 work+0x8 (/bin/a)\n  work.c:7\n"
			   "\t 2010 main+0x10 (/tmp/perf-1.map)\n\n"
			   "b 2 5.2: 1 faults: \n\t 10 [unknown] ([unknown])\n\n"
			   "c 3 5.3: cycles: \n\t 10 java.lang.A::b->C::d+0x1 (/x)\n\n";

static void make_seeds(struct fuzz_seeds *seeds)
{
	uint8_t packed[4096];
	z_stream stream = { .next_in = (uint8_t *)text,
			    .avail_in = sizeof(text) - 1,
			    .next_out = packed,
			    .avail_out = sizeof(packed) };
	size_t size_bytes = ZSTD_compress(packed, sizeof(packed), text, sizeof(text) - 1, 1);

	fuzz_seeds_add_text(seeds, text);
	FUZZ_CHECK(!ZSTD_isError(size_bytes));
	fuzz_seeds_add(seeds, (struct bytes){ packed, size_bytes });
	FUZZ_CHECK(deflateInit2(&stream, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
	FUZZ_CHECK(deflate(&stream, Z_FINISH) == Z_STREAM_END);
	fuzz_seeds_add(seeds, (struct bytes){ packed, stream.total_out });
	deflateEnd(&stream);
}

const struct fuzz_target fuzz_target = { run, make_seeds };
