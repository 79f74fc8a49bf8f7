#include "profile/profile_file.h"

#include "base/memory.h"
#include "profile/profile_file_format_internal.h"

/** Numbers of the schedule that are there from version 2 on, the last ones. */
#define N_SCHEDULE_NUMBERS_OF_VERSION_2 2

/** Numbers of the info that this version knows; a later one may have more. */
#define INFO_NUMBERS 20

struct file_reader {
	struct byte_reader bytes;
	uint64_t version;
	struct profile *profile;
	/* Ids in the file to ids of the profile. */
	struct index_vector objects, frames, locations, stacks, threads, events, samples;
};

static struct error *read_number(struct file_reader *reader, uint64_t *ret)
{
	return byte_reader_uleb128(&reader->bytes, ret);
}

static struct error *read_u32(struct file_reader *reader, const char *what, uint32_t *ret)
{
	uint64_t number = 0;

	RETURN_IF_ERROR(read_number(reader, &number));
	if (number > UINT32_MAX)
		return byte_reader_error(&reader->bytes, what);
	*ret = (uint32_t)number;
	return NULL;
}

/** How many entries follow: each has at least one byte. */
static struct error *read_count(struct file_reader *reader, uint64_t *ret)
{
	uint64_t count = 0;

	RETURN_IF_ERROR(read_number(reader, &count));
	if (count > byte_reader_left(&reader->bytes))
		return byte_reader_error(&reader->bytes, "more entries than bytes");
	*ret = count;
	return NULL;
}

/** An id of the file as one of the profile. */
static struct error *read_id(struct file_reader *reader, const struct index_vector *ids,
			     uint32_t *ret)
{
	uint64_t id = 0;

	RETURN_IF_ERROR(read_number(reader, &id));
	if (id >= ids->count)
		return byte_reader_error(&reader->bytes, "an id that was not defined before");
	*ret = ids->items[id];
	return NULL;
}

/** Borrowed from the bytes, without a NUL. */
static struct error *read_text_bytes(struct file_reader *reader, struct bytes *ret)
{
	uint64_t length = 0;

	RETURN_IF_ERROR(read_count(reader, &length));
	RETURN_IF_ERROR(byte_reader_bytes(&reader->bytes, (size_t)length, ret));
	if (ret->size && memchr(ret->data, '\0', ret->size))
		return byte_reader_error(&reader->bytes, "a text with a NUL");
	return NULL;
}

static struct error *read_text(struct file_reader *reader, string_id *ret)
{
	struct bytes text = { 0 };

	RETURN_IF_ERROR(read_text_bytes(reader, &text));
	*ret = string_table_intern_length(&reader->profile->strings, (const char *)text.data,
					  text.size);
	return NULL;
}

/** NULL for "". */
static struct error *read_owned_text(struct file_reader *reader, char **ret)
{
	struct bytes text = { 0 };

	RETURN_IF_ERROR(read_text_bytes(reader, &text));
	*ret = text.size ? memory_format_text("%.*s", (int)text.size, (const char *)text.data)
			 : NULL;
	return NULL;
}

static struct error *read_info_numbers(struct file_reader *reader)
{
	struct profile_info *info = &reader->profile->info;
	struct profile_losses *losses = &reader->profile->losses;
	uint64_t numbers[INFO_NUMBERS] = { 0 }, count = 0, ignored;
	size_t n = 0;

	RETURN_IF_ERROR(read_count(reader, &count));
	for (uint64_t i = 0; i < count; i++)
		RETURN_IF_ERROR(read_number(reader, i < INFO_NUMBERS ? &numbers[i] : &ignored));
	info->n_cpus = (uint32_t)numbers[n++];
	info->start_realtime_ns = numbers[n++];
	info->wall_ns = numbers[n++];
	info->user_cpu_ns = numbers[n++];
	info->system_cpu_ns = numbers[n++];
	info->rss_max_bytes = numbers[n++];
	info->voluntary_switches = numbers[n++];
	info->involuntary_switches = numbers[n++];
	info->minor_faults = numbers[n++];
	info->major_faults = numbers[n++];
	info->has_exit_status = numbers[n++] != 0;
	info->exit_status = (int)(uint32_t)numbers[n++];
	info->has_kernel_samples = numbers[n++] != 0;
	info->is_kernel_only = numbers[n++] != 0;
	info->stack_copy_bytes = numbers[n++];
	losses->lost_records = numbers[n++];
	losses->lost_samples = numbers[n++];
	losses->throttles = numbers[n++];
	losses->unreadable_records = numbers[n++];
	info->machine_busy_ns = numbers[n++];
	return NULL;
}

