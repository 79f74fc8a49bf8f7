#include "compare/output_check.h"

#include "base/escape.h"
#include "base/memory.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

/** Of a line that differs. */
#define SHOWN_MAX 60

struct output {
	const char *bytes; /**< Mapped; NULL: empty. */
	size_t size;
};

static struct error *output_map(const char *name, int descriptor, struct output *ret)
{
	struct stat status;
	void *bytes;

	*ret = (struct output){ 0 };
	if (fstat(descriptor, &status) != 0)
		return error_from_errno(errno, "cannot read the output of %s", name);
	if ((uint64_t)status.st_size > OUTPUT_CHECK_SIZE_MAX)
		return error_new(ERROR_UNSUPPORTED, "%s prints more than 1 GiB: too much to check",
				 name);
	if (status.st_size == 0)
		return NULL;
	bytes = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, descriptor, 0);
	if (bytes == MAP_FAILED)
		return error_from_errno(errno, "cannot read the output of %s", name);
	*ret = (struct output){ bytes, (size_t)status.st_size };
	return NULL;
}

static void output_unmap(struct output *output)
{
	if (output->bytes)
		munmap((void *)output->bytes, output->size);
}

/** The line around @p at, cut short. Free it. */
static char *line_at(const struct output *output, size_t at)
{
	size_t start = at, end = at;

	if (at >= output->size)
		return memory_duplicate_text("(its end)");
	while (start > 0 && output->bytes[start - 1] != '\n' && at - start < SHOWN_MAX / 2)
		start--;
	while (end < output->size && output->bytes[end] != '\n' && end - start < SHOWN_MAX)
		end++;
	_cleanup_free_ char *text =
		memory_format_text("%.*s", (int)(end - start), output->bytes + start);
	_cleanup_free_ char *safe = escape_plain(text);

	return memory_format_text("'%s'", safe);
}

static size_t first_difference(const struct output *a, const struct output *b, size_t *line_ret)
{
	size_t shorter = MIN(a->size, b->size), at = 0;

	*line_ret = 1;
	while (at < shorter && a->bytes[at] == b->bytes[at])
		*line_ret += a->bytes[at++] == '\n';
	return at;
}

struct error *output_check(const char *name, int descriptor, const char *other_name,
			   int other_descriptor)
{
	struct output a = { 0 }, b = { 0 };
	struct error *error = output_map(name, descriptor, &a);
	size_t at, line;

	if (!error)
		error = output_map(other_name, other_descriptor, &b);
	if (!error) {
		at = first_difference(&a, &b, &line);
		if (at < a.size || at < b.size) {
			_cleanup_free_ char *one = line_at(&a, at);
			_cleanup_free_ char *other = line_at(&b, at);

			error = error_new(ERROR_SYSTEM,
					  "%s and %s print different things, from line %zu on: %s "
					  "and %s",
					  name, other_name, line, one, other);
		}
	}
	output_unmap(&a);
	output_unmap(&b);
	return error;
}
