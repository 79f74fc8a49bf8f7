#include "profile/fold.h"

#include "base/function_name.h"
#include "base/text.h"
#include "profile/label.h"

#include <ctype.h>

/** Stands for type arguments in short names. */
#define ELLIPSIS ".."

/** How parts of names begin that compilers make for closures, behind "::". */
static const char *const closure_parts[] = {
	"{{closure}}", "{closure", "{async", "{coroutine", "{lambda", "{{lambda}}", "'lambda", "$_",
};

/*
 * What stands between an async function and the loop that polls it, and between a thread's or a
 * test's start and its closure. Without a leading '<' and up to anything.
 */
static const char *const plumbing_prefixes[] = {
	"core::ops::function::Fn",
	"core::ops::function::impls::",
	"core::future::",
	"core::pin::Pin<",
	"core::panic::unwind_safe::AssertUnwindSafe<",
	"std::future::",
	"std::panic::catch_unwind",
	"std::panicking::try",
	"std::panicking::catch_unwind",
	"__rust_try",
	"std::sys_common::backtrace::__rust_begin_short_backtrace",
	"std::sys::backtrace::__rust_begin_short_backtrace",
	"std::thread::local::LocalKey<",
	"alloc::boxed::Box<dyn core::ops::function::Fn",
	"futures_core::",
	"futures_util::",
	"tokio::future::",
	"tokio::loom::",
	"tokio::runtime::coop::",
	"tokio::runtime::context::",
	"tokio::runtime::scheduler::",
	"tokio::runtime::task::",
	"tokio::task::coop::",
	"tracing::instrument::",
};

/** Types whose Future and Fn are those of what they hold. */
static const char *const wrappers[] = { "alloc::boxed::Box<", "&mut ", "&" };

bool profile_fold_is_empty(const struct profile_fold *fold)
{
	return !fold->is_short && !fold->folds_closures && !fold->folds_async &&
	       !fold->folds_recursion && !fold->folds_unnamed;
}

/** "::{{closure}}..." */
static bool is_closure_part(const char *text)
{
	if (!text_begins_with(text, "::"))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(closure_parts); i++) {
		if (text_begins_with(text + strlen("::"), closure_parts[i]))
			return true;
	}
	return false;
}

/** ".func1", ".func1.2", ".gowrap1": what Go adds to the name of the function around. */
static bool is_go_closure(const char *text)
{
	size_t word = text_begins_with(text, ".func")     ? strlen(".func")
		      : text_begins_with(text, ".gowrap") ? strlen(".gowrap")
							  : 0;

	if (!word || !isdigit((unsigned char)text[word]))
		return false;
	return text[word + strspn(text + word, "0123456789.-funcgowrap")] == '\0';
}

char *profile_fold_closure(const char *name)
{
	unsigned int depth = 0;

	for (const char *at = name; *at; at++) {
		/* Inside brackets it names a type: that of a closure that was passed. */
		if (*at == '<' || *at == '(')
			depth++;
		else if ((*at == '>' && (at == name || at[-1] != '-')) || *at == ')')
			depth -= depth > 0;
		else if (depth == 0 && at > name && (is_closure_part(at) || is_go_closure(at)))
			return memory_format_text("%.*s", (int)(at - name), name);
	}
	return memory_duplicate_text(name);
}

bool profile_fold_is_plumbing(const char *name)
{
	if (name[0] == '<')
		name++;
	for (size_t i = 0; i < ARRAY_SIZE(plumbing_prefixes); i++) {
		if (text_begins_with(name, plumbing_prefixes[i]))
			return true;
	}
	for (size_t i = 0; i < ARRAY_SIZE(wrappers); i++) {
		if (text_begins_with(name, wrappers[i]))
			return strstr(name, " as core::future::") ||
			       strstr(name, " as core::ops::function::");
	}
	return false;
}

static void rename_frames(const struct profile_fold *fold, struct profile *profile)
{
	for (size_t i = 0; i < profile->frames.count; i++) {
		struct profile_frame *frame = &profile->frames.items[i];
		_cleanup_free_ char *name =
			fold->folds_closures
				? profile_fold_closure(profile_text(profile, frame->name))
				: memory_duplicate_text(profile_text(profile, frame->name));
		_cleanup_free_ char *shorter =
			fold->is_short ? function_name_shorten(name, ELLIPSIS) : NULL;

		if (!(frame->flags & FRAME_IS_UNKNOWN))
			frame->name = profile_intern_text(profile, shorter ? shorter : name);
		else if (fold->folds_unnamed)
			frame->name = profile->frames.items[PROFILE_FRAME_UNKNOWN].name;
	}
}