static struct error *read_info(struct file_reader *reader)
{
	struct profile_info *info = &reader->profile->info;
	char **const texts[] = { &info->command,        &info->program,      &info->hostname,
				 &info->kernel_release, &info->architecture, &info->cpu_model,
				 &info->tool_version };
	uint64_t count = 0;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		RETURN_IF_ERROR(read_owned_text(reader, texts[i]));
	RETURN_IF_ERROR(read_info_numbers(reader));
	RETURN_IF_ERROR(read_count(reader, &count));
	for (uint64_t i = 0; i < count; i++) {
		char *text = NULL;

		RETURN_IF_ERROR(read_owned_text(reader, &text));
		string_vector_append(&info->degradations, text ? text : memory_duplicate_text(""));
	}
	return NULL;
}

static struct error *read_object(struct file_reader *reader)
{
	struct profile *profile = reader->profile;
	struct build_id build_id = { 0 };
	string_id path = 0, problem = 0, hint = 0, unwind_problem = 0;
	struct bytes bytes = { 0 };
	uint64_t size = 0;
	uint32_t id;

	RETURN_IF_ERROR(read_text(reader, &path));
	RETURN_IF_ERROR(read_number(reader, &size));
	if (size > BUILD_ID_SIZE_MAX_BYTES)
		return byte_reader_error(&reader->bytes, "a build id that is too long");
	RETURN_IF_ERROR(byte_reader_bytes(&reader->bytes, (size_t)size, &bytes));
	build_id.size_bytes = (uint8_t)size;
	if (size)
		memcpy(build_id.bytes, bytes.data, bytes.size);
	RETURN_IF_ERROR(read_text(reader, &problem));
	RETURN_IF_ERROR(read_text(reader, &hint));
	if (reader->version >= 3)
		RETURN_IF_ERROR(read_text(reader, &unwind_problem));
	id = profile_intern_object(profile, profile_text(profile, path), &build_id);
	profile->objects.items[id].problem = problem;
	profile->objects.items[id].problem_hint = hint;
	profile->objects.items[id].unwind_problem = unwind_problem;
	index_vector_append(&reader->objects, id);
	return NULL;
}

static struct error *read_frame(struct file_reader *reader)
{
	struct profile_frame frame = { 0 };

	RETURN_IF_ERROR(read_text(reader, &frame.name));
	RETURN_IF_ERROR(read_id(reader, &reader->objects, &frame.object));
	RETURN_IF_ERROR(read_text(reader, &frame.file));
	RETURN_IF_ERROR(read_u32(reader, "a line number that is too large", &frame.line));
	RETURN_IF_ERROR(read_u32(reader, "flags that are too large", &frame.flags));
	if (!frame.name)
		return byte_reader_error(&reader->bytes, "a function without a name");
	index_vector_append(&reader->frames, profile_intern_frame(reader->profile, &frame));
	return NULL;
}

static struct error *read_location_frames(struct file_reader *reader, uint32_t location,
					  uint64_t symbol_offset)
{
	struct index_vector frames = { 0 };
	struct error *error;
	uint64_t count = 0;

	RETURN_IF_ERROR(read_count(reader, &count));
	error = NULL;
	for (uint64_t i = 0; i < count && !error; i++) {
		uint32_t frame = 0;

		error = read_id(reader, &reader->frames, &frame);
		if (!error)
			index_vector_append(&frames, frame);
	}
	if (!error && frames.count)
		profile_set_location_frames(reader->profile, location, frames.items,
					    (uint32_t)frames.count, symbol_offset);
	index_vector_deinit(&frames);
	return error;
}

static struct error *read_location(struct file_reader *reader)
{
	uint64_t elf_address = 0, runtime_address = 0, symbol_offset = 0, kind = 0;
	uint32_t object = 0, flags = 0, id;

	RETURN_IF_ERROR(read_id(reader, &reader->objects, &object));
	RETURN_IF_ERROR(read_number(reader, &elf_address));
	RETURN_IF_ERROR(read_number(reader, &runtime_address));
	RETURN_IF_ERROR(read_number(reader, &symbol_offset));
	RETURN_IF_ERROR(read_number(reader, &kind));
	if (kind != LOCATION_USER && kind != LOCATION_KERNEL)
		return byte_reader_error(&reader->bytes, "an unknown kind of location");
	RETURN_IF_ERROR(read_u32(reader, "flags that are too large", &flags));
	id = profile_add_location(reader->profile, object, elf_address, (enum location_kind)kind,
				  flags);
	reader->profile->locations.items[id].runtime_address = runtime_address;
	index_vector_append(&reader->locations, id);
	return read_location_frames(reader, id, symbol_offset);
}

