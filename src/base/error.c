#include "base/error.h"

#include "base/memory.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static char *PRINTF_LIKE(1, 0) format_text(const char *format, va_list arguments)
{
	char *text;

	if (vasprintf(&text, format, arguments) < 0)
		text = memory_duplicate_text(format);
	return text;
}

static struct error *error_create(enum error_code code, int errno_value, char *message)
{
	struct error *error = memory_allocate(1, sizeof(*error));

	error->code = code;
	error->errno_value = errno_value;
	error->message = message;
	return error;
}

struct error *error_new(enum error_code code, const char *format, ...)
{
	va_list arguments;
	char *message;

	va_start(arguments, format);
	message = format_text(format, arguments);
	va_end(arguments);
	return error_create(code, 0, message);
}

static enum error_code code_of_errno(int errno_value)
{
	switch (errno_value) {
	case EPERM:
	case EACCES:
		return ERROR_PERMISSION;
	case ENOENT:
	case ESRCH:
	case ENODEV:
		return ERROR_NOT_FOUND;
	case EOPNOTSUPP:
	case ENOSYS:
		return ERROR_UNSUPPORTED;
	default:
		return ERROR_SYSTEM;
	}
}

struct error *error_from_errno(int errno_value, const char *format, ...)
{
	_cleanup_free_ char *context = NULL;
	va_list arguments;

	va_start(arguments, format);
	context = format_text(format, arguments);
	va_end(arguments);
	return error_create(code_of_errno(errno_value), errno_value,
			    memory_format_text("%s: %s", context, strerror(errno_value)));
}

struct error *error_wrap(struct error *error, const char *format, ...)
{
	_cleanup_free_ char *context = NULL;
	va_list arguments;
	char *message;

	if (!error)
		return NULL;
	va_start(arguments, format);
	context = format_text(format, arguments);
	va_end(arguments);
	message = memory_format_text("%s: %s", context, error->message);
	free(error->message);
	error->message = message;
	return error;
}

struct error *error_with_hint(struct error *error, const char *format, ...)
{
	va_list arguments;

	if (!error)
		return NULL;
	free(error->hint);
	va_start(arguments, format);
	error->hint = format_text(format, arguments);
	va_end(arguments);
	return error;
}

void error_destroy(struct error *error)
{
	if (!error)
		return;
	free(error->message);
	free(error->hint);
	free(error);
}
