#pragma once

/** A profile with fewer kinds of frames: what compilers and runtimes add to a call is folded away.
 */

#include "profile/profile.h"

struct profile_fold {
	bool is_short;       /**< Names without parameters and type arguments. */
	bool folds_closures; /**< Closures and lambdas count as the function they stand in. */
	bool folds_async; /**< Frames between an async function and what polls it are left out. */
	bool folds_recursion; /**< A function that calls itself is one frame. */
	bool folds_unnamed;   /**< Code without a symbol is one function of its object. */
};

bool profile_fold_is_empty(const struct profile_fold *fold);

/** Rename and leave out frames of all samples. After naming, before any output. */
void profile_fold_apply(const struct profile_fold *fold, struct profile *profile);

/**
 * The function a closure or lambda called @p name stands in: of Rust's "{{closure}}" and
 * "{closure#0}", C++'s "{lambda(int)#1}::operator()" and "$_0::operator()", Go's "func1".
 *
 * @return the same text if it is none. Free it.
 */
char *profile_fold_closure(const char *name);

/** Whether a function called @p name only hands a call on: Rust's futures, executors, catchers. */
bool profile_fold_is_plumbing(const char *name);
