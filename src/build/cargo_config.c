#include "build/cargo_config_internal.h"

#include "base/text.h"
#include "build/paths.h"

#include <stdio.h>
#include <string.h>

#define KEY_SIZE_BYTES 256

struct flag_search {
	const char *flag;
	struct text_vector *arguments;
	struct text_vector places; /**< Keys that have their argument already. */
	bool is_whole;
};

static bool is_known_place(const struct flag_search *search, const char *key)
{
	for (size_t i = 0; i < search->places.count; i++)
		if (strcmp(search->places.items[i], key) == 0)
			return true;
	return false;
}

/**
 * Flags of one place in one file.
 *
 * @param key    "build.rustflags", "target.TRIPLE.rustflags", ...
 * @param value  TOML from its first character on.
 */
static void add_place(struct flag_search *search, const char *key, const char *value)
{
	size_t length;

	if (is_known_place(search, key))
		return;
	text_vector_append_copy(&search->places, key);
	if (value[0] == '[') {
		text_vector_append(search->arguments,
				   memory_format_text("%s=[\"%s\"]", key, search->flag));
		return;
	}
	/* A string is not joined but replaced, by the nearest file's: give it back longer. */
	length = value[0] == '"' || value[0] == '\'' ? strcspn(value + 1, "\"'\\\n") : 0;
	if (length && value[1 + length] == value[0])
		text_vector_append(search->arguments,
				   memory_format_text("%s=\"%.*s %s\"", key, (int)length, value + 1,
						      search->flag));
	else
		search->is_whole = false;
}

/** One line: "[table]", or "key = value" whose full key ends in rustflags. */
static void read_line(struct flag_search *search, const char *line, char table[KEY_SIZE_BYTES])
{
	const char *equals, *end;
	char key[2 * KEY_SIZE_BYTES];
	size_t key_length;

	line += strspn(line, " \t");
	end = line + strcspn(line, "\r\n");
	if (line[0] == '[') {
		const char *close = memrchr(line, ']', (size_t)(end - line));
		size_t length = close ? (size_t)(close - line - 1) : 0;

		snprintf(table, KEY_SIZE_BYTES, "%.*s", (int)length, line + 1);
		return;
	}
	/* The last '=' before the value: quoted keys such as 'cfg(unix = "x")' hold some too. */
	equals = memmem(line, (size_t)(end - line), "rustflags", strlen("rustflags"));
	if (!equals || line[0] == '#')
		return;
	equals += strlen("rustflags");
	key_length = (size_t)(equals - line);
	equals += strspn(equals, " \t\"'");
	if (*equals != '=' || memchr(line, '{', key_length)) {
		/* Tables within a line, and other spellings. */
		search->is_whole = false;
		return;
	}
	snprintf(key, sizeof(key), "%s%s%.*s", table, *table ? "." : "", (int)key_length, line);
	if (!text_begins_with(key, "build.") && !text_begins_with(key, "target."))
		return;
	equals++;
	add_place(search, key, equals + strspn(equals, " \t"));
}

static void read_file(struct flag_search *search, const char *folder_path)
{
	_cleanup_free_ char *text = path_read_text(folder_path, "config");
	char table[KEY_SIZE_BYTES] = "";
	const char *line;

	/* Where there are both, Cargo reads the one without a suffix. */
	if (!text)
		text = path_read_text(folder_path, "config.toml");
	for (line = text; line && *line; line += *line == '\n') {
		read_line(search, line, table);
		line += strcspn(line, "\n");
	}
}

/** Nearest first: .cargo of the folder and of those above it, then Cargo's home. */
static void read_files(struct flag_search *search, const char *folder_path,
		       const struct environment *environment)
{
	const char *cargo_home = environment_value(environment, "CARGO_HOME");
	const char *home = environment_value(environment, "HOME");
	_cleanup_free_ char *home_path = NULL;
	char *folder = memory_duplicate_text(folder_path);

	for (;;) {
		_cleanup_free_ char *config = path_join(folder, ".cargo");
		char *parent = strcmp(folder, "/") == 0 ? NULL : path_parent(folder);

		read_file(search, config);
		free(folder);
		if (!parent)
			break;
		folder = parent;
	}
	if (!cargo_home && home)
		home_path = path_join(home, ".cargo");
	if (cargo_home || home_path)
		read_file(search, cargo_home ? cargo_home : home_path);
}

void cargo_config_add_flag(const char *folder_path, const struct environment *environment,
			   const char *flag, struct text_vector *arguments_ret, bool *is_whole_ret)
{
	struct flag_search search = { .flag = flag, .arguments = arguments_ret, .is_whole = true };

	read_files(&search, folder_path, environment);
	/* An empty array keeps all flags in their places and takes ours in if there are none. */
	add_place(&search, "build.rustflags", "[");
	*is_whole_ret = search.is_whole;
	text_vector_destroy_items(&search.places);
}
