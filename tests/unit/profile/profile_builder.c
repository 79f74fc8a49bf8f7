#include "profile_builder.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define USER_BASE   UINT64_C(0x400000)
#define KERNEL_BASE UINT64_C(0xffffffff81000000)

#define FUNCTION_SIZE_BYTES 0x1000
#define CALL_OFFSET         0x10 /* of the address in its function */

#define FRAMES_MAX 4096

void profile_builder_init(struct profile_builder *builder)
{
	*builder = (struct profile_builder){ .profile = profile_create(), .time_ns = 1000000000 };
	builder->event = profile_add_event(builder->profile, "cpu-clock", "ns");
}

static uint32_t builder_frame(struct profile_builder *builder,
			      const struct profile_builder_frame *frame)
{
	struct profile *profile = builder->profile;
	struct profile_frame made = {
		.name = profile_intern_text(profile, frame->name),
		.object = profile_intern_object(profile, frame->object ? frame->object : "/bin/app",
						NULL),
		.file = profile_intern_text(profile, frame->file),
		.line = frame->line,
		.flags = frame->flags,
	};

	return profile_intern_frame(profile, &made);
}

/** The location with exactly these frames, innermost first; made when there is none. */
static uint32_t builder_location(struct profile_builder *builder, const uint32_t *frames,
				 uint32_t n_frames)
{
	struct profile *profile = builder->profile;
	const struct profile_frame *function = &profile->frames.items[frames[n_frames - 1]];
	bool is_kernel = function->flags & FRAME_IS_KERNEL;
	uint64_t elf_address;
	uint32_t location;

	for (uint32_t i = 0; i < profile->locations.count; i++) {
		const struct profile_location *other = &profile->locations.items[i];

		if (other->n_frames == n_frames &&
		    memcmp(profile->location_frames.items + other->first_frame, frames,
			   n_frames * sizeof(*frames)) == 0)
			return i;
	}
	elf_address = (profile->locations.count + 1) * FUNCTION_SIZE_BYTES + CALL_OFFSET;
	location = profile_intern_location(profile, function->object, elf_address,
					   elf_address + (is_kernel ? KERNEL_BASE : USER_BASE),
					   is_kernel ? LOCATION_KERNEL : LOCATION_USER, 0);
	profile_set_location_frames(profile, location, frames, n_frames,
				    function->flags & FRAME_IS_UNKNOWN ? 0 : CALL_OFFSET);
	return location;
}

uint32_t profile_builder_stack(struct profile_builder *builder,
			       const struct profile_builder_frame *frames, size_t n_frames)
{
	uint32_t ids[FRAMES_MAX];
	uint32_t stack = 0;
	size_t i = 0;

	assert(n_frames <= FRAMES_MAX);
	while (i < n_frames) {
		size_t n_here = 1;

		while (i + n_here < n_frames && frames[i + n_here].flags & FRAME_IS_INLINED)
			n_here++;
		for (size_t j = 0; j < n_here; j++)
			ids[n_here - 1 - j] = builder_frame(builder, &frames[i + j]);
		stack = profile_intern_stack(builder->profile, stack,
					     builder_location(builder, ids, (uint32_t)n_here));
		i += n_here;
	}
	return stack;
}

void profile_builder_add_sample(struct profile_builder *builder, uint32_t thread, uint32_t stack,
				enum stack_end end, uint64_t count)
{
	uint32_t sample = profile_add_sample(builder->profile, thread, builder->event, stack, end,
					     count, count * PROFILE_BUILDER_PERIOD_NS);

	for (uint64_t i = 0; builder->keeps_ticks && i < count; i++) {
		profile_add_tick(builder->profile, sample, builder->time_ns, 0,
				 PROFILE_BUILDER_PERIOD_NS);
		builder->time_ns += 1000000;
	}
}

