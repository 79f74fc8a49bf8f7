#include "profile/profile_file.h"

#include "base/memory.h"
#include "profile/profile_file_format_internal.h"

#include <string.h>

struct writer {
	const struct profile *profile;
	profile_text_change *change;
	void *context;
	struct byte_vector *bytes;
};

static void write_bytes(struct writer *writer, const void *bytes, size_t size)
{
	const uint8_t *at = bytes;

	byte_vector_reserve(writer->bytes, writer->bytes->count + size);
	if (size)
		memcpy(writer->bytes->items + writer->bytes->count, at, size);
	writer->bytes->count += size;
}

static void write_number(struct writer *writer, uint64_t number)
{
	do {
		uint8_t byte = number & 0x7f;

		number >>= 7;
		byte_vector_append(writer->bytes, (uint8_t)(byte | (number ? 0x80 : 0)));
	} while (number);
}

/** The length and the bytes; NULL is written as "". */
static void write_text(struct writer *writer, enum profile_text_kind kind, const char *text)
{
	_cleanup_free_ char *changed = text && *text && writer->change
					       ? writer->change(writer->context, kind, text)
					       : NULL;
	const char *written = changed ? changed : text ? text : "";

	write_number(writer, strlen(written));
	write_bytes(writer, written, strlen(written));
}

static void write_id(struct writer *writer, enum profile_text_kind kind, string_id id)
{
	write_text(writer, kind, profile_text(writer->profile, id));
}

static void write_info(struct writer *writer)
{
	const struct profile_info *info = &writer->profile->info;
	const struct profile_losses *losses = &writer->profile->losses;
	const uint64_t numbers[] = {
		info->n_cpus,
		info->start_realtime_ns,
		info->wall_ns,
		info->user_cpu_ns,
		info->system_cpu_ns,
		info->rss_max_bytes,
		info->voluntary_switches,
		info->involuntary_switches,
		info->minor_faults,
		info->major_faults,
		info->has_exit_status,
		(uint32_t)info->exit_status,
		info->has_kernel_samples,
		info->is_kernel_only,
		info->stack_copy_bytes,
		losses->lost_records,
		losses->lost_samples,
		losses->throttles,
		losses->unreadable_records,
		info->machine_busy_ns,
	};

	write_text(writer, PROFILE_TEXT_COMMAND, info->command);
	write_text(writer, PROFILE_TEXT_NAME, info->program);
	write_text(writer, PROFILE_TEXT_HOST, info->hostname);
	write_text(writer, PROFILE_TEXT_OTHER, info->kernel_release);
	write_text(writer, PROFILE_TEXT_OTHER, info->architecture);
	write_text(writer, PROFILE_TEXT_OTHER, info->cpu_model);
	write_text(writer, PROFILE_TEXT_OTHER, info->tool_version);
	write_number(writer, ARRAY_SIZE(numbers));
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		write_number(writer, numbers[i]);
	write_number(writer, info->degradations.count);
	for (size_t i = 0; i < info->degradations.count; i++)
		write_text(writer, PROFILE_TEXT_OTHER, info->degradations.items[i]);
}

static void write_objects(struct writer *writer)
{
	const struct profile_object_vector *objects = &writer->profile->objects;

	write_number(writer, objects->count);
	for (size_t i = 0; i < objects->count; i++) {
		const struct profile_object *object = &objects->items[i];

		write_id(writer, PROFILE_TEXT_PATH, object->path);
		write_number(writer, object->build_id.size_bytes);
		write_bytes(writer, object->build_id.bytes, object->build_id.size_bytes);
		write_id(writer, PROFILE_TEXT_OTHER, object->problem);
		write_id(writer, PROFILE_TEXT_OTHER, object->problem_hint);
		write_id(writer, PROFILE_TEXT_OTHER, object->unwind_problem);
	}
}

static void write_frames(struct writer *writer)
{
	const struct profile_frame_vector *frames = &writer->profile->frames;

	write_number(writer, frames->count);
	for (size_t i = 0; i < frames->count; i++) {
		const struct profile_frame *frame = &frames->items[i];

		write_id(writer, PROFILE_TEXT_NAME, frame->name);
		write_number(writer, frame->object);
		write_id(writer, PROFILE_TEXT_PATH, frame->file);
		write_number(writer, frame->line);
		write_number(writer, frame->flags);
	}
}

static void write_locations(struct writer *writer)
{
	const struct profile *profile = writer->profile;

	write_number(writer, profile->locations.count);
	for (size_t i = 0; i < profile->locations.count; i++) {
		const struct profile_location *location = &profile->locations.items[i];

		write_number(writer, location->object);
		write_number(writer, location->elf_address);
		write_number(writer, location->runtime_address);
		write_number(writer, location->symbol_offset);
		write_number(writer, location->kind);
		write_number(writer, location->flags);
		write_number(writer, location->n_frames);
		for (uint32_t n = 0; n < location->n_frames; n++)
			write_number(writer,
				     profile->location_frames.items[location->first_frame + n]);
	}
}