static struct error *read_stack(struct file_reader *reader)
{
	uint32_t parent = 0, location = 0;

	RETURN_IF_ERROR(read_id(reader, &reader->stacks, &parent));
	RETURN_IF_ERROR(read_id(reader, &reader->locations, &location));
	index_vector_append(&reader->stacks,
			    profile_intern_stack(reader->profile, parent, location));
	return NULL;
}

static struct error *read_thread(struct file_reader *reader)
{
	struct profile *profile = reader->profile;
	string_id comm = 0, process_comm = 0;
	uint32_t pid = 0, tid = 0;

	RETURN_IF_ERROR(read_u32(reader, "a process id that is too large", &pid));
	RETURN_IF_ERROR(read_u32(reader, "a thread id that is too large", &tid));
	RETURN_IF_ERROR(read_text(reader, &comm));
	RETURN_IF_ERROR(read_text(reader, &process_comm));
	index_vector_append(&reader->threads,
			    profile_intern_thread(profile, pid, tid, profile_text(profile, comm),
						  profile_text(profile, process_comm)));
	return NULL;
}

static struct error *read_event(struct file_reader *reader)
{
	struct profile *profile = reader->profile;
	string_id name = 0, unit = 0;
	uint64_t frequency_hz = 0, period = 0, measure = 0;
	uint32_t id;

	RETURN_IF_ERROR(read_text(reader, &name));
	RETURN_IF_ERROR(read_text(reader, &unit));
	RETURN_IF_ERROR(read_number(reader, &frequency_hz));
	RETURN_IF_ERROR(read_number(reader, &period));
	RETURN_IF_ERROR(read_number(reader, &measure));
	if (measure > PROFILE_WALL)
		return byte_reader_error(&reader->bytes, "an unknown kind of event");
	id = profile_add_event(profile, profile_text(profile, name), profile_text(profile, unit));
	profile->events.items[id].frequency_hz = frequency_hz;
	profile->events.items[id].period = period;
	profile->events.items[id].measure = (enum profile_measure)measure;
	index_vector_append(&reader->events, id);
	return NULL;
}

static struct error *read_table(struct file_reader *reader,
				struct error *(*read_entry)(struct file_reader *reader))
{
	uint64_t count = 0;

	RETURN_IF_ERROR(read_count(reader, &count));
	for (uint64_t i = 0; i < count; i++)
		RETURN_IF_ERROR(read_entry(reader));
	return NULL;
}

static struct error *read_thread_time(struct file_reader *reader)
{
	struct profile_thread_time thread = { 0 };

	RETURN_IF_ERROR(read_u32(reader, "a process id that is too large", &thread.pid));
	RETURN_IF_ERROR(read_u32(reader, "a thread id that is too large", &thread.tid));
	RETURN_IF_ERROR(read_number(reader, &thread.running_ns));
	RETURN_IF_ERROR(read_number(reader, &thread.off_cpu_ns));
	RETURN_IF_ERROR(read_number(reader, &thread.n_switches));
	RETURN_IF_ERROR(read_number(reader, &thread.n_preempted));
	profile_thread_time_vector_append(&reader->profile->schedule.threads, thread);
	return NULL;
}

static struct error *read_concurrency(struct file_reader *reader)
{
	uint64_t duration_ns = 0;

	RETURN_IF_ERROR(read_number(reader, &duration_ns));
	address_vector_append(&reader->profile->schedule.concurrency_ns, duration_ns);
	return NULL;
}

static struct error *read_schedule(struct file_reader *reader)
{
	struct profile_schedule *schedule = &reader->profile->schedule;
	uint64_t *const numbers[] = {
		&schedule->watched_ns,      &schedule->n_switches,    &schedule->n_waits,
		&schedule->waits_ns,        &schedule->n_with_stack,  &schedule->with_stack_ns,
		&schedule->n_without_stack, &schedule->n_stacks_lost, &schedule->least_ns,
		&schedule->n_short,         &schedule->short_ns,      &schedule->n_estimated,
		&schedule->estimated_ns,
	};

