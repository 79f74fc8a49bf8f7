#include "explain/rule_internal.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/*
 * The format is documented in docs/formats/rules.md. A line is blank, a
 * comment, "[id]", "key = value" or, when it begins with a blank, one more line
 * of the value above it.
 */

DEFINE_VECTOR(matcher_vector, struct rule_matcher)

struct rule_parser {
	struct rule_set *rules;
	const char *source;
	unsigned int line_number;
	struct rule_entry_vector entries; /**< Complete and present rules of this file. */
	struct matcher_vector matchers;   /**< Of the present rule. */
	unsigned int rule_line_number;    /**< Where the present rule began. */
	const struct rule_key *key;       /**< Of the last "key =" line; NULL: none yet. */
};

enum key_kind {
	KEY_TITLE,
	KEY_MEANING,
	KEY_ADVICE,
	KEY_LEAST,
	KEY_SCOPE,
	KEY_MATCHER,
};

struct rule_key {
	const char *name;
	enum key_kind kind;
	enum matcher_role role;
	enum matcher_subject subject;
	const char *prefixes; /**< Space-separated beginnings put before the pattern, or NULL. */
};

/* Entry points of system calls in the kernel: arch/x86/include/asm/syscall_wrapper.h, arm64's. */
#define SYSCALL_PREFIXES "__x64_sys_ __ia32_sys_ __arm64_sys_ __se_sys_ __do_sys_ ksys_"

static const struct rule_key rule_keys[] = {
	{ "title", KEY_TITLE, 0, 0, NULL },
	{ "meaning", KEY_MEANING, 0, 0, NULL },
	{ "advice", KEY_ADVICE, 0, 0, NULL },
	{ "least", KEY_LEAST, 0, 0, NULL },
	{ "scope", KEY_SCOPE, 0, 0, NULL },
	{ "function", KEY_MATCHER, ROLE_MATCH, SUBJECT_FUNCTION, NULL },
	{ "kernel", KEY_MATCHER, ROLE_MATCH, SUBJECT_KERNEL, NULL },
	{ "syscall", KEY_MATCHER, ROLE_MATCH, SUBJECT_KERNEL, SYSCALL_PREFIXES },
	{ "library", KEY_MATCHER, ROLE_MATCH, SUBJECT_LIBRARY, NULL },
	{ "source", KEY_MATCHER, ROLE_MATCH, SUBJECT_SOURCE, NULL },
	{ "not-function", KEY_MATCHER, ROLE_EXCLUDE, SUBJECT_FUNCTION, NULL },
	{ "not-kernel", KEY_MATCHER, ROLE_EXCLUDE, SUBJECT_KERNEL, NULL },
	{ "not-library", KEY_MATCHER, ROLE_EXCLUDE, SUBJECT_LIBRARY, NULL },
	{ "not-source", KEY_MATCHER, ROLE_EXCLUDE, SUBJECT_SOURCE, NULL },
	{ "through-function", KEY_MATCHER, ROLE_THROUGH, SUBJECT_FUNCTION, NULL },
	{ "through-kernel", KEY_MATCHER, ROLE_THROUGH, SUBJECT_KERNEL, NULL },
	{ "through-library", KEY_MATCHER, ROLE_THROUGH, SUBJECT_LIBRARY, NULL },
};

#define KEYS_HINT                                                                                  \
	"keys are title, meaning, advice, least, scope, and function, kernel, syscall, library, "  \
	"source, also with not- or through- before them"

/** "SOURCE:LINE: " before the message. */
static struct error *at_line(const struct rule_parser *parser, struct error *error)
{
	return error_wrap(error, "%s:%u", parser->source, parser->line_number);
}

static char *trim(char *text)
{
	size_t length;

	while (isspace((unsigned char)*text))
		text++;
	length = strlen(text);
	while (length && isspace((unsigned char)text[length - 1]))
		length--;
	text[length] = '\0';
	return text;
}

static struct rule_entry *present_rule(const struct rule_parser *parser)
{
	return parser->entries.count ? parser->entries.items[parser->entries.count - 1] : NULL;
}

static bool has_match(const struct matcher_vector *matchers)
{
	for (size_t i = 0; i < matchers->count; i++)
		if (matchers->items[i].role == ROLE_MATCH)
			return true;
	return false;
}

/** Check the present rule, if any, and give it its matchers. Errors are about its first line. */
static struct error *rule_finish(struct rule_parser *parser)
{
	struct rule_entry *entry = present_rule(parser);
	const char *missing = NULL;
	size_t size_bytes = parser->matchers.count * sizeof(struct rule_matcher);

