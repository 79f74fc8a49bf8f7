#pragma once

/** From the options of the main job to an open session of the best sampler that can. */

#include "cli/run.h"

struct run_session {
	const struct sampler *sampler;
	struct sampler_session *session;
};

/** What to sample; borrows the options. Of a command the pid is the caller's to add. */
struct sampler_options run_sampler_options(const struct run_options *options);

/** Open on the target, whose list of threads may grow. */
struct error *run_session_open(struct run_options *options, struct sampler_options *sampler_options,
			       struct run_session *ret) MUST_CHECK;
