#include "base/output_file.h"

#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUFFER_SIZE_BYTES ((size_t)256 * 1024)

static struct error *refuse_existing(const char *path)
{
	struct stat status;

	if (lstat(path, &status) != 0)
		return NULL;
	return error_with_hint(error_new(ERROR_SYSTEM, "'%s' exists already", path),
			       "choose another name with -o, or add --force to replace it");
}

struct error *output_file_create(struct output_file *output, const char *path, bool may_replace)
{
	_cleanup_free_ char *partial_path = memory_format_text("%s.partial", path);
	int descriptor;
	FILE *file;

	if (!may_replace)
		RETURN_IF_ERROR(refuse_existing(path));
	/* What an interrupted run left behind under this name is ours and half-written. */
	if (may_replace && unlink(partial_path) != 0 && errno != ENOENT)
		return error_from_errno(errno, "cannot remove '%s'", partial_path);
	descriptor = open(partial_path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (descriptor < 0)
		return error_from_errno(errno, "cannot create '%s'", partial_path);
	file = fdopen(descriptor, "w+");
	if (!file) {
		struct error *error = error_from_errno(errno, "cannot open '%s'", partial_path);

		close(descriptor);
		unlink(partial_path);
		return error;
	}
	setvbuf(file, NULL, _IOFBF, BUFFER_SIZE_BYTES);
	*output = (struct output_file){
		.file = file,
		.path = memory_duplicate_text(path),
		.partial_path = memory_duplicate_text(partial_path),
	};
	return NULL;
}

static void output_file_release(struct output_file *output)
{
	free(output->path);
	free(output->partial_path);
	*output = (struct output_file){ 0 };
}

struct error *output_file_commit(struct output_file *output)
{
	struct error *error = NULL;
	bool had_error = ferror(output->file);
	int closed = fclose(output->file);

	output->file = NULL;
	if (closed != 0 || had_error)
		error = error_from_errno(closed != 0 ? errno : EIO, "cannot write '%s'",
					 output->path);
	else if (rename(output->partial_path, output->path) != 0)
		error = error_from_errno(errno, "cannot rename '%s' to '%s'", output->partial_path,
					 output->path);
	if (error)
		unlink(output->partial_path);
	output_file_release(output);
	return error;
}

void output_file_abandon(struct output_file *output)
{
	if (!output->path)
		return;
	if (output->file)
		fclose(output->file);
	unlink(output->partial_path);
	output_file_release(output);
}