static bool is_same_function(const struct profile *profile, const struct profile_frame *a,
			     const struct profile_frame *b)
{
	return a->name == b->name && a->object == b->object &&
	       !profile_is_nameless(profile, a->name);
}

/**
 * Leave frames out of a location, which keeps one at least.
 *
 * @return whether that one is plumbing.
 */
static bool fold_location(const struct profile_fold *fold, struct profile *profile,
			  struct profile_location *location, const struct index_vector *plumbing)
{
	uint32_t *frames = profile->location_frames.items + location->first_frame;
	uint32_t n_kept = 0;

	for (uint32_t i = 0; i < location->n_frames; i++) {
		const struct profile_frame *frame = &profile->frames.items[frames[i]];

		if (plumbing->items[frames[i]])
			continue;
		if (fold->folds_recursion && n_kept &&
		    is_same_function(profile, &profile->frames.items[frames[n_kept - 1]], frame))
			continue;
		frames[n_kept++] = frames[i];
	}
	if (!n_kept)
		return location->n_frames != 0;
	location->n_frames = n_kept;
	return false;
}

/** The function that @p location begins with, seen from the root. */
static const struct profile_frame *outermost_frame(const struct profile *profile, uint32_t location)
{
	return profile_location_frame(profile, location,
				      profile->locations.items[location].n_frames - 1);
}

/** Append @p location to the stack @p parent; a function that both are in is one frame. */
static uint32_t join(struct profile *profile, uint32_t parent, uint32_t location)
{
	const struct profile_stack outer = profile->stacks.items[parent];

	if (parent && is_same_function(profile, profile_location_frame(profile, outer.location, 0),
				       outermost_frame(profile, location))) {
		if (profile->locations.items[location].n_frames == 1)
			return parent;
		if (profile->locations.items[outer.location].n_frames == 1)
			parent = outer.parent;
	}
	return profile_intern_stack(profile, parent, location);
}

/** Samples go over to stacks without what is left out; the old ones stay behind, unused. */
static void fold_stacks(const struct profile_fold *fold, struct profile *profile,
			const struct index_vector *is_dropped)
{
	size_t n_stacks = profile->stacks.count;
	_cleanup_free_ uint32_t *folded = memory_allocate(n_stacks, sizeof(*folded));

	for (size_t i = 1; i < n_stacks; i++) {
		const struct profile_stack stack = profile->stacks.items[i];
		uint32_t parent = folded[stack.parent];

		if (is_dropped->items[stack.location])
			folded[i] = parent;
		else if (fold->folds_recursion && profile->locations.items[stack.location].n_frames)
			folded[i] = join(profile, parent, stack.location);
		else
			folded[i] = profile_intern_stack(profile, parent, stack.location);
	}
	for (size_t i = 0; i < profile->samples.count; i++)
		profile->samples.items[i].stack = folded[profile->samples.items[i].stack];
}

void profile_fold_apply(const struct profile_fold *fold, struct profile *profile)
{
	struct index_vector plumbing = { 0 }, is_dropped = { 0 };

	if (profile_fold_is_empty(fold))
		return;
	/* By the whole names: short ones do not tell a future from another method. */
	for (size_t i = 0; i < profile->frames.count; i++) {
		const char *name = profile_text(profile, profile->frames.items[i].name);

		index_vector_append(&plumbing, fold->folds_async && profile_fold_is_plumbing(name));
	}
	if (fold->folds_closures || fold->is_short || fold->folds_unnamed)
		rename_frames(fold, profile);
	if (fold->folds_async || fold->folds_recursion) {
		for (size_t i = 0; i < profile->locations.count; i++)
			index_vector_append(&is_dropped,
					    fold_location(fold, profile,
							  &profile->locations.items[i], &plumbing));
		fold_stacks(fold, profile, &is_dropped);
	}
	index_vector_deinit(&plumbing);
	index_vector_deinit(&is_dropped);
}
