#include "cli/bundle_redaction.h"

#include "base/memory.h"
#include "base/text.h"
#include "base/text_stream.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

/** Shorter names are parts of too many words. */
#define NAME_LENGTH_LEAST 3

void redaction_init(struct redaction *redaction, const char *recorded_host)
{
	const struct passwd *entry = getpwuid(getuid());
	const char *user = entry ? entry->pw_name : secure_getenv("USER");
	const char *home = secure_getenv("HOME");
	struct utsname names;

	*redaction = (struct redaction){ 0 };
	if (user && strcmp(user, "root") != 0 && strlen(user) >= NAME_LENGTH_LEAST)
		redaction->user = memory_duplicate_text(user);
	if (home && home[0] == '/' && home[1])
		redaction->home = memory_duplicate_text(home);
	if (recorded_host && strlen(recorded_host) >= NAME_LENGTH_LEAST)
		redaction->host = memory_duplicate_text(recorded_host);
	else if (uname(&names) == 0 && strlen(names.nodename) >= NAME_LENGTH_LEAST)
		redaction->host = memory_duplicate_text(names.nodename);
}

void redaction_deinit(struct redaction *redaction)
{
	free(redaction->user);
	free(redaction->home);
	free(redaction->host);
	*redaction = (struct redaction){ 0 };
}

/** Folders that are alike on all machines, and names that are no paths. */
static bool is_of_the_system(const char *path)
{
	static const char *const starts[] = { "/usr/",   "/lib/",  "/lib64/", "/lib32/",
					      "/bin/",   "/sbin/", "/rustc/", "/nix/store/",
					      "/build/", "[",      "//" };

	/* /usr/local and below are what someone put there. */
	if (text_begins_with(path, "/usr/local/"))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(starts); i++) {
		if (strncmp(path, starts[i], strlen(starts[i])) == 0)
			return true;
	}
	return !strchr(path, '/');
}

static char *redact_path(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (is_of_the_system(path))
		return memory_duplicate_text(path);
	return memory_format_text(".../%s", slash + 1);
}

/** @p text with each @p word replaced; takes @p text. */
static char *replace_all(char *text, const char *word, const char *by)
{
	_cleanup_free_ char *old = text;
	char *replaced = NULL;
	const char *at = old, *found;
	size_t size;
	FILE *file;

	if (!word || !strstr(old, word))
		return memory_duplicate_text(old);
	file = text_stream_open(&replaced, &size);
	while ((found = strstr(at, word))) {
		fwrite(at, 1, (size_t)(found - at), file);
		fputs(by, file);
		at = found + strlen(word);
	}
	fputs(at, file);
	text_stream_close(file, &replaced);
	return replaced;
}

/** Every word of a sentence that is a path. */
static char *redact_sentence(const char *text)
{
	char *redacted = NULL;
	size_t size;
	FILE *file = text_stream_open(&redacted, &size);

	while (*text) {
		size_t blanks = strspn(text, " \t\n'\"(=:,"), length;

		fwrite(text, 1, blanks, file);
		text += blanks;
		length = strcspn(text, " \t\n'\")=:,");
		_cleanup_free_ char *word = memory_format_text("%.*s", (int)length, text);
		_cleanup_free_ char *path =
			word[0] == '/' && strchr(word + 1, '/') ? redact_path(word) : NULL;

		fputs(path ? path : word, file);
		text += length;
		if (*text == ')')
			fputc(*text++, file);
	}
	text_stream_close(file, &redacted);
	return redacted;
}

char *redaction_change(void *context, enum profile_text_kind kind, const char *text)
{
	const struct redaction *redaction = context;
	char *changed;

	switch (kind) {
	case PROFILE_TEXT_HOST:
		return memory_duplicate_text("host");
	case PROFILE_TEXT_COMMAND:
		/* Where its words end is not always known; threads still have the program's name.
		 */
		return memory_duplicate_text("(left out)");
	case PROFILE_TEXT_PATH:
		changed = redact_path(text);
		break;
	case PROFILE_TEXT_OTHER:
		changed = redact_sentence(text);
		break;
	default:
		changed = memory_duplicate_text(text);
		break;
	}
	changed = replace_all(changed, redaction->home, "~");
	changed = replace_all(changed, redaction->user, "user");
	return replace_all(changed, redaction->host, "host");
}
