#pragma once

/** What an input is, by its content. */

#include "input/input_stream.h"

enum input_kind {
	INPUT_EMPTY,     /**< Nothing at all, or only blanks and comments. */
	INPUT_PERF_DATA, /**< perf.data of any version and byte order, file or pipe mode. */
	INPUT_SCRIPT,    /**< `perf script` text. */
	INPUT_FOLDED,    /**< Folded stacks. */
	INPUT_BUNDLE,    /**< What perf-profile bundle writes. */
	INPUT_PPROF,     /**< pprof's profile.proto, unpacked. */
	INPUT_SPEEDSCOPE, /**< speedscope's JSON. */
};

/**
 * Look at the start of @p stream, without going on.
 *
 * @return ERROR_FORMAT that names the first line when it is none of them.
 */
struct error *input_kind_of(struct input_stream *stream, enum input_kind *ret) MUST_CHECK;
