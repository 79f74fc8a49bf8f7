#include "symbols/kallsyms_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/** kallsyms knows no sizes; the last function is taken to end with its page. */
#define PAGE_SIZE_BYTES 4096

/** The kernel makes the text a page at a time, however much is asked for. */
#define READ_SIZE_BYTES (1 << 16)

struct kallsyms_line {
	uint64_t address;
	char type; /**< As nm(1): t, T, w, W are code. */
	char *name;
};

static int digit_value(char character)
{
	if (character >= '0' && character <= '9')
		return character - '0';
	if (character >= 'a' && character <= 'f')
		return character - 'a' + 10;
	return -1;
}

/**
 * Take one line apart in place: ends the name with a NUL and puts a space before
 * "[module]". By hand and not with sscanf(): there are some hundred thousand lines.
 *
 * @param next_ret  The start of the next line.
 * @return false: not a line of this format.
 */
static bool line_parse(char *line, char *end, struct kallsyms_line *ret, char **next_ret)
{
	char *newline = memchr(line, '\n', (size_t)(end - line));
	char *line_end = newline ? newline : end;
	uint64_t address = 0;
	char *at = line;
	char *tab;

	*next_ret = newline ? newline + 1 : end;
	for (; at < line_end && digit_value(*at) >= 0; at++)
		address = address << 4 | (uint64_t)digit_value(*at);
	if (at == line || line_end - at < 4 || at[0] != ' ' || at[2] != ' ')
		return false;
	*line_end = '\0';
	ret->address = address;
	ret->type = at[1];
	ret->name = at + 3;
	tab = memchr(ret->name, '\t', (size_t)(line_end - ret->name));
	if (tab)
		*tab = ' ';
	return true;
}

static bool type_is_code(char type)
{
	return type == 't' || type == 'T' || type == 'w' || type == 'W';
}

static enum symbol_binding binding_of_type(char type)
{
	if (type == 'w' || type == 'W')
		return SYMBOL_BINDING_WEAK;
	return type == 'T' ? SYMBOL_BINDING_GLOBAL : SYMBOL_BINDING_LOCAL;
}

/**
 * Data symbols are needed too: they are where the function before them ends.
 * They have a name in no pool and are dropped once sizes are known.
 */
static void add_line(const struct kallsyms_line *line, const char *text,
		     struct symbol_candidate_vector *candidates)
{
	bool is_code = type_is_code(line->type);

	symbol_candidate_vector_append(
		candidates, (struct symbol_candidate){
				    .address = line->address,
				    .name_offset = (uint32_t)(line->name - text),
				    .pool = is_code ? SYMBOL_POOL_MAIN : SYMBOL_POOL_NONE,
				    .binding = (uint8_t)binding_of_type(line->type),
				    .is_sized = is_code,
			    });
}

/** Ends for all, from the sorted starts; then only functions stay. */
static void set_ends(struct symbol_candidate_vector *candidates)
{
	uint64_t next = 0;
	size_t kept = 0;

	for (size_t i = candidates->count; i-- > 0;) {
		struct symbol_candidate *candidate = &candidates->items[i];
		bool is_last = i + 1 == candidates->count;

		if (!is_last && candidates->items[i + 1].address != candidate->address)
			next = candidates->items[i + 1].address;
		candidate->end = next ? next : (candidate->address | (PAGE_SIZE_BYTES - 1)) + 1;
	}
	for (size_t i = 0; i < candidates->count; i++) {
		if (candidates->items[i].pool == SYMBOL_POOL_MAIN)
			candidates->items[kept++] = candidates->items[i];
	}
	candidates->count = kept;
}

static struct error *hidden_error(void)
{
	return error_with_hint(
		error_new(ERROR_PERMISSION, "kernel addresses are hidden (kernel.kptr_restrict)"),
		"set kernel.kptr_restrict to 0, or run as root with it at 1");
}

struct error *kallsyms_parse(char *text, size_t size_bytes, struct symbol_table *ret)
{
	struct symbol_table_builder builder = { 0 };
	struct kallsyms_line line;
	bool has_address = false;
	char *end = text + size_bytes;
	char *next;

	for (char *at = text; at < end; at = next) {
		if (!line_parse(at, end, &line, &next))
			continue;
		has_address |= line.address != 0;
		if (builder.candidates.count < SYMBOL_COUNT_MAX)
			add_line(&line, text, &builder.candidates);
	}
	if (!has_address) {
		bool is_hidden = builder.candidates.count != 0;

		symbol_candidate_vector_deinit(&builder.candidates);
		free(text);
		if (!is_hidden)
			return error_new(ERROR_FORMAT, "no kernel symbols in it");
		return hidden_error();
	}
	symbol_table_set_pool(&builder.table, SYMBOL_POOL_MAIN, text, size_bytes + 1);
	builder.table.owned_text = text;
	symbol_table_builder_sort(&builder);
	set_ends(&builder.candidates);
	symbol_table_build(&builder, ret);
	return NULL;
}

static struct error *read_all(int fd, const char *path, char **text_ret, size_t *size_bytes_ret)
{
	struct byte_vector text = { 0 };
	ssize_t n_read;

	do {
		if (text.count > KALLSYMS_SIZE_MAX_BYTES) {
			byte_vector_deinit(&text);
			return error_new(ERROR_FORMAT, "%s: larger than %u bytes", path,
					 KALLSYMS_SIZE_MAX_BYTES);
		}
		if (text.capacity - text.count < READ_SIZE_BYTES + 1)
			byte_vector_reserve(&text, text.capacity * 2 + READ_SIZE_BYTES + 1);
		n_read = read(fd, text.items + text.count, READ_SIZE_BYTES);
		if (n_read > 0)
			text.count += (size_t)n_read;
	} while (n_read > 0 || (n_read < 0 && errno == EINTR));
	if (n_read < 0) {
		struct error *error = error_from_errno(errno, "reading %s", path);

		byte_vector_deinit(&text);
		return error;
	}
	text.items[text.count] = '\0';
	*text_ret = (char *)text.items;
	*size_bytes_ret = text.count;
	return NULL;
}

struct error *kallsyms_read(const char *path, struct symbol_table *ret)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct error *error;
	size_t size_bytes = 0;
	char *text = NULL;

	if (fd < 0)
		return error_from_errno(errno, "opening %s", path);
	error = read_all(fd, path, &text, &size_bytes);
	close(fd);
	RETURN_IF_ERROR(error);
	return error_wrap(kallsyms_parse(text, size_bytes, ret), "%s", path);
}

struct error *kallsyms_check_hidden(const char *path)
{
	_cleanup_free_ char *line = NULL;
	size_t capacity = 0, n_read = 0;
	bool has_address = false;
	FILE *file = fopen(path, "re");
	ssize_t length;

	if (!file)
		return NULL;
	while (!has_address && n_read < READ_SIZE_BYTES &&
	       (length = getline(&line, &capacity, file)) > 0) {
		has_address = line[strspn(line, "0")] != ' ';
		n_read += (size_t)length;
	}
	fclose(file);
	/* A short file is left to be read: it may be no list of symbols at all. */
	return has_address || n_read < READ_SIZE_BYTES ? NULL
						       : error_wrap(hidden_error(), "%s", path);
}