	if (!entry)
		return NULL;
	if (!entry->rule.title)
		missing = "title";
	else if (!entry->rule.meaning)
		missing = "meaning";
	else if (!entry->rule.advice)
		missing = "advice";
	if (missing || !has_match(&parser->matchers))
		parser->line_number = parser->rule_line_number;
	if (missing)
		return error_with_hint(
			error_new(ERROR_FORMAT, "rule [%s] has no %s", entry->rule.id, missing),
			"add a line \"%s = ...\"", missing);
	if (!has_match(&parser->matchers))
		return error_with_hint(
			error_new(ERROR_FORMAT, "rule [%s] matches nothing", entry->rule.id),
			"add at least one function, kernel, syscall, library or "
			"source line");
	entry->rule.matchers = arena_allocate(&parser->rules->arena, size_bytes);
	memcpy(entry->rule.matchers, parser->matchers.items, size_bytes);
	entry->rule.n_matchers = parser->matchers.count;
	matcher_vector_clear(&parser->matchers);
	return NULL;
}

/** "[id]" */
static struct error *parse_section(struct rule_parser *parser, char *line)
{
	static const char id_characters[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
	char *end = strchr(line, ']');
	struct rule_entry *entry;

	RETURN_IF_ERROR(rule_finish(parser));
	if (!end || end[1] != '\0')
		return error_with_hint(error_new(ERROR_FORMAT, "a rule's name is not closed"),
				       "write [name] alone on its line");
	*end = '\0';
	line++;
	if (!*line || line[strspn(line, id_characters)] != '\0')
		return error_with_hint(
			error_new(ERROR_FORMAT, "\"%s\" is no name for a rule", line),
			"use lower-case letters, digits and hyphens");
	for (size_t i = 0; i < parser->entries.count; i++)
		if (equal_text(parser->entries.items[i]->rule.id, line))
			return error_with_hint(
				error_new(ERROR_FORMAT, "rule [%s] is in this file already", line),
				"a rule of another file is replaced by one of the same name");
	if (parser->entries.count == RULES_MAX)
		return error_new(ERROR_FORMAT, "more than %d rules", RULES_MAX);

	entry = arena_allocate(&parser->rules->arena, sizeof(*entry));
	entry->rule.id = arena_duplicate_text(&parser->rules->arena, line, strlen(line));
	entry->rule.share_least = RULE_SHARE_LEAST_DEFAULT;
	rule_entry_vector_append(&parser->entries, entry);
	parser->rule_line_number = parser->line_number;
	parser->key = NULL;
	return NULL;
}

/** Set or, on a further line, extend one of the rule's texts. */
static void text_extend(struct rule_parser *parser, const char **text, const char *value)
{
	_cleanup_free_ char *joined = NULL;

	if (!*value)
		return;
	joined = *text ? memory_format_text("%s %s", *text, value) : memory_duplicate_text(value);
	*text = arena_duplicate_text(&parser->rules->arena, joined, strlen(joined));
}

/** "2 %" or "0.02" */
static struct error *parse_least(const char *value, double *ret)
{
	char *end;
	double share = strtod(value, &end);

	while (isspace((unsigned char)*end))
		end++;
	if (*end == '%') {
		share /= 100;
		end++;
	}
	if (end == value || *end || !(share >= 0 && share <= 1))
		return error_with_hint(error_new(ERROR_FORMAT, "\"%s\" is no share", value),
				       "write least = 2 %% or least = 0.02");
	*ret = share;
	return NULL;
}

static struct error *parse_scope(const char *value, enum rule_scope *ret)
{
	if (equal_text(value, "anywhere"))
		*ret = SCOPE_ANYWHERE;
	else if (equal_text(value, "leaf"))
		*ret = SCOPE_LEAF;
	else
		return error_with_hint(error_new(ERROR_FORMAT, "unknown scope \"%s\"", value),
				       "scopes are anywhere and leaf");
	return NULL;
}

static struct error *matcher_add(struct rule_parser *parser, const char *text)
{
	struct rule_matcher matcher = { .subject = parser->key->subject,
					.role = parser->key->role };