/** Without the empty one. */
static void write_stacks(struct writer *writer)
{
	const struct profile_stack_vector *stacks = &writer->profile->stacks;

	write_number(writer, stacks->count - 1);
	for (size_t i = 1; i < stacks->count; i++) {
		write_number(writer, stacks->items[i].parent);
		write_number(writer, stacks->items[i].location);
	}
}

static void write_threads_and_events(struct writer *writer)
{
	const struct profile *profile = writer->profile;

	write_number(writer, profile->threads.count);
	for (size_t i = 0; i < profile->threads.count; i++) {
		const struct profile_thread *thread = &profile->threads.items[i];

		write_number(writer, thread->pid);
		write_number(writer, thread->tid);
		write_id(writer, PROFILE_TEXT_COMM, thread->comm);
		write_id(writer, PROFILE_TEXT_COMM, thread->process_comm);
	}
	write_number(writer, profile->events.count);
	for (size_t i = 0; i < profile->events.count; i++) {
		const struct profile_event *event = &profile->events.items[i];

		write_id(writer, PROFILE_TEXT_NAME, event->name);
		write_id(writer, PROFILE_TEXT_NAME, event->unit);
		write_number(writer, event->frequency_hz);
		write_number(writer, event->period);
		write_number(writer, event->measure);
	}
}

static void write_schedule(struct writer *writer)
{
	const struct profile_schedule *schedule = &writer->profile->schedule;
	const uint64_t numbers[] = {
		schedule->watched_ns,      schedule->n_switches,    schedule->n_waits,
		schedule->waits_ns,        schedule->n_with_stack,  schedule->with_stack_ns,
		schedule->n_without_stack, schedule->n_stacks_lost, schedule->least_ns,
		schedule->n_short,         schedule->short_ns,      schedule->n_estimated,
		schedule->estimated_ns,
	};

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		write_number(writer, numbers[i]);
	write_number(writer, schedule->concurrency_ns.count);
	for (size_t i = 0; i < schedule->concurrency_ns.count; i++)
		write_number(writer, schedule->concurrency_ns.items[i]);
	write_number(writer, schedule->threads.count);
	for (size_t i = 0; i < schedule->threads.count; i++) {
		const struct profile_thread_time *thread = &schedule->threads.items[i];

		write_number(writer, thread->pid);
		write_number(writer, thread->tid);
		write_number(writer, thread->running_ns);
		write_number(writer, thread->off_cpu_ns);
		write_number(writer, thread->n_switches);
		write_number(writer, thread->n_preempted);
	}
}

static void write_samples(struct writer *writer)
{
	const struct profile *profile = writer->profile;
	uint64_t time_ns = 0;

	write_number(writer, profile->samples.count);
	for (size_t i = 0; i < profile->samples.count; i++) {
		const struct profile_sample *sample = &profile->samples.items[i];

		write_number(writer, sample->thread);
		write_number(writer, sample->event);
		write_number(writer, sample->stack);
		write_number(writer, sample->end);
		write_number(writer, sample->count);
		write_number(writer, sample->period);
	}
	write_number(writer, profile->ticks.count);
	for (size_t i = 0; i < profile->ticks.count; i++) {
		const struct profile_tick *tick = &profile->ticks.items[i];

		/* Times ascend; a few that do not wrap around and back. */
		write_number(writer, tick->time_ns - time_ns);
		time_ns = tick->time_ns;
		write_number(writer, tick->period);
		write_number(writer, tick->sample);
		write_number(writer, tick->cpu);
		if (i % PROFILE_TICKS_PER_RELEASE == 0)
			profile_release_ticks(profile);
	}
}

struct error *profile_file_write(const struct profile *profile, profile_text_change *change,
				 void *context, struct byte_vector *ret)
{
	struct writer writer = { profile, change, context, ret };

	write_bytes(&writer, PROFILE_FILE_MAGIC, PROFILE_FILE_MAGIC_LENGTH);
	write_number(&writer, PROFILE_FILE_VERSION);
	write_info(&writer);
	write_objects(&writer);
	write_frames(&writer);
	write_locations(&writer);
	write_stacks(&writer);
	write_threads_and_events(&writer);
	write_schedule(&writer);
	write_samples(&writer);
	if (ret->count > PROFILE_FILE_SIZE_MAX_BYTES)
		return error_new(ERROR_UNSUPPORTED, "the profile is larger than 1 GiB");
	return NULL;
}
