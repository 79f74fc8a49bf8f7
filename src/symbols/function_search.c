#include "symbols/function_search.h"

#include "base/function_name.h"
#include "base/memory.h"
#include "base/string_table.h"
#include "base/suggestion.h"
#include "symbols/demangle.h"
#include "symbols/symbol_sources_internal.h"

#include <string.h>

/**
 * What GCC and clang put behind the names of clones and parts. All but the first are functions that
 * others call.
 */
static const char *const suffixes[] = { ".cold", ".part.", ".isra.", ".constprop.", ".llvm." };

/** "f" of "f.isra.0.cold". */
static size_t length_without_suffixes(const char *name)
{
	size_t length = strlen(name);

	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
		const char *found = strstr(name, suffixes[i]);

		if (found && found != name)
			length = MIN(length, (size_t)(found - name));
	}
	return length;
}

static bool is_called(const char *linkage_name, const char *wanted)
{
	_cleanup_free_ char *shown = NULL, *with_parameters = NULL, *brief = NULL;

	if (strcmp(linkage_name, wanted) == 0)
		return true;
	shown = demangle(linkage_name);
	if (!shown)
		return false;
	brief = function_name_shorten(shown, "");
	if (strcmp(shown, wanted) == 0 || strcmp(brief, wanted) == 0)
		return true;
	/* Demangling is most of the search: not again where parameters are not asked for. */
	if (!strchr(wanted, '('))
		return false;
	with_parameters = demangle_with_parameters(linkage_name);
	return with_parameters && strcmp(with_parameters, wanted) == 0;
}

static void append_matching(const struct symbol_table *table, const char *name,
			    struct found_function_vector *ret)
{
	for (size_t i = 0; i < table->count; i++) {
		const struct symbol_entry *entry = &table->entries[i];
		const char *linkage_name = symbol_table_name(table, entry);
		size_t length = length_without_suffixes(linkage_name);
		_cleanup_free_ char *plain = memory_format_text("%.*s", (int)length, linkage_name);

		if (is_called(plain, name) || strcmp(linkage_name, name) == 0)
			found_function_vector_append(
				ret, (struct found_function){
					     .elf_address = entry->address,
					     .size_bytes = entry->size_bytes,
					     .is_part = strstr(linkage_name + length, suffixes[0]),
				     });
	}
}

static struct error *not_found(const struct object *object, const struct symbol_table *table,
			       const char *name)
{
	struct word_vector words = { 0 };
	struct string_vector shown = { 0 };
	_cleanup_free_ char *nearest = NULL;
	struct error *error =
		error_new(ERROR_NOT_FOUND, "no function '%s' in %s", name, object->path);

	for (size_t i = 0; i < table->count; i++) {
		const char *linkage_name = symbol_table_name(table, &table->entries[i]);
		char *readable = demangle(linkage_name);

		if (readable)
			string_vector_append(&shown, readable);
		word_vector_append(&words, readable ? readable : linkage_name);
	}
	nearest = suggestion_make(name, &words, "");
	if (nearest)
		error = error_with_hint(error, "did you mean %s?", nearest);
	else if (!table->count)
		error = error_with_hint(error,
					"it has no symbols (stripped?): the file with them, or "
					"its debug package, is needed");
	word_vector_deinit(&words);
	string_vector_destroy_items(&shown);
	return error;
}

struct error *function_search(struct object *object, const char *name,
			      struct found_function_vector *ret)
{
	const struct symbolizer_options options = { 0 };
	const struct symbol_source *source = symbol_source_find(object);
	struct source_result result = { 0 };
	size_t n_before = ret->count, n_functions = 0;
	struct error *error = NULL;

	if (source)
		source->load(object, &options, &result);
	append_matching(&result.table, name, ret);
	for (size_t i = n_before; i < ret->count; i++)
		n_functions += !ret->items[i].is_part;
	if (!n_functions)
		error = not_found(object, &result.table, name);
	else if (n_functions > FUNCTIONS_OF_NAME_MAX)
		error = error_with_hint(
			error_new(ERROR_USAGE, "%zu functions in %s are called '%s'", n_functions,
				  object->path, name),
			"its name in the file (nm) or with parameters says which is meant");
	source_result_deinit(&result);
	return error;
}