	if (parser->matchers.count == RULE_MATCHERS_MAX)
		return error_new(ERROR_FORMAT, "more than %d patterns in a rule",
				 RULE_MATCHERS_MAX);
	RETURN_IF_ERROR(pattern_compile(&parser->rules->arena, text, &matcher.pattern));
	matcher_vector_append(&parser->matchers, matcher);
	return NULL;
}

/** One pattern a line; an empty first line has the patterns below it. */
static struct error *parse_matcher(struct rule_parser *parser, const char *value)
{
	const char *prefix = parser->key->prefixes;

	if (!*value)
		return NULL;
	if (!prefix)
		return matcher_add(parser, value);
	while (*prefix) {
		size_t length = strcspn(prefix, " ");
		_cleanup_free_ char *text =
			memory_format_text("%.*s%s", (int)length, prefix, value);

		RETURN_IF_ERROR(matcher_add(parser, text));
		prefix += length + (prefix[length] == ' ');
	}
	return NULL;
}

/** A value, or one more line of it. */
static struct error *parse_value(struct rule_parser *parser, const char *value)
{
	struct rule_entry *entry = present_rule(parser);

	switch (parser->key->kind) {
	case KEY_TITLE:
		text_extend(parser, &entry->rule.title, value);
		return NULL;
	case KEY_MEANING:
		text_extend(parser, &entry->rule.meaning, value);
		return NULL;
	case KEY_ADVICE:
		text_extend(parser, &entry->rule.advice, value);
		return NULL;
	case KEY_LEAST:
		return parse_least(value, &entry->rule.share_least);
	case KEY_SCOPE:
		return parse_scope(value, &entry->scope);
	case KEY_MATCHER:
		return parse_matcher(parser, value);
	}
	return NULL;
}

static const struct rule_key *key_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(rule_keys); i++)
		if (equal_text(rule_keys[i].name, name))
			return &rule_keys[i];
	return NULL;
}

/** "key = value" */
static struct error *parse_assignment(struct rule_parser *parser, char *line)
{
	char *equals = strchr(line, '=');
	char *name;

	if (!equals)
		return error_with_hint(
			error_new(ERROR_FORMAT, "\"%s\" is no \"key = value\"", line),
			"a further line of a value begins with a blank");
	*equals = '\0';
	name = trim(line);
	parser->key = key_find(name);
	if (!parser->key)
		return error_with_hint(error_new(ERROR_FORMAT, "unknown key \"%s\"", name), "%s",
				       KEYS_HINT);
	if (!present_rule(parser))
		return error_with_hint(error_new(ERROR_FORMAT, "\"%s\" before any rule", name),
				       "begin with a line [name]");
	return parse_value(parser, trim(equals + 1));
}

static struct error *parse_line(struct rule_parser *parser, char *line)
{
	bool is_indented = isspace((unsigned char)*line);
	char *text = trim(line);

	if (!*text || *text == '#')
		return NULL;
	if (is_indented) {
		if (!parser->key)
			return error_with_hint(
				error_new(ERROR_FORMAT, "an indented line continues no value"),
				"begin \"key = value\" at the margin");
		return parse_value(parser, text);
	}
	if (*text == '[')
		return parse_section(parser, text);
	return parse_assignment(parser, text);
}

static struct error *parse_text(struct rule_parser *parser, char *text)
{
	char *line;

	while ((line = strsep(&text, "\n"))) {
		parser->line_number++;
		RETURN_IF_ERROR(at_line(parser, parse_line(parser, line)));
	}
	return at_line(parser, rule_finish(parser));
}

/** Take over a finished rule: in the place of the one with its id, else at the end. */
static void rule_set_put(struct rule_set *rules, struct rule_entry *entry)
{
	for (size_t i = 0; i < rules->entries.count; i++) {
		if (equal_text(rules->entries.items[i]->rule.id, entry->rule.id)) {
			rules->entries.items[i] = entry;
			return;
		}
	}
	rule_entry_vector_append(&rules->entries, entry);
}

struct error *rule_set_parse(struct rule_set *rules, const char *source, const char *text)
{
	struct rule_parser parser = { .rules = rules, .source = source };
	_cleanup_free_ char *copy = memory_duplicate_text(text);
	struct error *error = parse_text(&parser, copy);

	if (!error && rules->entries.count + parser.entries.count > RULES_MAX)
		error = error_new(ERROR_FORMAT, "%s: more than %d rules in all", source, RULES_MAX);
	for (size_t i = 0; !error && i < parser.entries.count; i++)
		rule_set_put(rules, parser.entries.items[i]);
	rule_entry_vector_deinit(&parser.entries);
	matcher_vector_deinit(&parser.matchers);
	return error;
}
