#include "capture/perf_events/perf_sampler.h"

#include "arch/architecture.h"
#include "base/memory.h"
#include "capture/batch_reader.h"
#include "capture/perf_events/drain.h"
#include "capture/perf_events/open_ladder.h"
#include "capture/perf_events/sample_spans.h"
#include "capture/perf_events/switch_events.h"

/** Registers and kernel.perf_event_max_stack's default of 127 frames, and room to spare. */
#define SAMPLE_WITHOUT_STACK_MAX_BYTES 2048

struct perf_session {
	struct sampler_session session; /* first: see container_of_source() */
	struct opened_events opened;
	struct record_layout *layout_of_event;
	struct record_layout_table layouts;
	const char **event_names;      /* what source.event_names points at */
	struct stack_windows *windows; /* NULL: none */
	struct sample_spans *spans;    /* NULL: samples are wanted all the time */
	struct sampler_spans span_edges;
	struct record_layout_table shown; /* without the probes of spans, the last events */
	struct drain drain;
	struct batch_reader reader;
};

static struct perf_session *container_of_source(struct record_source *source)
{
	return (struct perf_session *)source;
}

/** The user side's stack pointer; false: there is none. */
static bool find_stack_pointer(const struct sample_record *sample, uint64_t *ret)
{
	const struct architecture *architecture = architecture_native();
	const int n_registers = __builtin_popcountll(architecture->perf_registers_mask);

	if (!sample->has_user_registers || !sample->user_registers_abi)
		return false;
	for (int i = 0; i < n_registers; i++) {
		if (architecture->dwarf_register_of_perf[i] ==
		    architecture->stack_pointer_register) {
			*ret = sample->user_registers[i];
			return true;
		}
	}
	return false;
}

/** What a record has to do with the windows. */
static void serve_windows(struct stack_windows *windows, struct record *record)
{
	uint64_t stack_pointer;

	if (record->type == PERF_RECORD_SAMPLE &&
	    find_stack_pointer(&record->sample, &stack_pointer))
		stack_windows_give(windows, stack_pointer, record);
	else if (record->type == PERF_RECORD_COMM && record->comm.is_exec)
		stack_windows_forget(windows, record->tid);
}

/** The hit of a probe. */
static void apply_probe(struct perf_session *session, const struct record *record)
{
	const struct sample_record *sample = &record->sample;
	const struct span_edge *edge =
		&session->span_edges.edges[record->event_index - session->shown.n_layouts];
	uint64_t caller = 0;

	if (!sample->has_user_registers || !sample->user_registers_abi)
		return;
	if (sample->user_stack.size >= sizeof(caller))
		memcpy(&caller, sample->user_stack.data, sizeof(caller));
	if (edge->is_end)
		sample_spans_end(session->spans, record->pid, record->tid,
				 sample->user_registers[0]);
	else
		sample_spans_begin(session->spans, record->pid, record->tid,
				   sample->user_registers[0], caller);
}

/** Whether a record is for others to see: not a probe's, nor a sample outside of spans. */
static bool is_shown(struct perf_session *session, struct record *record)
{
	const uint32_t n_shown = session->shown.n_layouts;
	uint64_t stack_pointer;

	if (!session->spans)
		return true;
	if (record->type != PERF_RECORD_SAMPLE) {
		sample_spans_apply(session->spans, record);
		/* Losses are everybody's. */
		if (record->event_index >= n_shown)
			record->event_index = 0;
		return true;
	}
	if (record->event_index >= n_shown) {
		apply_probe(session, record);
		return false;
	}
	if (find_stack_pointer(&record->sample, &stack_pointer))
		sample_spans_see_stack(session->spans, record->tid, stack_pointer,
				       record->sample.user_stack);
	return sample_spans_are_open(session->spans, record->pid, record->tid);
}

static struct error *perf_session_next(struct record_source *source, uint64_t timeout_ns,
				       struct record *ret, enum record_source_state *state_ret)
{
	struct perf_session *session = container_of_source(source);
	bool is_end = false;
	struct bytes left;
	uint64_t time_ns;

	for (;;) {
		left = batch_reader_left(&session->reader, timeout_ns, &is_end);
		if (!left.size) {
			*state_ret = is_end ? RECORD_SOURCE_END : RECORD_SOURCE_IDLE;
			return NULL;
		}
		if (stack_windows_kind(session->windows, left, &time_ns)) {
			batch_reader_skip(&session->reader,
					  stack_windows_take(session->windows, left));
			continue;
		}
		RETURN_IF_ERROR(batch_reader_decode(&session->reader, left, ret));
		if (!is_shown(session, ret))
			continue;
		if (session->windows)
			serve_windows(session->windows, ret);
		break;
	}
	*state_ret = RECORD_SOURCE_RECORD;
	return NULL;
}

/** What a session holds before and after its drain runs. */
static void perf_session_free(struct perf_session *session)
{
	struct string_vector *degradations = &session->session.facts.degradations;

	stack_windows_destroy(session->windows);
	sample_spans_destroy(session->spans);
	if (session->span_edges.n_edges) {
		free((void *)session->shown.ids);
		free((void *)session->shown.event_of_id);
	}
	opened_events_deinit(&session->opened);
	free(session->layout_of_event);
	free(session->event_names);
	string_vector_destroy_items(degradations);
	free(session);
}