	size_t n_numbers = ARRAY_SIZE(numbers);

	if (reader->version < 2)
		n_numbers -= N_SCHEDULE_NUMBERS_OF_VERSION_2;
	for (size_t i = 0; i < n_numbers; i++)
		RETURN_IF_ERROR(read_number(reader, numbers[i]));
	RETURN_IF_ERROR(read_table(reader, read_concurrency));
	return read_table(reader, read_thread_time);
}

static struct error *read_sample(struct file_reader *reader)
{
	uint32_t thread = 0, event = 0, stack = 0;
	uint64_t end = 0, count = 0, period = 0;

	RETURN_IF_ERROR(read_id(reader, &reader->threads, &thread));
	RETURN_IF_ERROR(read_id(reader, &reader->events, &event));
	RETURN_IF_ERROR(read_id(reader, &reader->stacks, &stack));
	RETURN_IF_ERROR(read_number(reader, &end));
	if (end >= N_STACK_ENDS)
		return byte_reader_error(&reader->bytes, "an unknown end of a stack");
	RETURN_IF_ERROR(read_number(reader, &count));
	RETURN_IF_ERROR(read_number(reader, &period));
	index_vector_append(&reader->samples,
			    profile_add_sample(reader->profile, thread, event, stack,
					       (enum stack_end)end, count, period));
	return NULL;
}

static struct error *read_ticks(struct file_reader *reader)
{
	uint64_t count = 0, time_ns = 0, elapsed_ns = 0, period = 0;
	uint32_t sample = 0, cpu = 0;

	RETURN_IF_ERROR(read_count(reader, &count));
	for (uint64_t i = 0; i < count; i++) {
		RETURN_IF_ERROR(read_number(reader, &elapsed_ns));
		RETURN_IF_ERROR(read_number(reader, &period));
		RETURN_IF_ERROR(read_id(reader, &reader->samples, &sample));
		RETURN_IF_ERROR(read_u32(reader, "a CPU number that is too large", &cpu));
		time_ns += elapsed_ns;
		profile_add_tick(reader->profile, sample, time_ns, cpu, period);
	}
	return NULL;
}

static struct error *read_header(struct file_reader *reader)
{
	struct bytes magic = { 0 };

	RETURN_IF_ERROR(byte_reader_bytes(&reader->bytes, PROFILE_FILE_MAGIC_LENGTH, &magic));
	if (memcmp(magic.data, PROFILE_FILE_MAGIC, PROFILE_FILE_MAGIC_LENGTH) != 0)
		return byte_reader_error(&reader->bytes, "this is no profile");
	RETURN_IF_ERROR(read_number(reader, &reader->version));
	if (reader->version < 1 || reader->version > PROFILE_FILE_VERSION)
		return error_with_hint(
			byte_reader_error(&reader->bytes, "a version that is not known here"),
			"open it with the version of perf-profile that wrote it");
	return NULL;
}

static struct error *read_all(struct file_reader *reader, bool is_without_ticks)
{
	index_vector_append(&reader->stacks, 0);
	RETURN_IF_ERROR(read_header(reader));
	RETURN_IF_ERROR(read_info(reader));
	RETURN_IF_ERROR(read_table(reader, read_object));
	RETURN_IF_ERROR(read_table(reader, read_frame));
	RETURN_IF_ERROR(read_table(reader, read_location));
	RETURN_IF_ERROR(read_table(reader, read_stack));
	RETURN_IF_ERROR(read_table(reader, read_thread));
	RETURN_IF_ERROR(read_table(reader, read_event));
	RETURN_IF_ERROR(read_schedule(reader));
	RETURN_IF_ERROR(read_table(reader, read_sample));
	return is_without_ticks ? NULL : read_ticks(reader);
}

struct error *profile_file_read(struct bytes bytes, const char *source, bool is_without_ticks,
				struct profile **ret)
{
	struct file_reader reader = {
		.bytes = byte_reader_make(bytes, source),
		.profile = profile_create(),
	};
	struct error *error = read_all(&reader, is_without_ticks);

	index_vector_deinit(&reader.objects);
	index_vector_deinit(&reader.frames);
	index_vector_deinit(&reader.locations);
	index_vector_deinit(&reader.stacks);
	index_vector_deinit(&reader.threads);
	index_vector_deinit(&reader.events);
	index_vector_deinit(&reader.samples);
	if (error) {
		profile_destroy(reader.profile);
		return error;
	}
	*ret = reader.profile;
	return NULL;
}
