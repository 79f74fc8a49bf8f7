#include "sampled_command.h"

#include "capture/launch.h"
#include "capture/sampler.h"
#include "process/process.h"

#include <sys/wait.h>

#define WAIT_NS UINT64_C(100000000)

static struct error *take_records(struct record_source *source, struct process_table *processes,
				  void (*take)(void *context, const struct record *sample),
				  void *context)
{
	enum record_source_state state = RECORD_SOURCE_IDLE;
	struct record record;

	while (state != RECORD_SOURCE_END) {
		RETURN_IF_ERROR(source->next(source, WAIT_NS, &record, &state));
		if (state != RECORD_SOURCE_RECORD)
			continue;
		if (record.type == PERF_RECORD_SAMPLE)
			take(context, &record);
		else
			process_table_apply(processes, &record);
	}
	return NULL;
}

struct error *sampled_command_run(char **command, struct process_table *processes,
				  void (*take)(void *context, const struct record *sample),
				  void *context)
{
	struct sampler_options options = {
		.frequency_hz = 1999,
		.sides = SAMPLED_USER_ONLY,
		.stack_method = STACK_METHOD_DWARF,
		.n_watched_pids = 1,
	};
	struct launch launch = { 0 };
	struct sampler_session *session;
	struct error *error;
	uint32_t watched_pid;

	RETURN_IF_ERROR(launch_prepare(command, &launch));
	options.pid = launch.pid;
	watched_pid = (uint32_t)launch.pid;
	options.watched_pids = &watched_pid;
	error = samplers[0]->open(&options, &session);
	if (error) {
		launch_abandon(&launch);
		return error;
	}
	error = launch_exec(&launch);
	if (!error)
		error = take_records(&session->source, processes, take, context);
	launch_abandon(&launch);
	session->source.destroy(&session->source);
	waitpid(launch.pid, NULL, 0);
	return error;
}

bool sampled_command_registers(const struct sample_record *sample, struct registers *ret)
{
	const struct architecture *architecture = architecture_native();

	*ret = (struct registers){ 0 };
	if (!sample->has_user_registers || sample->user_registers_abi != PERF_SAMPLE_REGS_ABI_64 ||
	    sample->user_registers_mask != architecture->perf_registers_mask)
		return false;
	for (int i = 0; i < __builtin_popcountll(sample->user_registers_mask); i++) {
		uint8_t number = architecture->dwarf_register_of_perf[i];

		ret->values[number] = sample->user_registers[i];
		ret->valid_mask |= UINT64_C(1) << number;
	}
	return true;
}
