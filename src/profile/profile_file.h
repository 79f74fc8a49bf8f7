#pragma once

/**
 * A whole profile as bytes, to be read again on another machine: everything in struct profile,
 * names and lines included, so that no binary is needed. The format: docs/formats/bundle.md.
 */

#include "base/bytes.h"
#include "base/vector.h"
#include "profile/profile.h"

/** Larger ones are refused, before and after. */
#define PROFILE_FILE_SIZE_MAX_BYTES (UINT64_C(1) << 30)

/** What a text is, for who changes texts on the way. */
enum profile_text_kind {
	PROFILE_TEXT_NAME,    /**< Of a function, event, unit. */
	PROFILE_TEXT_PATH,    /**< Of an object or source file. */
	PROFILE_TEXT_COMM,    /**< Of a thread. */
	PROFILE_TEXT_COMMAND, /**< A command line. */
	PROFILE_TEXT_HOST,
	PROFILE_TEXT_OTHER, /**< Sentences, versions. */
};

/** Gives the text to write instead of @p text; free with free(). */
typedef char *profile_text_change(void *context, enum profile_text_kind kind, const char *text);

/** Append the bytes of @p profile. @param change  NULL: texts as they are. */
struct error *profile_file_write(const struct profile *profile, profile_text_change *change,
				 void *context, struct byte_vector *ret) MUST_CHECK;

/**
 * Read them. Every count, index and enum is checked; @p ret is a profile as if it had been
 * recorded, and is the caller's.
 *
 * @param source           For messages.
 * @param is_without_ticks  Leave samples in time out.
 */
struct error *profile_file_read(struct bytes bytes, const char *source, bool is_without_ticks,
				struct profile **ret) MUST_CHECK;
