#include "base/output_file.h"

#include "base/memory.h"
#include "base/output_policy.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
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

static struct error *create_error(int errno_value, const char *partial_path)
{
	struct error *error = error_from_errno(errno_value, "cannot create '%s'", partial_path);

	if (errno_value == EEXIST)
		return error_with_hint(error, "an interrupted run may have left it; remove it");
	return error;
}

bool output_path_is_stdout(const char *path)
{
	return !path || strcmp(path, "-") == 0;
}

static struct error *create_partial(struct output_file *output, const char *path, bool may_replace)
{
	_cleanup_free_ char *partial_path = memory_format_text("%s.partial", path);
	OUTPUT_POLICY_SCOPE(path);
	int descriptor;
	FILE *file;

	if (!may_replace)
		RETURN_IF_ERROR(refuse_existing(path));
	/* What an interrupted run left behind under this name is ours and half-written. */
	if (may_replace && unlink(partial_path) != 0 && errno != ENOENT)
		return error_from_errno(errno, "cannot remove '%s'", partial_path);
	descriptor = open(partial_path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
			  output_policy_file_mode());
	if (descriptor < 0)
		return create_error(errno, partial_path);
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
		.may_replace = may_replace,
	};
	return NULL;
}

struct error *output_file_create(struct output_file *output, const char *path, bool may_replace)
{
	if (!output_path_is_stdout(path))
		return create_partial(output, path, may_replace);
	*output = (struct output_file){ .file = stdout };
	return NULL;
}

static void output_file_release(struct output_file *output)
{
	free(output->path);
	free(output->partial_path);
	*output = (struct output_file){ 0 };
}

/**
 * Why writing failed earlier: stdio keeps the fact and forgets the cause, so
 * the kernel is asked again. The file is to be removed anyway.
 */
static int find_write_errno(FILE *file)
{
	static const char block[4096];

	return write(fileno(file), block, sizeof(block)) < 0 ? errno : EIO;
}

static struct error *write_error(int errno_value, const char *path)
{
	struct error *error = error_from_errno(errno_value, "cannot write '%s'", path);

	if (errno_value == ENOSPC || errno_value == EDQUOT)
		return error_with_hint(error, "make room, or choose another folder with -o");
	return error;
}

static struct error *finish_writing(struct output_file *output)
{
	int errno_value = 0;

	if (fflush(output->file) != 0)
		errno_value = errno;
	else if (ferror(output->file))
		errno_value = find_write_errno(output->file);
	if (fclose(output->file) != 0 && errno_value == 0)
		errno_value = errno;
	output->file = NULL;
	return errno_value ? write_error(errno_value, output->path) : NULL;
}

/** Give the whole file its name. */
static struct error *publish(const struct output_file *output)
{
	int status = renameat2(AT_FDCWD, output->partial_path, AT_FDCWD, output->path,
			       output->may_replace ? 0 : RENAME_NOREPLACE);

	if (status != 0 && errno == EEXIST)
		return refuse_existing(output->path);
	/* renameat2(2): not every file system knows RENAME_NOREPLACE. */
	if (status != 0 && (errno == EINVAL || errno == ENOSYS)) {
		if (!output->may_replace)
			RETURN_IF_ERROR(refuse_existing(output->path));
		status = rename(output->partial_path, output->path);
	}
	if (status != 0)
		return error_from_errno(errno, "cannot rename '%s' to '%s'", output->partial_path,
					output->path);
	return NULL;
}

void output_file_set_path(struct output_file *output, const char *path)
{
	free(output->path);
	output->path = memory_duplicate_text(path);
}

static struct error *commit_partial(struct output_file *output)
{
	struct error *error = finish_writing(output);
	OUTPUT_POLICY_SCOPE(output->path);

	if (!error)
		error = publish(output);
	if (error)
		unlink(output->partial_path);
	output_file_release(output);
	return error;
}

struct error *output_file_commit(struct output_file *output)
{
	return output->path ? commit_partial(output) : NULL;
}

struct error *output_file_finish(struct output_file *output, struct error *error)
{
	if (!error)
		return output_file_commit(output);
	output_file_abandon(output);
	return error;
}

void output_file_abandon(struct output_file *output)
{
	if (!output->path)
		return;
	OUTPUT_POLICY_SCOPE(output->path);
	if (output->file)
		fclose(output->file);
	unlink(output->partial_path);
	output_file_release(output);
}
