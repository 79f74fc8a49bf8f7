#include "compare/output_check.h"

#include "base/escape.h"
#include "base/file_mapping.h"
#include "base/memory.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

/** Of a line that differs. */
#define SHOWN_MAX 60

/** @param ret  Untouched when it is empty. */
static struct error *output_map(const char *name, int descriptor, struct file_mapping *ret)
{
	struct stat status;

	if (fstat(descriptor, &status) != 0)
		return error_from_errno(errno, "cannot read the output of %s", name);
	if ((uint64_t)status.st_size > OUTPUT_CHECK_SIZE_MAX)
		return error_new(ERROR_UNSUPPORTED, "%s prints more than 1 GiB: too much to check",
				 name);
	if (status.st_size == 0)
		return NULL;
	return error_wrap(file_mapping_open(descriptor, (size_t)status.st_size, FILE_MAPPING_READ,
					    ret),
			  "cannot read the output of %s", name);
}

/** The line around @p at, cut short. Free it. */
static char *line_at(const struct file_mapping *output, size_t at)
{
	size_t start = at, end = at;

	if (at >= output->size_bytes)
		return memory_duplicate_text("(its end)");
	while (start > 0 && output->data[start - 1] != '\n' && at - start < SHOWN_MAX / 2)
		start--;
	while (end < output->size_bytes && output->data[end] != '\n' && end - start < SHOWN_MAX)
		end++;
	_cleanup_free_ char *text =
		memory_format_text("%.*s", (int)(end - start), (const char *)output->data + start);
	_cleanup_free_ char *safe = escape_plain(text);

	return memory_format_text("'%s'", safe);
}

static size_t first_difference(const struct file_mapping *a, const struct file_mapping *b,
			       size_t *line_ret)
{
	size_t shorter = MIN(a->size_bytes, b->size_bytes), at = 0;

	*line_ret = 1;
	while (at < shorter && a->data[at] == b->data[at])
		*line_ret += a->data[at++] == '\n';
	return at;
}

struct error *output_check(const char *name, int descriptor, const char *other_name,
			   int other_descriptor)
{
	struct file_mapping a = { 0 }, b = { 0 };
	struct error *error = output_map(name, descriptor, &a);
	size_t at, line;

	if (!error)
		error = output_map(other_name, other_descriptor, &b);
	if (!error) {
		at = first_difference(&a, &b, &line);
		if (at < a.size_bytes || at < b.size_bytes) {
			_cleanup_free_ char *one = line_at(&a, at);
			_cleanup_free_ char *other = line_at(&b, at);

			error = error_new(ERROR_SYSTEM,
					  "%s and %s print different things, from line %zu on: %s "
					  "and %s",
					  name, other_name, line, one, other);
		}
	}
	file_mapping_close(&a);
	file_mapping_close(&b);
	return error;
}
