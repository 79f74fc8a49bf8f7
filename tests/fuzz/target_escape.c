/** Names on their way out: whatever goes in, what comes out is safe where it goes. */

#include "base/escape.h"
#include "fuzz_target.h"

typedef void escape_function(FILE *file, const char *text);

static char *escaped(escape_function *write, const char *text, size_t *size_bytes_ret)
{
	char *result = NULL;
	FILE *file = open_memstream(&result, size_bytes_ret);

	FUZZ_CHECK(file);
	write(file, text);
	FUZZ_CHECK(fclose(file) == 0);
	return result;
}

/** UTF-8 throughout, no control characters, none of @p forbidden. */
static void check(escape_function *write, const char *text, const char *forbidden)
{
	size_t size_bytes, length;
	_cleanup_free_ char *result = escaped(write, text, &size_bytes);

	FUZZ_CHECK(strlen(result) == size_bytes);
	for (size_t i = 0; i < size_bytes; i += length) {
		unsigned int character;

		length = escape_decode_utf8(result + i, size_bytes - i, &character);
		FUZZ_CHECK(length > 0);
		FUZZ_CHECK(character >= 0x20 && (character < 0x7f || character > 0x9f));
		FUZZ_CHECK(character >= 0x80 || !strchr(forbidden, (int)character));
	}
}

static void run(struct bytes input)
{
	char *text = memory_allocate(input.size + 1, 1);

	if (input.size)
		memcpy(text, input.data, input.size);
	check(escape_write_plain, text, "");
	check(escape_write_xml, text, "<>\"'");
	check(escape_write_json, text, "<>&");
	check(escape_write_folded, text, ";");
	free(text);
}

static void make_seeds(struct fuzz_seeds *seeds)
{
	fuzz_seeds_add_text(seeds, "operator<< <int>(a&, \"b\"); \033[2J\r\n\t'x'");
	fuzz_seeds_add_text(seeds, "</script>\xff\xc0\x80\xed\xa0\x80\xf4\x90\x80\x80\xc2\x9b");
	fuzz_seeds_add_text(seeds, "\xe2\x80\xa8\xe2\x80\xae\xef\xbf\xbe\xf0\x9f\x98\x80\xcc\x81");
}

const struct fuzz_target fuzz_target = { run, make_seeds };
