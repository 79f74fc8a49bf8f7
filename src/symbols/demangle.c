#include "symbols/demangle.h"

#include "base/memory.h"
#include "base/text.h"
#include "base/vector.h"

#include <ctype.h>
#include <libiberty/demangle.h>
#include <setjmp.h>
#include <string.h>

/**
 * A short mangled name can stand for an exponentially long one (each
 * substitution doubles it). Longer results are given up.
 */
#define RESULT_SIZE_MAX_BYTES (UINT32_C(64) << 10)

/**
 * The D demangler has no callback that could stop it. A back reference (`Q`) at
 * most multiplies what was before it, so few of them in a short name are safe.
 */
#define D_NAME_SIZE_MAX_BYTES 512
#define D_BACK_REFERENCES_MAX 24

typedef int callback_demangler(const char *name, int options, demangle_callbackref callback,
			       void *opaque);

struct result {
	struct byte_vector text;
	jmp_buf give_up;
};

static void collect(const char *piece, size_t size_bytes, void *opaque)
{
	struct result *result = opaque;

	/* libiberty's callbacks cannot say stop; in this mode it holds no heap memory. */
	if (result->text.count + size_bytes > RESULT_SIZE_MAX_BYTES)
		longjmp(result->give_up, 1);
	byte_vector_append_bytes(&result->text, piece, size_bytes);
}

/** The demangled name, or NULL. */
static char *demangle_with(callback_demangler *demangler, int options, const char *name)
{
	struct result *result = memory_allocate(1, sizeof(*result));
	char *text = NULL;

	if (!setjmp(result->give_up) && demangler(name, options, collect, result) &&
	    result->text.count) {
		byte_vector_append(&result->text, '\0');
		text = (char *)memory_duplicate(result->text.items, result->text.count);
	}
	byte_vector_deinit(&result->text);
	free(result);
	return text;
}

/** The length of one clone suffix as gcc and clang write them: `.cold`, `.constprop.0`. */
static size_t clone_suffix_length(const char *suffix)
{
	size_t length = 1;

	while (suffix[length] && suffix[length] != '.')
		length++;
	while (suffix[length] == '.' && isdigit((unsigned char)suffix[length + 1])) {
		length++;
		while (isdigit((unsigned char)suffix[length]))
			length++;
	}
	return length;
}

/** "foo", ".constprop.0.cold": "foo [clone .constprop.0] [clone .cold]", as c++filt(1). */
static char *append_clones(char *demangled, const char *suffixes)
{
	while (*suffixes) {
		size_t length = clone_suffix_length(suffixes);
		char *longer =
			memory_format_text("%s [clone %.*s]", demangled, (int)length, suffixes);

		free(demangled);
		demangled = longer;
		suffixes += length;
	}
	return demangled;
}

static char *demangle_cpp(const char *name, int options)
{
	const char *dot = strchr(name, '.');
	_cleanup_free_ char *stem = NULL;
	char *demangled;

	if (!dot)
		return demangle_with(cplus_demangle_v3_callback, options, name);
	stem = memory_duplicate_text(name);
	stem[dot - name] = '\0';
	demangled = demangle_with(cplus_demangle_v3_callback, options, stem);
	return demangled ? append_clones(demangled, dot) : NULL;
}

static char *demangle_d(const char *name)
{
	size_t n_back_references = 0;

	for (const char *at = name; (at = strchr(at, 'Q')); at++)
		n_back_references++;
	if (strlen(name) > D_NAME_SIZE_MAX_BYTES || n_back_references > D_BACK_REFERENCES_MAX)
		return NULL;
	return dlang_demangle(name, DMGL_NO_OPTS);
}

/** @param options  libiberty's, for C++. */
static char *demangle_any(const char *linkage_name, int options)
{
	char *demangled = NULL;

	if (strnlen(linkage_name, DEMANGLE_NAME_SIZE_MAX_BYTES + 1) > DEMANGLE_NAME_SIZE_MAX_BYTES)
		return NULL;
	if (text_begins_with(linkage_name, "_R"))
		return demangle_with(rust_demangle_callback, DMGL_NO_OPTS, linkage_name);
	/* Rust's first mangling is valid C++ mangling; only Rust's reader removes the hash. */
	if (text_begins_with(linkage_name, "_ZN"))
		demangled = demangle_with(rust_demangle_callback, DMGL_NO_OPTS, linkage_name);
	if (!demangled && text_begins_with(linkage_name, "_Z"))
		demangled = demangle_cpp(linkage_name, options);
	if (!demangled && text_begins_with(linkage_name, "_GLOBAL_"))
		demangled = demangle_with(cplus_demangle_v3_callback, options, linkage_name);
	if (!demangled && text_begins_with(linkage_name, "_D"))
		demangled = demangle_d(linkage_name);
	return demangled;
}

char *demangle(const char *linkage_name)
{
	return demangle_any(linkage_name, DMGL_NO_OPTS);
}

char *demangle_with_parameters(const char *linkage_name)
{
	return demangle_any(linkage_name, DMGL_PARAMS | DMGL_ANSI);
}
