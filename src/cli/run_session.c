#include "cli/run_session.h"

#include "base/memory.h"
#include "process/proc_snapshot.h"

/** Who starts threads faster than this cannot be listed; the last list is taken then. */
#define LISTINGS_MAX 10

/** What the better sampler could not do is given up; takes the error. */
static void note_refusal(struct string_vector *degradations, struct error *error)
{
	if (!error)
		return;
	string_vector_append(degradations,
			     error->hint
				     ? memory_format_text("%s (%s)", error->message, error->hint)
				     : memory_duplicate_text(error->message));
	error_destroy(error);
}

/** The best sampler that can; the others are for where the best one is blocked altogether. */
static struct error *open_best(const struct sampler_options *sampler_options,
			       struct run_session *ret)
{
	const struct sampler *const *sampler = samplers;
	struct error *first_error = NULL;

	do {
		struct error *error = (*sampler)->open(sampler_options, &ret->session);

		if (!error) {
			note_refusal(&ret->session->facts.degradations, first_error);
			ret->sampler = *sampler;
			return NULL;
		}
		if (first_error)
			error_destroy(error);
		else
			first_error = error;
		if (first_error->code != ERROR_UNSUPPORTED)
			break;
	} while (*++sampler);
	return first_error;
}

/*
 * Threads that started just before they would have been followed are in a second list, so it is
 * listed again until nothing is new.
 */
struct error *run_session_open(struct run_options *options, struct sampler_options *sampler_options,
			       struct run_session *ret)
{
	struct run_target *target = &options->target;
	struct error *error;

	for (int round = 1;; round++) {
		if (run_target_has_tasks(target))
			run_target_apply(target, sampler_options);
		error = open_best(sampler_options, ret);
		if (error)
			return run_target_explain(target, error);
		if (round == LISTINGS_MAX || !run_target_find_more(target))
			return NULL;
		ret->session->source.destroy(&ret->session->source);
		ret->session = NULL;
	}
}

struct sampler_options run_sampler_options(const struct run_options *options)
{
	struct sampler_options sampler_options = options->sampler;

	sampler_options.events = options->events.items;
	sampler_options.n_events = options->events.count;
	sampler_options.is_held_back = options->control.delay_ns || options->control.is_held_back;
	sampler_options.can_pause = options->control.channel;
	sampler_options.read_process = proc_snapshot_read;
	run_target_apply(&options->target, &sampler_options);
	run_spans_apply(&options->spans, &sampler_options);
	return sampler_options;
}
