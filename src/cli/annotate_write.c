#include "cli/annotate.h"

#include "base/count_noun.h"
#include "base/escape.h"
#include "base/memory.h"
#include "cli/disassembly.h"
#include "cli/source_text.h"
#include "object/object.h"
#include "symbols/symbolizer.h"

#include <inttypes.h>
#include <string.h>

/** Shown of a function whose end is not known: behind the last address met. */
#define SHOWN_BEHIND_BYTES 16

/** Larger functions are shown from the first address met to the last. */
#define SHOWN_MAX_BYTES ((uint64_t)256 * 1024)

struct annotate_writer {
	const struct annotate_options *options;
	const struct profile *profile;
	struct annotation annotation;
	struct object_registry *objects;
	struct symbolizer *symbolizer;
	struct source_text *sources;
	FILE *file;
};

/** "12.34", blank for nothing. */
static void write_share(const struct annotated_function *function, uint64_t weight, FILE *file)
{
	if (weight == 0)
		fputs("         ", file);
	else
		fprintf(file, "  %6.2f ",
			100.0 * (double)weight / (double)MAX(function->weight, 1u));
}

static const char *object_path(const struct annotate_writer *writer, uint32_t object)
{
	return profile_text(writer->profile, writer->profile->objects.items[object].path);
}

static void write_heading(const struct annotate_writer *writer,
			  const struct annotated_function *function)
{
	_cleanup_free_ char *name = escape_plain(profile_text(writer->profile, function->name));
	_cleanup_free_ char *path = escape_plain(object_path(writer, function->object));

	fprintf(writer->file, "%s  (%s)\n", name, path);
	fprintf(writer->file,
		"  %.2f %% of everything, %" PRIu64 " %s; shares are of this function\n",
		100.0 * (double)function->weight / (double)MAX(writer->annotation.weight, 1u),
		function->count, count_noun(function->count, "sample", "samples"));
}

/* Source. */

static void write_lines(const struct annotate_writer *writer,
			const struct annotated_function *function)
{
	struct annotated_line_vector lines = { 0 };
	string_id file = 0;

	annotation_lines(function, &lines);
	for (size_t i = 0; i < lines.count; i++) {
		const struct annotated_line *line = &lines.items[i];
		const char *path = profile_text(writer->profile, line->file);
		_cleanup_free_ char *text = source_text_line(writer->sources, path, line->line);

		if (line->file != file) {
			_cleanup_free_ char *shown = escape_plain(path);

			fprintf(writer->file, "\n Percent |  Source: %s\n", shown);
			file = line->file;
		}
		write_share(function, line->weight, writer->file);
		fprintf(writer->file, "|  %5" PRIu32 "  %s\n", line->line, text ? text : "");
	}
	annotated_line_vector_deinit(&lines);
}

/* Code. */

/** From where to where; false: the symbol is not known, and it is around what was met. */
static void find_range(struct annotate_writer *writer, struct object *object,
		       const struct annotated_function *function, uint64_t *start_ret,
		       uint64_t *end_ret)
{
	const struct annotated_address_vector *addresses = &function->addresses;
	uint64_t first = addresses->items[0].elf_address;
	uint64_t last = addresses->items[addresses->count - 1].elf_address;
	struct symbol_result result = { .status = SYMBOL_NO_TABLE };

	symbolizer_resolve(writer->symbolizer, object, &first, 1, &result);
	*start_ret = first;
	*end_ret = last + SHOWN_BEHIND_BYTES;
	if (result.status == SYMBOL_FOUND && result.symbol_size_bytes > 0 &&
	    result.symbol_size_bytes <= SHOWN_MAX_BYTES) {
		*start_ret = result.symbol_elf_address;
		*end_ret = MAX(result.symbol_elf_address + result.symbol_size_bytes, last + 1);
	}
}

/** The samples' addresses alone, where there is no code to be had. */
static void write_addresses(const struct annotate_writer *writer,
			    const struct annotated_function *function, const char *why)
{
	_cleanup_free_ char *reason = escape_plain(why);

	fprintf(writer->file, "\n Percent |  Address  (no code: %s)\n", reason);
	for (size_t i = 0; i < function->addresses.count; i++) {
		const struct annotated_address *address = &function->addresses.items[i];

		write_share(function, address->weight, writer->file);
		fprintf(writer->file, "|  %10" PRIx64 "\n", address->elf_address);
	}
}

/** Weight of the addresses from @p at on that are below @p end; @p at goes on. */
static uint64_t take_weight(const struct annotated_function *function, size_t *at, uint64_t end,
			    const struct annotated_address **first_ret)
{
	uint64_t weight = 0;

	*first_ret = NULL;
	for (; *at < function->addresses.count && function->addresses.items[*at].elf_address < end;
	     ++*at) {
		if (!*first_ret)
			*first_ret = &function->addresses.items[*at];
		weight += function->addresses.items[*at].weight;
	}
	return weight;
}

