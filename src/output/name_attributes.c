#include "output/name_attributes.h"

#include "base/arena.h"
#include "base/hash_map.h"
#include "base/memory.h"
#include "base/vector.h"

#include <stdlib.h>
#include <string.h>

/** Of one function; more are left out as unsafe. */
#define EXTRAS_MAX 32

DEFINE_HASH_MAP(set_map, const char *, struct name_attribute_set, hash_text, equal_text)

struct name_attributes {
	struct arena texts;
	struct set_map sets;
};

/** What is being read. */
struct reader {
	struct name_attributes *attributes;
	struct name_attributes_losses losses;
	struct name_attribute extras[EXTRAS_MAX];
	size_t n_extras;
};

static bool starts_with_any(const char *text, const char *const *prefixes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (strncasecmp(text, prefixes[i], strlen(prefixes[i])) == 0)
			return true;
	}
	return false;
}

/** Browsers skip controls and blanks in a scheme, so a link with any is refused. */
static bool is_safe_link(const char *link)
{
	static const char *const schemes[] = { "http://", "https://", "mailto:" };
	size_t before_path = strcspn(link, "/?#");

	for (const char *at = link; *at; at++) {
		if ((unsigned char)*at <= ' ')
			return false;
	}
	return starts_with_any(link, schemes, ARRAY_SIZE(schemes)) ||
	       !memchr(link, ':', before_path);
}

static bool is_safe_target(const char *target)
{
	return strspn(target, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") ==
	       strlen(target);
}

static bool is_safe_attribute(const char *name)
{
	static const char *const prefixes[] = { "data-", "aria-" };
	size_t letters = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-");

	if (name[letters])
		return false;
	if (strcmp(name, "class") == 0 || strcmp(name, "rel") == 0)
		return true;
	return starts_with_any(name, prefixes, ARRAY_SIZE(prefixes)) && name[5];
}

static void reader_add_extra(struct reader *reader, const char *key, const char *value)
{
	if (!is_safe_attribute(key) || reader->n_extras == EXTRAS_MAX) {
		reader->losses.n_unsafe++;
		return;
	}
	for (size_t i = 0; i < reader->n_extras; i++) {
		if (strcmp(reader->extras[i].key, key) == 0) /* XML allows each once */
			return;
	}
	reader->extras[reader->n_extras++] = (struct name_attribute){ key, value };
}

/** NAME="VALUE" pairs parted by blanks; @p text is cut up. */
static void reader_add_extras(struct reader *reader, char *text)
{
	for (;;) {
		char *name = text + strspn(text, " "), *equals = strchr(name, '='), *end;

		if (!*name)
			return;
		if (!equals || (equals[1] != '"' && equals[1] != '\'')) {
			reader->losses.n_unsafe++;
			return;
		}
		end = strchr(equals + 2, equals[1]);
		if (!end) {
			reader->losses.n_unsafe++;
			return;
		}
		*equals = *end = '\0';
		reader_add_extra(reader, name, equals + 2);
		text = end + 1;
	}
}

static void reader_add_pair(struct reader *reader, char *pair, struct name_attribute_set *set)
{
	char *value = strchr(pair, '=');

	if (!value) {
		reader->losses.n_bad_lines++;
		return;
	}
	*value++ = '\0';
	if (strcmp(pair, "title") == 0)
		set->title = value;
	else if (strcmp(pair, "href") == 0 && is_safe_link(value))
		set->href = value;
	else if (strcmp(pair, "target") == 0 && is_safe_target(value))
		set->target = value;
	else if (strcmp(pair, "g_extra") == 0 || strcmp(pair, "a_extra") == 0)
		reader_add_extras(reader, value);
	else
		reader_add_extra(reader, pair, value);
}

static void reader_add_line(struct reader *reader, const char *text, size_t length)
{
	struct arena *texts = &reader->attributes->texts;
	char *line = arena_duplicate_text(texts, text, length);
	struct name_attribute_set set = { 0 };
	char *pair = strchr(line, '\t');
	struct name_attribute *extras;
	bool is_new;

	if (!pair || pair == line) {
		reader->losses.n_bad_lines++;
		return;
	}
	reader->n_extras = 0;
	while (pair) {
		char *next;

		*pair++ = '\0';
		next = strchr(pair, '\t');
		if (next)
			*next = '\0';
		if (*pair)
			reader_add_pair(reader, pair, &set);
		pair = next;
	}
	extras = arena_allocate(texts, (reader->n_extras + 1) * sizeof(*extras));
	memcpy(extras, reader->extras, reader->n_extras * sizeof(*extras));
	set.extras = extras;
	set.n_extras = reader->n_extras;
	*set_map_insert(&reader->attributes->sets, line, &is_new) = set;
}

struct name_attributes *name_attributes_read(FILE *file, struct name_attributes_losses *losses_ret)
{
	struct reader reader = { .attributes = memory_allocate(1, sizeof(*reader.attributes)) };
	_cleanup_free_ char *line = NULL;
	size_t capacity = 0;
	ssize_t length;

	while ((length = getline(&line, &capacity, file)) >= 0) {
		size_t kept = strcspn(line, "\r\n");

		if (kept > 0)
			reader_add_line(&reader, line, kept);
	}
	*losses_ret = reader.losses;
	return reader.attributes;
}

void name_attributes_destroy(struct name_attributes *attributes)
{
	if (!attributes)
		return;
	set_map_deinit(&attributes->sets);
	arena_deinit(&attributes->texts);
	free(attributes);
}

const struct name_attribute_set *name_attributes_find(const struct name_attributes *attributes,
						      const char *name)
{
	return set_map_find(&attributes->sets, name);
}
