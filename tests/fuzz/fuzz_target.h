#pragma once

/**
 * A fuzz target: one thing that reads foreign bytes, fed with any bytes.
 *
 * Each target_<name>.c defines `fuzz_target`. It is built twice: with libFuzzer (meson option
 * "fuzzing", see tools/fuzz), and in every build as the unit test fuzz/<name>, which feeds it its
 * seeds, cut and changed seeds, and the inputs that once broke something (regressions/<name>/).
 *
 * A target asserts what must hold of the result whatever came in; the sanitizers do the rest.
 */

#include "base/bytes.h"
#include "base/vector.h"

#include <assert.h>
#include <stdio.h>

struct fuzz_seeds;

struct fuzz_target {
	/** @param input  In memory of exactly this size, so that a read past it is seen. */
	void (*run)(struct bytes input);
	/** Add inputs that are right, so that a fuzzer begins behind the first checks. */
	void (*make_seeds)(struct fuzz_seeds *seeds);
};

extern const struct fuzz_target fuzz_target;

/** A copy of @p bytes becomes a seed. */
void fuzz_seeds_add(struct fuzz_seeds *seeds, struct bytes bytes);

static inline void fuzz_seeds_add_text(struct fuzz_seeds *seeds, const char *text)
{
	fuzz_seeds_add(seeds, (struct bytes){ (const uint8_t *)text, strlen(text) });
}

static inline void fuzz_seeds_add_vector(struct fuzz_seeds *seeds, const struct byte_vector *bytes)
{
	fuzz_seeds_add(seeds, (struct bytes){ bytes->items, bytes->count });
}

/** Files the build made for this target (compiled programs), by index; NULL after the last. */
const char *fuzz_seeds_file(const struct fuzz_seeds *seeds, size_t index);

/** The path of a file with these bytes; good until the next call. */
const char *fuzz_file(struct bytes bytes);

/** The bytes of the file at @p path, on the heap; failing ends the program. */
struct bytes fuzz_file_bytes(const char *path);

/** Where outputs go that nobody reads: /dev/null. */
FILE *fuzz_nowhere(void);

/** Ends the program when @p condition is false, in every build. */
#define FUZZ_CHECK(condition)                                                                      \
	do {                                                                                       \
		if (!(condition))                                                                  \
			fuzz_check_failed(#condition, __FILE__, __LINE__);                         \
	} while (0)
_Noreturn void fuzz_check_failed(const char *condition, const char *file, int line);

/** An error must be one that can be shown; frees it. NULL is fine. */
void fuzz_check_error(struct error *error);