/** The line an instruction with samples is of, when it is another than before. */
static void write_place(const struct annotate_writer *writer,
			const struct annotated_address *address,
			const struct annotated_address **last)
{
	const char *path, *slash;
	_cleanup_free_ char *name = NULL, *text = NULL;

	if (!address || !address->file || writer->options->is_without_source ||
	    (*last && (*last)->file == address->file && (*last)->line == address->line))
		return;
	*last = address;
	path = profile_text(writer->profile, address->file);
	slash = strrchr(path, '/');
	name = escape_plain(slash ? slash + 1 : path);
	text = source_text_line(writer->sources, path, address->line);
	fprintf(writer->file, "         |  %s:%" PRIu32 "  %s\n", name, address->line,
		text ? text : "");
}

static void write_instructions(const struct annotate_writer *writer,
			       const struct annotated_function *function,
			       const struct instruction_vector *instructions)
{
	const struct annotated_address *last = NULL, *first;
	size_t at = 0;

	fputs("\n Percent |  Code\n", writer->file);
	take_weight(function, &at, instructions->items[0].elf_address, &first);
	for (size_t i = 0; i < instructions->count; i++) {
		const struct instruction *instruction = &instructions->items[i];
		uint64_t end = i + 1 < instructions->count ? instructions->items[i + 1].elf_address
							   : instruction->elf_address + 1;
		uint64_t weight = take_weight(function, &at, end, &first);

		write_place(writer, first, &last);
		write_share(function, weight, writer->file);
		fprintf(writer->file, "|  %8" PRIx64 ":  %s\n", instruction->elf_address,
			instruction->text);
	}
}

static const char *path_of_file(const struct annotate_writer *writer, const char *path, char **made)
{
	const char *symfs = writer->options->open->symfs_path;

	if (!symfs || !*symfs)
		return path;
	*made = memory_format_text("%s%s", symfs, path);
	return *made;
}

static void write_code(struct annotate_writer *writer, const struct annotated_function *function)
{
	const char *path = object_path(writer, function->object);
	const struct object_identity identity = {
		.path = path,
		.build_id = writer->profile->objects.items[function->object].build_id,
	};
	struct instruction_vector instructions = { 0 };
	_cleanup_free_ char *made = NULL;
	struct object *object;
	struct error *error;
	uint64_t start, end;

	if (path[0] != '/') {
		write_addresses(writer, function, "not a file");
		return;
	}
	object = object_registry_find(writer->objects, &identity);
	object_open(object, NULL);
	if (object->state != OBJECT_OPEN) {
		write_addresses(writer, function,
				object->state == OBJECT_REPLACED
					? "the file is another one than was recorded"
					: "the file is not there");
		return;
	}
	find_range(writer, object, function, &start, &end);
	error = disassembly_read(writer->options->objdump, path_of_file(writer, path, &made), start,
				 end, &instructions);
	if (error)
		write_addresses(writer, function, error->message);
	else
		write_instructions(writer, function, &instructions);
	error_destroy(error);
	disassembly_deinit(&instructions);
}

static struct error *write_functions(struct annotate_writer *writer)
{
	const struct annotated_function_vector *functions = &writer->annotation.functions;
	double limit = writer->options->percent_limit / 100 * (double)writer->annotation.weight;
	size_t n_shown = 0;

	for (size_t i = 0; i < functions->count; i++) {
		const struct annotated_function *function = &functions->items[i];

		if ((double)function->weight < limit || function->weight == 0)
			break;
		if (n_shown++ > 0)
			fputs("\n\n", writer->file);
		write_heading(writer, function);
		if (!writer->options->is_without_source)
			write_lines(writer, function);
		if (!writer->options->is_without_code)
			write_code(writer, function);
	}
	if (n_shown == 0)
		return error_with_hint(error_new(ERROR_NOT_FOUND,
						 "no function has %g %% of the samples",
						 writer->options->percent_limit),
				       "--percent-limit takes a lower share");
	return NULL;
}

struct error *annotate_write(const struct annotate_options *options, const struct profile *profile,
			     FILE *file)
{
	struct annotate_writer writer = {
		.options = options,
		.profile = profile,
		.objects = object_registry_create(options->open->symfs_path),
		.symbolizer = symbolizer_create(&options->open->symbols),
		.sources = source_text_create(),
		.file = file,
	};
	struct error *error;

	object_registry_set_trust(writer.objects, OBJECTS_BY_PATH);
	annotation_init(&writer.annotation, profile, options->event);
	error = write_functions(&writer);
	annotation_deinit(&writer.annotation);
	source_text_destroy(writer.sources);
	symbolizer_destroy(writer.symbolizer);
	object_registry_destroy(writer.objects);
	return error;
}
