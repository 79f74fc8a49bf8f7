#include "cli/process_choice.h"

#include "base/memory.h"
#include "base/suggestion.h"
#include "process/proc_list.h"

#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool has_name(const struct proc_entry *entry, const char *name)
{
	_cleanup_free_ char *program = NULL;

	if (strcmp(entry->name, name) == 0)
		return true;
	program = proc_program_name(entry->pid);
	return program && strcmp(program, name) == 0;
}

static struct error *unknown_name(const struct proc_entry_vector *all, const char *name)
{
	struct word_vector words = { 0 };
	_cleanup_free_ char *nearest = NULL;
	struct error *error = error_new(ERROR_NOT_FOUND, "no process is called '%s'", name);

	for (size_t i = 0; i < all->count; i++) {
		bool is_there = false;

		for (size_t j = 0; j < words.count && !is_there; j++)
			is_there = strcmp(words.items[j], all->items[i].name) == 0;
		if (!is_there)
			word_vector_append(&words, all->items[i].name);
	}
	nearest = suggestion_make(name, &words, "");
	word_vector_deinit(&words);
	return nearest ? error_with_hint(error, "did you mean %s?", nearest)
		       : error_with_hint(error, "'ps -e' lists what runs");
}

static struct error *read_user(const char *user, uint32_t *ret)
{
	char *end;
	unsigned long number = strtoul(user, &end, 10);
	const struct passwd *entry;

	if (user[0] >= '0' && user[0] <= '9' && !*end && number < UINT32_MAX) {
		*ret = (uint32_t)number;
		return NULL;
	}
	entry = getpwnam(user);
	if (!entry)
		return error_with_hint(error_new(ERROR_NOT_FOUND, "no user '%s'", user),
				       "a login name or a number: -u postgres, -u 1000");
	*ret = entry->pw_uid;
	return NULL;
}

struct error *process_matcher_init(struct process_matcher *matcher,
				   const struct process_choice *choice)
{
	*matcher = (struct process_matcher){ .choice = *choice };
	return choice->user ? read_user(choice->user, &matcher->uid) : NULL;
}

static bool is_of_user(const struct process_matcher *matcher, const struct proc_entry *entry)
{
	return !entry->is_kernel_thread && entry->pid != (uint32_t)getpid() &&
	       (!matcher->choice.user || entry->uid == matcher->uid);
}

bool process_matcher_fits(const struct process_matcher *matcher, const struct proc_entry *entry)
{
	const struct string_vector *names = matcher->choice.names;
	bool has_a_name = !names->count;

	if (!is_of_user(matcher, entry))
		return false;
	for (size_t i = 0; i < names->count && !has_a_name; i++)
		has_a_name = has_name(entry, names->items[i]);
	return has_a_name;
}

/** Those of the user (if one is given) with the name (NULL: any). @return how many. */
static size_t append_matching(const struct proc_entry_vector *all, const char *name,
			      const struct process_matcher *matcher, struct index_vector *pids_ret)
{
	size_t n_found = 0;

	for (size_t i = 0; i < all->count; i++) {
		const struct proc_entry *entry = &all->items[i];

		if (!is_of_user(matcher, entry) || (name && !has_name(entry, name)))
			continue;
		index_vector_append(pids_ret, entry->pid);
		n_found++;
	}
	return n_found;
}

static struct error *find_in(const struct process_choice *choice,
			     const struct proc_entry_vector *all, struct index_vector *pids_ret)
{
	struct process_matcher matcher;

	RETURN_IF_ERROR(process_matcher_init(&matcher, choice));
	for (size_t i = 0; i < choice->names->count; i++) {
		if (!append_matching(all, choice->names->items[i], &matcher, pids_ret))
			return unknown_name(all, choice->names->items[i]);
	}
	if (!choice->names->count && !append_matching(all, NULL, &matcher, pids_ret))
		return error_with_hint(
			error_new(ERROR_NOT_FOUND, "user '%s' has no processes", choice->user),
			"'ps -eo user,pid,comm' lists whose there are");
	return NULL;
}

struct error *process_choice_find(const struct process_choice *choice,
				  struct index_vector *pids_ret)
{
	struct proc_entry_vector all = { 0 };
	struct error *error = proc_list_read(&all);

	if (!error)
		error = find_in(choice, &all, pids_ret);
	proc_entry_vector_deinit(&all);
	return error;
}
