#pragma once

/**
 * Profiles made by hand, for tests of everything that reads a profile.
 *
 *     struct profile *profile = profile_build("app;main;work 30\n"
 *                                             "app-7/8;main;write@libc.so.6;sys_write_[k] 5\n"
 *                                             "app;main;[unknown]@libx.so 2 copy-ended\n");
 *
 * A line is COMM[-PID/TID];FRAME;... COUNT [END]: frames outermost first, END as
 * stack_end_name() says it ("root" when left out), pid and tid 100 when left out.
 * A frame is NAME[_[k]|_[i]|_[j]][@OBJECT]: a kernel function, one inlined into the
 * frame before it, one made at run time; OBJECT is a path, "/bin/COMM" when left out,
 * "[kernel.kallsyms]" for the kernel. The name "[unknown]" is a frame without a
 * symbol. A backslash takes the next character as it is.
 *
 * The event is "cpu-clock" in ns, id 0, and each sample's period is 1,000,000.
 */

#include "profile/profile.h"

#define PROFILE_BUILDER_PERIOD_NS UINT64_C(1000000)

struct profile_builder {
	struct profile *profile;
	uint32_t event;   /**< Of what is added next. */
	bool keeps_ticks; /**< One tick per sample, a millisecond apart, on CPU 0. */
	uint64_t time_ns; /**< Of the next tick; from 1 s. */
};

/** One frame of a stack; strings may hold any bytes. */
struct profile_builder_frame {
	const char *name;
	const char *object; /**< Path; NULL: "/bin/app". */
	const char *file;   /**< NULL: unknown. */
	uint32_t line;
	uint32_t flags; /**< enum frame_flags */
};

/** The profile is the caller's to destroy. */
void profile_builder_init(struct profile_builder *builder);

/** Add samples in the notation above; malformed text fails the test. */
void profile_builder_add(struct profile_builder *builder, const char *lines);

/** Stack id of @p frames, outermost first. Equal frames get equal addresses. */
uint32_t profile_builder_stack(struct profile_builder *builder,
			       const struct profile_builder_frame *frames, size_t n_frames);

/** Add a sample of @p count, with ticks if they are kept. */
void profile_builder_add_sample(struct profile_builder *builder, uint32_t thread, uint32_t stack,
				enum stack_end end, uint64_t count);

/** All in one: init and add. */
struct profile *profile_build(const char *lines);

/** The same, with a tick for each sample. */
struct profile *profile_build_in_time(const char *lines);