static void perf_session_destroy(struct record_source *source)
{
	struct perf_session *session = container_of_source(source);

	batch_reader_deinit(&session->reader);
	drain_deinit(&session->drain);
	perf_session_free(session);
}

/** All but the probes of spans: those are nobody else's business. */
static void describe_shown_events(struct perf_session *session)
{
	const struct record_layout_table *all = &session->layouts;
	uint64_t *ids;
	uint32_t *event_of_id;

	session->shown = *all;
	if (!session->span_edges.n_edges)
		return;
	session->shown.n_layouts -= (uint32_t)session->span_edges.n_edges;
	session->shown.n_ids = 0;
	session->shown.ids = ids = memory_allocate(all->n_ids, sizeof(*ids));
	session->shown.event_of_id = event_of_id =
		memory_allocate(all->n_ids, sizeof(*event_of_id));
	for (uint32_t i = 0; i < all->n_ids; i++) {
		if (all->event_of_id[i] >= session->shown.n_layouts)
			continue;
		ids[session->shown.n_ids] = all->ids[i];
		event_of_id[session->shown.n_ids++] = all->event_of_id[i];
	}
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
					  : i == opened->group_attr[RING_GROUP_SWITCH_STACKS]
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
	describe_shown_events(session);
	*source = (struct record_source){
		.name = "perf rings",
		.next = perf_session_next,
		.destroy = perf_session_destroy,
		.layouts = &session->shown,
		.attrs = opened->attrs,
		.event_names = session->event_names,
	};
}

/**
 * For stacks that are deeper than the kernel's copy; that gives way to a long kernel callchain,
 * so that the record keeps under its limit. Not for whole systems: a sample that hits another
 * BPF program would be dropped unseen. Without them nothing is given up yet: most stacks fit into
 * the copy, and those that do not are counted.
 */
static void open_windows(struct perf_session *session, const struct sampler_options *options)
{
	const uint32_t full_bytes = RECORD_SIZE_MAX_BYTES - SAMPLE_WITHOUT_STACK_MAX_BYTES;
	const uint32_t copy_bytes = session->session.facts.stack_copy_bytes;

	if (copy_bytes && options->target != SAMPLER_TARGET_SYSTEM)
		session->windows =
			stack_windows_create(&session->opened, MIN(copy_bytes, full_bytes));
	session->session.facts.has_stack_windows = session->windows != NULL;
}

/** Per CPU: less than one percent of it, at some ten microseconds each. */
#define SWITCH_STACKS_PER_SECOND 500

/** Per CPU: less than two percent of it, at about one and a half microseconds each. */
#define SWITCH_TIMES_PER_SECOND 10000

static struct error *start_drain(struct perf_session *session,
				 const struct sampler_options *options)
{
	struct opened_events *opened = &session->opened;
	const struct drain_plan plan = {
		.layouts = &session->layouts,
		.windows = session->windows,
		.watched_pids = options->watched_pids,
		.n_watched_pids = options->n_watched_pids,
		.opened = opened,
		.switch_stacks_per_second = options->switch_stacks_per_second
						    ? options->switch_stacks_per_second
						    : SWITCH_STACKS_PER_SECOND,
		.switch_times_per_second = SWITCH_TIMES_PER_SECOND,
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
	session->span_edges = options->spans;
	if (options->spans.n_edges)
		session->spans =
			sample_spans_create(options->spans.is_call, options->spans.is_per_process);
	describe_events(session);
	open_windows(session, options);
	error = start_drain(session, options);
	if (error) {
		perf_session_free(session);
		return error;
	}
	session->reader = (struct batch_reader){ .queue = &session->drain.queue,
						 .layouts = &session->layouts,
						 .name = session->session.source.name };
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

	/* Or it would turn some of them on meanwhile. */
	drain_set_paused(&perf_session->drain, !is_enabled);
	opened_events_set_enabled(&perf_session->opened, is_enabled);
}

static void perf_sampler_progress(struct sampler_session *session, struct sampler_progress *ret)
{
	struct perf_session *perf_session = container_of_source(&session->source);
	struct drain *drain = &perf_session->drain;

	*ret = (struct sampler_progress){
		.n_bytes = drain->n_bytes,
		.n_wakeups = drain->n_wakeups,
		.queue_bytes_max = batch_queue_size_max_bytes(&drain->queue),
		.n_spans = perf_session->spans ? sample_spans_count(perf_session->spans) : 0,
	};
}

static void perf_sampler_learn(struct sampler_session *session, const struct record *sample,
			       const struct stack_extent *extent)
{
	struct perf_session *perf_session = container_of_source(&session->source);

	if (perf_session->windows)
		stack_windows_learn(perf_session->windows, sample, extent);
}

const struct sampler perf_sampler = {
	.name = "perf",
	.description = "perf_event_open(2): stack copies or frame pointers, unwound here",
	.open = perf_sampler_open,
	.stop = perf_sampler_stop,
	.set_enabled = perf_sampler_set_enabled,
	.progress = perf_sampler_progress,
	.learn = perf_sampler_learn,
};
