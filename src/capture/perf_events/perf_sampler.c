#include "capture/perf_events/perf_sampler.h"

#include "base/memory.h"
#include "capture/perf_events/drain.h"
#include "capture/perf_events/open_ladder.h"
#include "capture/perf_events/switch_events.h"

struct perf_session {
	struct sampler_session session; /* first: see container_of_source() */
	struct opened_events opened;
	struct record_layout *layout_of_event;
	struct record_layout_table layouts;
	const char **event_names; /* what source.event_names points at */
	struct drain drain;
	struct batch *batch; /* being read; NULL: take the next */
	size_t batch_position;
};

static struct perf_session *container_of_source(struct record_source *source)
{
	return (struct perf_session *)source;
}

static struct error *perf_session_next(struct record_source *source, uint64_t timeout_ns,
				       struct record *ret, enum record_source_state *state_ret)
{
	struct perf_session *session = container_of_source(source);
	struct bytes left;
	bool is_end;

	if (session->batch && session->batch_position >= session->batch->bytes.count) {
		batch_queue_recycle(&session->drain.queue, session->batch);
		session->batch = NULL;
	}
	if (!session->batch) {
		session->batch = batch_queue_take(&session->drain.queue, timeout_ns, &is_end);
		session->batch_position = 0;
	}
	if (!session->batch) {
		*state_ret = is_end ? RECORD_SOURCE_END : RECORD_SOURCE_IDLE;
		return NULL;
	}
	left.data = session->batch->bytes.items + session->batch_position;
	left.size = session->batch->bytes.count - session->batch_position;
	RETURN_IF_ERROR(
		record_decode(&session->layouts, left, source->name, session->batch_position, ret));
	session->batch_position += ret->bytes.size;
	*state_ret = RECORD_SOURCE_RECORD;
	return NULL;
}

/** What a session holds before and after its drain runs. */
static void perf_session_free(struct perf_session *session)
{
	struct string_vector *degradations = &session->session.facts.degradations;

	opened_events_deinit(&session->opened);
	free(session->layout_of_event);
	free(session->event_names);
	for (size_t i = 0; i < degradations->count; i++)
		free((char *)degradations->items[i]);
	string_vector_deinit(degradations);
	free(session);
}

static void perf_session_destroy(struct record_source *source)
{
	struct perf_session *session = container_of_source(source);

	if (session->batch)
		batch_queue_recycle(&session->drain.queue, session->batch);
	drain_deinit(&session->drain);
	perf_session_free(session);
}

/** What is known of the events: layouts, ids and names, for those who read the records. */
static void describe_events(struct perf_session *session)
{
	struct opened_events *opened = &session->opened;
	struct sampler_facts *facts = &session->session.facts;
	struct record_source *source = &session->session.source;

	session->layout_of_event = memory_allocate(opened->n_attrs, sizeof(struct record_layout));
	session->event_names = memory_allocate(opened->n_attrs, sizeof(*session->event_names));
	for (size_t i = 0; i < opened->n_attrs; i++) {
		session->layout_of_event[i] = record_layout_of(&opened->attrs[i]);
		session->event_names[i] = i < facts->n_events ? facts->events[i].name
					  : i == opened->gated_attr && opened->gated.count
						  ? SWITCH_STACKS_EVENT_NAME
						  : SWITCH_TIMES_EVENT_NAME;
	}
	record_ids_sort(opened->ids.items, opened->attr_of_id.items, opened->ids.count);
	session->layouts = (struct record_layout_table){
		.layouts = session->layout_of_event,
		.n_layouts = (uint32_t)opened->n_attrs,
		.ids = opened->ids.items,
		.event_of_id = opened->attr_of_id.items,
		.n_ids = (uint32_t)opened->ids.count,
		.has_ascending_ids = true,
	};
	*source = (struct record_source){
		.name = "perf rings",
		.next = perf_session_next,
		.destroy = perf_session_destroy,
		.layouts = &session->layouts,
		.attrs = opened->attrs,
		.event_names = session->event_names,
	};
}

/** Per CPU: some two percent of it, at ten microseconds each. */
#define SWITCH_STACKS_PER_SECOND 2000

static struct error *start_drain(struct perf_session *session,
				 const struct sampler_options *options)
{
	struct opened_events *opened = &session->opened;
	uint64_t per_cpu = options->switch_stacks_per_second ? options->switch_stacks_per_second
							     : SWITCH_STACKS_PER_SECOND;
	const struct drain_plan plan = {
		.rings = opened->rings,
		.n_rings = opened->n_rings,
		.layouts = &session->layouts,
		.watched_pids = options->watched_pids,
		.n_watched_pids = options->n_watched_pids,
		.gated = opened->gated.items,
		.n_gated = opened->gated.count,
		.gated_event = opened->gated_attr,
		.gated_samples_per_second = per_cpu * opened_events_n_cpus(opened),
	};

	return drain_start(&session->drain, &plan);
}

static struct error *perf_sampler_open(const struct sampler_options *options,
				       struct sampler_session **ret)
{
	struct perf_session *session = memory_allocate(1, sizeof(*session));
	struct error *error;

	error = open_ladder_descend(options, &session->session.facts, &session->opened);
	if (error) {
		perf_session_free(session);
		return error;
	}
	describe_events(session);
	error = start_drain(session, options);
	if (error) {
		perf_session_free(session);
		return error;
	}
	if (options->target != SAMPLER_TARGET_LAUNCHED)
		opened_events_track(&session->opened);
	if (options->target != SAMPLER_TARGET_LAUNCHED && !options->is_held_back)
		opened_events_set_enabled(&session->opened, true);
	*ret = &session->session;
	return NULL;
}

static void perf_sampler_stop(struct sampler_session *session)
{
	drain_stop(&container_of_source(&session->source)->drain);
}

static void perf_sampler_set_enabled(struct sampler_session *session, bool is_enabled)
{
	struct perf_session *perf_session = container_of_source(&session->source);

	/* Or it would open the gate meanwhile. */
	perf_session->drain.gate.is_paused = !is_enabled;
	opened_events_set_enabled(&perf_session->opened, is_enabled);
}

static void perf_sampler_progress(const struct sampler_session *session,
				  struct sampler_progress *ret)
{
	const struct drain *drain = &((const struct perf_session *)session)->drain;

	*ret = (struct sampler_progress){
		.n_bytes = drain->n_bytes,
		.n_wakeups = drain->n_wakeups,
		.queue_bytes_max = drain->queue.size_max_bytes,
	};
}

const struct sampler perf_sampler = {
	.name = "perf",
	.description = "perf_event_open(2): stack copies or frame pointers, unwound here",
	.open = perf_sampler_open,
	.stop = perf_sampler_stop,
	.set_enabled = perf_sampler_set_enabled,
	.progress = perf_sampler_progress,
};