/** Cut a field ending at one of @p ends out of @p *text, in place, backslashes undone. */
static char *cut_field(char **text, const char *ends, char *end_ret)
{
	char *field = *text, *from = *text, *to = *text;

	while (*from && !strchr(ends, *from)) {
		if (*from == '\\' && from[1])
			from++;
		*to++ = *from++;
	}
	*end_ret = *from;
	*text = *from ? from + 1 : from;
	*to = '\0';
	return field;
}

static bool cut_suffix(char *text, const char *suffix)
{
	size_t length = strlen(text), suffix_length = strlen(suffix);

	if (length <= suffix_length || strcmp(text + length - suffix_length, suffix) != 0)
		return false;
	text[length - suffix_length] = '\0';
	return true;
}

static struct profile_builder_frame parse_frame(char **text, const char *default_object,
						char *end_ret)
{
	struct profile_builder_frame frame = { .object = default_object };
	char *name = cut_field(text, "@; ", end_ret);

	if (cut_suffix(name, "_[k]")) {
		frame.flags = FRAME_IS_KERNEL;
		frame.object = "[kernel.kallsyms]";
	} else if (cut_suffix(name, "_[i]")) {
		frame.flags = FRAME_IS_INLINED;
	} else if (cut_suffix(name, "_[j]")) {
		frame.flags = FRAME_IS_JIT;
	}
	if (strcmp(name, "[unknown]") == 0)
		frame.flags |= FRAME_IS_UNKNOWN;
	frame.name = name;
	if (*end_ret == '@')
		frame.object = cut_field(text, "; ", end_ret);
	return frame;
}

static enum stack_end parse_stack_end(const char *name)
{
	enum stack_end end = STACK_END_ROOT;

	if (!*name)
		return end;
	for (end = 0; end < N_STACK_ENDS; end++) {
		if (strcmp(stack_end_name(end), name) == 0)
			break;
	}
	assert(end < N_STACK_ENDS);
	return end;
}

static void builder_add_line(struct profile_builder *builder, char *line)
{
	struct profile_builder_frame frames[FRAMES_MAX];
	size_t n_frames = 0;
	uint32_t pid = 100, tid = 100, thread;
	char end, *comm = cut_field(&line, "; ", &end), *dash = strrchr(comm, '-');
	_cleanup_free_ char *object = NULL;
	unsigned long long count;
	int n_read = 0;

	if (dash && sscanf(dash, "-%u/%u%n", &pid, &tid, &n_read) == 2 && dash[n_read] == '\0')
		*dash = '\0';
	object = memory_format_text("/bin/%s", comm);
	while (end == ';') {
		assert(n_frames < ARRAY_SIZE(frames));
		frames[n_frames++] = parse_frame(&line, object, &end);
	}
	assert(end == ' ' && sscanf(line, "%llu%n", &count, &n_read) == 1);
	line += n_read;

	thread = profile_intern_thread(builder->profile, pid, tid, comm, comm);
	profile_builder_add_sample(builder, thread,
				   profile_builder_stack(builder, frames, n_frames),
				   parse_stack_end(*line == ' ' ? line + 1 : line), count);
}

void profile_builder_add(struct profile_builder *builder, const char *lines)
{
	_cleanup_free_ char *copy = memory_duplicate_text(lines);
	char *line = copy;

	while (*line) {
		char *line_end = line;

		while (*line_end && *line_end != '\n')
			line_end += *line_end == '\\' && line_end[1] ? 2 : 1;
		char *next = *line_end ? line_end + 1 : line_end;

		*line_end = '\0';
		builder_add_line(builder, line);
		line = next;
	}
}

struct profile *profile_build(const char *lines)
{
	struct profile_builder builder;

	profile_builder_init(&builder);
	profile_builder_add(&builder, lines);
	return builder.profile;
}

struct profile *profile_build_in_time(const char *lines)
{
	struct profile_builder builder;

	profile_builder_init(&builder);
	builder.keeps_ticks = true;
	profile_builder_add(&builder, lines);
	return builder.profile;
}
