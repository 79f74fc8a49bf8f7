#pragma once

/** Text as an input. */

#include "input/input_stream.h"

/** A stream of @p size_bytes bytes, from a file that is gone already. Asserts success. */
struct input_stream *input_of_bytes(const void *bytes, size_t size_bytes);

struct input_stream *input_of_text(const char *text);
