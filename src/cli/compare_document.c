#include "cli/compare.h"

#include "base/memory.h"
#include "base/output_file.h"
#include "base/output_policy.h"
#include "compare/annotations.h"
#include "compare/document_line.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

/** A document people write is smaller; what is larger is another file. */
#define DOCUMENT_SIZE_MAX_BYTES ((size_t)64 << 20)

/** All of a file; "" when there is none. */
static struct error *read_document(const char *path, char **ret)
{
	FILE *file = fopen(path, "re");
	struct error *error = NULL;
	struct stat status;
	char *text = NULL;

	if (!file && errno == ENOENT) {
		*ret = memory_duplicate_text("");
		return NULL;
	}
	if (!file)
		return error_from_errno(errno, "cannot read '%s'", path);
	if (fstat(fileno(file), &status) != 0 || !S_ISREG(status.st_mode) ||
	    (uint64_t)status.st_size > DOCUMENT_SIZE_MAX_BYTES) {
		error = error_new(ERROR_UNSUPPORTED, "'%s' is no document of at most 64 MiB", path);
	} else {
		text = memory_allocate((size_t)status.st_size + 1, 1);
		text[fread(text, 1, (size_t)status.st_size, file)] = '\0';
		if (strlen(text) != (size_t)status.st_size)
			error = error_new(ERROR_UNSUPPORTED, "'%s' is not text", path);
	}
	fclose(file);
	if (error)
		free(text);
	else
		*ret = text;
	return error;
}

static struct error *write_document(const char *path, const char *text)
{
	struct output_file output;
	struct stat status;
	bool is_there = stat(path, &status) == 0;

	RETURN_IF_ERROR(output_file_create(&output, path, true));
	if (is_there)
		fchmod(fileno(output.file), status.st_mode & 07777);
	fputs(text, output.file);
	return output_file_commit(&output);
}

/** The label; of several comparisons each with its side's name. Free it. */
static char *label_of(const struct compare_request *request, const struct comparison *comparison,
		      size_t side)
{
	if (comparison->sides.count == 2)
		return memory_duplicate_text(request->document_label);
	return memory_format_text("%s (%s)", request->document_label,
				  comparison->sides.items[side].name);
}

struct error *compare_write_lines(const struct compare_request *request,
				  const struct comparison *comparison)
{
	char *document = NULL;
	struct error *error = NULL;

	if (request->document_path)
		RETURN_IF_ERROR(read_document(request->document_path, &document));
	for (size_t side = 1; side < comparison->sides.count; side++) {
		_cleanup_free_ char *label = label_of(request, comparison, side);
		_cleanup_free_ char *line = document_line(comparison, side, label);

		if (document) {
			_cleanup_free_ char *before = document;

			document = document_replace_line(before, label, line);
		}
		puts(line);
	}
	if (document)
		error = write_document(request->document_path, document);
	free(document);
	return error;
}

struct error *compare_write_github(const struct compare_request *request,
				   const struct comparison *comparison)
{
	const char *path = secure_getenv("GITHUB_STEP_SUMMARY");
	bool is_written;
	FILE *file;

	annotations_write(comparison, &request->gates, stdout);
	if (!path || !*path)
		return NULL;
	file = output_policy_open(path, true);
	if (!file)
		return error_from_errno(errno, "cannot write '%s'", path);
	export_summary_write(comparison, &request->gates, file);
	is_written = !ferror(file);
	if (fclose(file) != 0 || !is_written)
		return error_from_errno(errno, "cannot write '%s'", path);
	return NULL;
}
