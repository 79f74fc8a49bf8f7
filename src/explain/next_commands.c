#include "explain/explanation_internal.h"

#include "base/escape.h"

/** When a step helps. */
enum step_need {
	NEED_NOTHING,
	NEED_LOW_RATE,       /**< Sampled, and below DETAIL_RATE_HZ. */
	NEED_KERNEL_SAMPLES, /**< The kernel side was recorded. */
	NEED_KERNEL_ACCESS,  /**< It was not. */
	NEED_BETTER_NAMES,   /**< Stacks are cut short or code has no names. */
};

#define DETAIL_RATE_HZ 4999

/** One line of advice; COMMAND stands for the profiled command, PROGRAM for its first word. */
struct next_step {
	uint32_t kinds; /**< Bit N: for enum program_kind N. */
	enum step_need need;
	const char *command;
	const char *why;
};

/** Between a command and its reason. */
#define WHY_MARK "  # "

#define KIND(kind) (UINT32_C(1) << (kind))
#define ANY_KIND   UINT32_MAX

/* Only what this version can do. */
static const struct next_step next_steps[] = {
	{ KIND(PROGRAM_CPU_BOUND) | KIND(PROGRAM_SERIAL) | KIND(PROGRAM_PARALLEL) |
		  KIND(PROGRAM_KERNEL_BOUND),
	  NEED_LOW_RATE, "perf-profile -F 4999 -- COMMAND",
	  "finer: functions of a few milliseconds get enough samples" },
	{ KIND(PROGRAM_KERNEL_BOUND) | KIND(PROGRAM_IO_BOUND), NEED_KERNEL_SAMPLES,
	  "perf-profile --kernel-only -- COMMAND", "the kernel side alone" },
	{ KIND(PROGRAM_LOCK_BOUND) | KIND(PROGRAM_IO_BOUND) | KIND(PROGRAM_IDLE), NEED_LOW_RATE,
	  "perf-profile -F 4999 -- COMMAND", "more samples of what it does between its waits" },
	{ KIND(PROGRAM_TOO_SHORT), NEED_NOTHING, "perf-profile -F max -- COMMAND",
	  "as many samples as can be taken" },
	{ ANY_KIND, NEED_KERNEL_ACCESS, "sudo perf-profile -- COMMAND",
	  "with the kernel side, which was not recorded" },
	{ ANY_KIND, NEED_BETTER_NAMES, "perf-profile check PROGRAM",
	  "what its names and stacks lack and the line that mends it" },
};

static bool is_met(enum step_need need, const struct explanation *explanation,
		   const struct profile *profile)
{
	uint64_t frequency_hz = profile->events.items[explanation->event].frequency_hz;
	const struct profile_quality *quality = &explanation->quality;

	switch (need) {
	case NEED_NOTHING:
		return true;
	case NEED_LOW_RATE:
		return quality->n_samples && frequency_hz && frequency_hz < DETAIL_RATE_HZ;
	case NEED_KERNEL_SAMPLES:
		return profile->info.has_kernel_samples;
	case NEED_KERNEL_ACCESS:
		return profile->info.command && !profile->info.has_kernel_samples;
	case NEED_BETTER_NAMES:
		return quality->n_samples && (quality->complete_share < COMPLETE_SHARE_WANTED ||
					      quality->named_share < NAMED_SHARE_WANTED);
	}
	return false;
}

/** The program of a shell-quoted command; all of it when its name is quoted. */
static size_t program_length(const char *command)
{
	return command[0] == '\'' ? strlen(command) : strcspn(command, " ");
}

/** Where the command goes, or what was recorded instead. */
#define COMMAND_PLACE "-- COMMAND"
#define PROGRAM_PLACE "PROGRAM"

/** @p text with what was recorded filled in; NULL: it is about a program, and there was none. */
static char *fill_in(const char *text, const struct profile_info *info)
{
	const char *command = info->command ? info->command : "COMMAND";
	const char *place = strstr(text, PROGRAM_PLACE);

	if (place && info->target)
		return NULL;
	if (place)
		return memory_format_text("%.*s%.*s%s", (int)(place - text), text,
					  (int)program_length(command), command,
					  place + strlen(PROGRAM_PLACE));
	place = strstr(text, COMMAND_PLACE);
	return memory_format_text("%.*s%s%s%s", (int)(place - text), text,
				  info->target ? "" : "-- ", info->target ? info->target : command,
				  place + strlen(COMMAND_PLACE));
}

void explanation_write_next_command(const char *line, size_t width_columns, FILE *file)
{
	_cleanup_free_ char *plain = escape_plain(line);
	char *why = strstr(plain, WHY_MARK);

	if (why && strlen("  ") + strlen(plain) > width_columns) {
		fprintf(file, "%s\n", why);
		*why = '\0';
	}
	fprintf(file, "  %s\n", plain);
}

void next_commands_append(const struct explanation *explanation, const struct profile *profile,
			  struct string_vector *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(next_steps); i++) {
		const struct next_step *step = &next_steps[i];
		_cleanup_free_ char *line = NULL;

		if (!(step->kinds & KIND(explanation->kind)) ||
		    !is_met(step->need, explanation, profile))
			continue;
		line = fill_in(step->command, &profile->info);
		if (line)
			string_vector_append(
				ret, memory_format_text("%s" WHY_MARK "%s", line, step->why));
	}
}
