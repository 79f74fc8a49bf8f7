#pragma once

/** What a rule set holds besides what explanation.h shows, and how it is compiled. */

#include "explain/explanation.h"
#include "explain/pattern_internal.h"

/** Shipped rules are 30; a user adds a few. */
#define RULES_MAX 1024
/** Patterns of one rule. */
#define RULE_MATCHERS_MAX 4096
/** A rule file is written by hand. */
#define RULE_FILE_SIZE_MAX_BYTES (1024 * 1024)

/** What a pattern is held against. */
enum matcher_subject {
	SUBJECT_FUNCTION, /**< Name of a user function, whole or plain. */
	SUBJECT_KERNEL,   /**< Name of a kernel function. */
	SUBJECT_LIBRARY,  /**< Path or name of the frame's object. */
	SUBJECT_SOURCE,   /**< Source file. */
	N_SUBJECTS,
};

/** What a match means for the frame. */
enum matcher_role {
	ROLE_MATCH,   /**< The rule speaks of it. */
	ROLE_EXCLUDE, /**< It does not, whatever else matches. */
	ROLE_THROUGH, /**< scope = leaf: the frame belongs to its caller. */
	N_ROLES,
};

struct rule_matcher {
	enum matcher_subject subject;
	enum matcher_role role;
	struct pattern pattern;
};

enum rule_scope {
	SCOPE_ANYWHERE, /**< A sample counts when any of its frames matches. */
	SCOPE_LEAF,     /**< Only when the innermost frame that is not looked through matches. */
};

/** struct rule is what others see of it. */
struct rule_entry {
	struct rule rule; /**< First. */
	enum rule_scope scope;
};

DEFINE_VECTOR(rule_entry_vector, struct rule_entry *)

struct rule_set {
	struct arena arena; /**< Everything the rules point to. */
	struct rule_entry_vector entries;
};

/** Parse @p text (NUL-terminated). @p source names it in errors. All or nothing. */
struct error *rule_set_parse(struct rule_set *rules, const char *source,
			     const char *text) MUST_CHECK;

/** The frame ids of a location, innermost first; at least one (PROFILE_FRAME_UNKNOWN). */
const uint32_t *location_frame_ids(const struct profile *profile, uint32_t location,
				   uint32_t *n_frames_ret);

/** Bits of frames over the rules of a set, one bit a rule. */
struct rule_bits {
	size_t n_words;    /**< 64-bit words of one set. */
	uint64_t *match;   /**< By frame id * n_words. */
	uint64_t *through; /**< The same; always set for rules with scope = anywhere. */
};

/** Hold every frame of @p profile against every rule, each name once. */
void rule_bits_init(struct rule_bits *bits, const struct rule_set *rules,
		    const struct profile *profile);
void rule_bits_deinit(struct rule_bits *bits);

/**
 * Which rules a stack matches, from those of its parent: for one frame, outermost
 * first, state = (state & through) | match.
 */
void rule_bits_apply_location(const struct rule_bits *bits, const struct profile *profile,
			      uint32_t location, uint64_t *state);
