#include "input/folded_difference.h"

#include "base/string_table.h"
#include "input/line_reader.h"

#include <math.h>
#include <stdlib.h>

struct stack_counts {
	double before, after;
};

DEFINE_VECTOR(stack_counts_vector, struct stack_counts)

struct folded_difference {
	struct string_table stacks;
	struct stack_counts_vector counts; /**< By stack. */
	double before_total, after_total;
	bool is_hex_stripped;
	struct byte_vector text; /**< Scratch. */
};

struct folded_difference *folded_difference_create(bool is_hex_stripped)
{
	struct folded_difference *difference = memory_allocate(1, sizeof(*difference));

	string_table_init(&difference->stacks);
	stack_counts_vector_append_new(&difference->counts);
	difference->is_hex_stripped = is_hex_stripped;
	return difference;
}

void folded_difference_destroy(struct folded_difference *difference)
{
	if (!difference)
		return;
	string_table_deinit(&difference->stacks);
	stack_counts_vector_deinit(&difference->counts);
	byte_vector_deinit(&difference->text);
	free(difference);
}

static bool is_digit(char character)
{
	return character >= '0' && character <= '9';
}

static bool is_hex_digit(char character)
{
	return is_digit(character) || ((character | 0x20) >= 'a' && (character | 0x20) <= 'f');
}

/** "STACK<blank>12" or "12.5" or "12."; false: not such a line. */
static bool split_line(struct text_span line, struct text_span *stack_ret, double *count_ret)
{
	const char *end = text_span_end(line), *at = end;
	char number[64];

	while (at > line.start && is_digit(at[-1]))
		at--;
	if (at > line.start && at[-1] == '.' && at - 1 > line.start && is_digit(at[-2])) {
		for (at--; at > line.start && is_digit(at[-1]);)
			at--;
	}
	if (at == end || at == line.start || (at[-1] != ' ' && at[-1] != '\t') ||
	    (size_t)(end - at) >= sizeof(number))
		return false;
	memcpy(number, at, (size_t)(end - at));
	number[end - at] = '\0';
	*count_ret = strtod(number, NULL);
	*stack_ret = text_span_make(line.start, at - 1);
	return true;
}

/** The text of a stack as it is written, without NULs. */
static void take_text(struct folded_difference *difference, struct text_span stack)
{
	struct byte_vector *text = &difference->text;

	byte_vector_clear(text);
	for (size_t i = 0; i < stack.length; i++) {
		char character = stack.start[i];

		if (difference->is_hex_stripped && character == '0' && i + 2 < stack.length &&
		    stack.start[i + 1] == 'x' && is_hex_digit(stack.start[i + 2])) {
			byte_vector_append_bytes(text, "0x...", 5);
			for (i += 2; i + 1 < stack.length && is_hex_digit(stack.start[i + 1]);)
				i++;
			continue;
		}
		byte_vector_append(text, character ? (uint8_t)character : ' ');
	}
}

static bool add_line(struct folded_difference *difference, bool is_after, struct text_span line)
{
	struct text_span stack;
	struct stack_counts *counts;
	double count;
	string_id id;

	if (!split_line(line, &stack, &count))
		return false;
	take_text(difference, stack);
	id = string_table_intern_length(&difference->stacks, (char *)difference->text.items,
					difference->text.count);
	while (difference->counts.count <= id)
		stack_counts_vector_append_new(&difference->counts);
	counts = &difference->counts.items[id];
	*(is_after ? &counts->after : &counts->before) += count;
	*(is_after ? &difference->after_total : &difference->before_total) += count;
	return true;
}

struct error *folded_difference_read(struct folded_difference *difference, bool is_after,
				     struct input_stream *stream, struct strange_lines *strange_ret)
{
	struct line_reader lines = line_reader_make(stream);
	struct strange_lines strange = { 0 };

	for (;;) {
		struct text_span line;
		bool is_end;

		RETURN_IF_ERROR(line_reader_next(&lines, &line, &is_end));
		if (is_end)
			break;
		if (line.length > 0 && !add_line(difference, is_after, line))
			strange_lines_add(&strange, lines.line_number, line);
	}
	*strange_ret = strange;
	return NULL;
}

static int compare_stacks(const void *left, const void *right, void *argument)
{
	const struct folded_difference *difference = argument;

	return strcmp(string_table_text(&difference->stacks, *(const string_id *)left),
		      string_table_text(&difference->stacks, *(const string_id *)right));
}

void folded_difference_write(const struct folded_difference *difference, bool is_normalized,
			     FILE *file)
{
	size_t n = difference->counts.count - 1;
	string_id *order = memory_allocate(n + 1, sizeof(*order));
	bool is_scaled = is_normalized && difference->before_total > 0 &&
			 difference->before_total != difference->after_total;

	for (size_t i = 0; i < n; i++)
		order[i] = (string_id)(i + 1);
	qsort_r(order, n, sizeof(*order), compare_stacks, (void *)difference);
	for (size_t i = 0; i < n; i++) {
		struct stack_counts counts = difference->counts.items[order[i]];

		if (is_scaled)
			counts.before = trunc(counts.before * difference->after_total /
					      difference->before_total);
		fprintf(file, "%s %.15g %.15g\n", string_table_text(&difference->stacks, order[i]),
			counts.before, counts.after);
	}
	free(order);
}
