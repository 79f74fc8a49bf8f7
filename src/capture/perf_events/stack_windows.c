#include "capture/perf_events/stack_windows.h"

#include "arch/architecture.h"
#include "base/hash_map.h"
#include "capture/perf_events/stack_window_program.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/** Threads the program knows at once; the least recently seen is forgotten. */
#define THREADS_MAX 16384

/** Wanted of a thread as soon as its end is known. */
#define WINDOW_FIRST_BYTES 61440

/** Room below the first missing word: the next sample's may be a little further in. */
#define SLACK_BYTES 4096

#define WINDOW_MAX_BYTES ((uint64_t)STACK_WINDOW_N_CHUNKS * STACK_WINDOW_CHUNK_BYTES)

/** The kernel calls programs with this licence's text GPL-compatible, as its helpers ask for. */
#define PROGRAM_LICENSE "Dual MIT/GPL"

/** Up to CPU as the samples of perf_sampler, so that both can be told apart. */
#define WINDOW_SAMPLE_TYPE                                                                         \
	(PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME |            \
	 PERF_SAMPLE_CPU | PERF_SAMPLE_PERIOD | PERF_SAMPLE_RAW)

/** perf_event_open(2), "MMAP layout", for WINDOW_SAMPLE_TYPE. */
struct window_record {
	struct perf_event_header header;
	uint64_t id;
	uint64_t ip;
	uint32_t pid, tid;
	uint64_t time_ns;
	uint32_t cpu, reserved;
	uint64_t period;
	uint32_t raw_size_bytes;
} __attribute__((packed));

/** What came before a sample. */
struct waiting {
	uint32_t tid;
	uint64_t stack_pointer;
	size_t n_pieces;
	struct stack_piece pieces[STACK_WINDOW_N_CHUNKS];
	uint8_t *bytes;      /**< WINDOW_MAX_BYTES, filled from the end; NULL: none came yet. */
	size_t n_free_bytes; /**< Of them, at the start. */
};

/** A CPU's share. */
struct window_cpu {
	uint64_t chunk_id, greeting_id; /**< Of its events; 0: none. */
	struct waiting waiting;
};

struct known_thread {
	uint64_t key; /**< In the program's map. */
	struct stack_window_request request;
};

DEFINE_HASH_MAP(known_thread_map, uint32_t, struct known_thread, hash_u32, equal_u32)

struct stack_windows {
	struct stack_window_maps maps;
	int program;
	uint32_t copy_bytes; /**< Of the kernel, at most. */
	struct descriptor_vector events;
	struct window_cpu *cpus; /**< By CPU number. */
	uint32_t n_cpus;
	struct known_thread_map threads; /**< By tid, as this process sees it. */
};

static int bpf(enum bpf_cmd command, union bpf_attr *attr)
{
	return (int)syscall(SYS_bpf, command, attr, sizeof(*attr));
}

static int create_map(enum bpf_map_type type, uint32_t key_size, uint32_t value_size,
		      uint32_t n_entries)
{
	union bpf_attr attr = {
		.map_type = type,
		.key_size = key_size,
		.value_size = value_size,
		.max_entries = n_entries,
	};

	return bpf(BPF_MAP_CREATE, &attr);
}

static bool set_element(int map, const void *key, const void *value)
{
	union bpf_attr attr = {
		.map_fd = (uint32_t)map,
		.key = (uintptr_t)key,
		.value = (uintptr_t)value,
		.flags = BPF_ANY,
	};

	return bpf(BPF_MAP_UPDATE_ELEM, &attr) == 0;
}

static bool create_maps(struct stack_windows *windows)
{
	struct stack_window_maps *maps = &windows->maps;

	maps->threads = create_map(BPF_MAP_TYPE_LRU_HASH, sizeof(uint64_t),
				   sizeof(struct stack_window_request), THREADS_MAX);
	maps->buffers = create_map(BPF_MAP_TYPE_ARRAY, sizeof(uint32_t),
				   sizeof(struct stack_window_header) + STACK_WINDOW_CHUNK_BYTES,
				   windows->n_cpus);
	maps->chunks = create_map(BPF_MAP_TYPE_PERF_EVENT_ARRAY, sizeof(uint32_t), sizeof(uint32_t),
				  windows->n_cpus);
	maps->greetings = create_map(BPF_MAP_TYPE_PERF_EVENT_ARRAY, sizeof(uint32_t),
				     sizeof(uint32_t), windows->n_cpus);
	return maps->threads >= 0 && maps->buffers >= 0 && maps->chunks >= 0 &&
	       maps->greetings >= 0;
}

static int load_program(const struct stack_windows *windows, uint32_t copy_bytes,
			bool has_task_registers)
{
	struct bpf_insn instructions[STACK_WINDOW_INSTRUCTIONS_MAX];
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_PERF_EVENT,
		.insns = (uintptr_t)instructions,
		.insn_cnt = (uint32_t)stack_window_program(
			&windows->maps, &architecture_native()->kernel_registers, copy_bytes,
			has_task_registers, instructions),
		.license = (uintptr_t)PROGRAM_LICENSE,
		.prog_name = "perf_profile",
	};

	return bpf(BPF_PROG_LOAD, &attr);
}

/** An event that only the program writes to, through @p map, into the ring of its CPU. */
static bool open_output(struct stack_windows *windows, const struct ring *ring, int map, bool wakes,
			uint64_t *id_ret)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_SW_BPF_OUTPUT,
		.sample_period = 1,
		.sample_type = WINDOW_SAMPLE_TYPE,
		.use_clockid = 1,
		.clockid = CLOCK_MONOTONIC,
		.watermark = !wakes, /* then the ring's own watermark counts */
		.wakeup_events = wakes,
	};
	int fd = (int)syscall(SYS_perf_event_open, &attr, -1, (int)ring->cpu, -1,
			      PERF_FLAG_FD_CLOEXEC);

	if (fd < 0)
		return false;
	descriptor_vector_append(&windows->events, fd);
	return ioctl(fd, PERF_EVENT_IOC_SET_OUTPUT, ring->fd) == 0 &&
	       ioctl(fd, PERF_EVENT_IOC_ID, id_ret) == 0 && set_element(map, &ring->cpu, &fd);
}

static bool open_outputs(struct stack_windows *windows, const struct opened_events *opened)
{
	for (size_t i = 0; i < opened->n_rings; i++) {
		const struct ring *ring = &opened->rings[i];
		struct window_cpu *cpu = &windows->cpus[ring->cpu];

		if (!open_output(windows, ring, windows->maps.chunks, false, &cpu->chunk_id) ||
		    !open_output(windows, ring, windows->maps.greetings, true, &cpu->greeting_id))
			return false;
	}
	return true;
}

/** To every event that takes such a program (tracepoints do not); false: to none. */
static bool attach(const struct stack_windows *windows, const struct opened_events *opened)
{
	bool is_attached = false;

	for (size_t i = 0; i < opened->n_rings; i++)
		is_attached |=
			ioctl(opened->rings[i].fd, PERF_EVENT_IOC_SET_BPF, windows->program) == 0;
	for (size_t i = 0; i < opened->more_events.count; i++)
		is_attached |= ioctl(opened->more_events.items[i], PERF_EVENT_IOC_SET_BPF,
				     windows->program) == 0;
	return is_attached;
}

static uint32_t cpu_count(const struct opened_events *opened)
{
	uint32_t count = 0;

	for (size_t i = 0; i < opened->n_rings; i++)
		count = MAX(count, opened->rings[i].cpu + 1);
	return count;
}

struct stack_windows *stack_windows_create(const struct opened_events *opened, uint32_t copy_bytes)
{
	struct stack_windows *windows = memory_allocate(1, sizeof(*windows));

	windows->maps = (struct stack_window_maps){ -1, -1, -1, -1 };
	windows->program = -1;
	windows->copy_bytes = copy_bytes;
	windows->n_cpus = cpu_count(opened);
	windows->cpus = memory_allocate(windows->n_cpus, sizeof(*windows->cpus));
	if (create_maps(windows)) {
		windows->program = load_program(windows, copy_bytes, true);
		if (windows->program < 0)
			windows->program = load_program(windows, copy_bytes, false);
	}
	if (windows->program >= 0 && open_outputs(windows, opened) && attach(windows, opened))
		return windows;
	stack_windows_destroy(windows);
	return NULL;
}

static void close_if_open(int fd)
{
	if (fd >= 0)
		close(fd);
}

void stack_windows_destroy(struct stack_windows *windows)
{
	if (!windows)
		return;
	for (size_t i = 0; i < windows->events.count; i++)
		close(windows->events.items[i]);
	descriptor_vector_deinit(&windows->events);
	close_if_open(windows->program);
	close_if_open(windows->maps.threads);
	close_if_open(windows->maps.buffers);
	close_if_open(windows->maps.chunks);
	close_if_open(windows->maps.greetings);
	for (uint32_t i = 0; i < windows->n_cpus; i++)
		free(windows->cpus[i].waiting.bytes);
	free(windows->cpus);
	known_thread_map_deinit(&windows->threads);
	free(windows);
}

enum stack_window_kind stack_windows_kind(const struct stack_windows *windows, struct bytes records,
					  uint64_t *time_ns_ret)
{
	enum stack_window_kind kind = STACK_WINDOW_NONE;
	struct window_record head;

	if (!windows || records.size < sizeof(head))
		return STACK_WINDOW_NONE;
	memcpy(&head, records.data, sizeof(head));
	if (head.header.type != PERF_RECORD_SAMPLE || head.header.size < sizeof(head) ||
	    head.header.size > records.size || head.cpu >= windows->n_cpus || !head.id)
		return STACK_WINDOW_NONE;
	if (head.id == windows->cpus[head.cpu].chunk_id)
		kind = STACK_WINDOW_CHUNK;
	else if (head.id == windows->cpus[head.cpu].greeting_id)
		kind = STACK_WINDOW_GREETING;
	if (kind != STACK_WINDOW_NONE)
		*time_ns_ret = head.time_ns;
	return kind;
}

/** Whether a chunk is the next one for the same sample: they come outermost first. */
static bool goes_on(const struct waiting *waiting, const struct window_record *head,
		    const struct stack_window_header *header, size_t size_bytes)
{
	return waiting->n_pieces > 0 && waiting->n_pieces < STACK_WINDOW_N_CHUNKS &&
	       waiting->tid == head->tid && waiting->stack_pointer == header->stack_pointer &&
	       header->address < waiting->pieces[waiting->n_pieces - 1].address &&
	       size_bytes <= waiting->n_free_bytes;
}

static void take_chunk(struct waiting *waiting, const struct window_record *head,
		       const struct stack_window_header *header, struct bytes chunk)
{
	struct stack_piece *piece;

	if (!waiting->bytes)
		waiting->bytes = memory_allocate(1, WINDOW_MAX_BYTES);
	if (!goes_on(waiting, head, header, chunk.size)) {
		waiting->tid = head->tid;
		waiting->stack_pointer = header->stack_pointer;
		waiting->n_pieces = 0;
		waiting->n_free_bytes = WINDOW_MAX_BYTES;
	}
	waiting->n_free_bytes -= chunk.size;
	memcpy(waiting->bytes + waiting->n_free_bytes, chunk.data, chunk.size);
	piece = waiting->n_pieces ? &waiting->pieces[waiting->n_pieces - 1] : NULL;
	if (!piece || header->address + chunk.size != piece->address) {
		piece = &waiting->pieces[waiting->n_pieces++];
		piece->bytes.size = 0;
	}
	piece->address = header->address;
	piece->bytes.data = waiting->bytes + waiting->n_free_bytes;
	piece->bytes.size += chunk.size;
}

/** Of a thread that nothing is known of yet. */
static struct stack_window_request first_request(const struct stack_windows *windows)
{
	return (struct stack_window_request){ .copied_bytes = windows->copy_bytes };
}

static void take_greeting(struct stack_windows *windows, uint32_t tid,
			  const struct stack_window_header *header)
{
	bool is_new;
	struct known_thread *known = known_thread_map_insert(&windows->threads, tid, &is_new);

	*known = (struct known_thread){ header->thread_key, first_request(windows) };
}

/** Take the record apart; false: it is none of the program's. */
static bool read_record(struct bytes records, struct window_record *head_ret,
			struct stack_window_header *header_ret, struct bytes *chunk_ret)
{
	size_t chunk_bytes;

	memcpy(head_ret, records.data, sizeof(*head_ret));
	if (head_ret->header.size < sizeof(*head_ret) + sizeof(*header_ret))
		return false;
	memcpy(header_ret, records.data + sizeof(*head_ret), sizeof(*header_ret));
	chunk_bytes = head_ret->header.size - sizeof(*head_ret) - sizeof(*header_ret);
	*chunk_ret = (struct bytes){ records.data + sizeof(*head_ret) + sizeof(*header_ret),
				     chunk_bytes };
	/* The kernel pads what is written. */
	if (header_ret->size_bytes > chunk_bytes ||
	    header_ret->size_bytes > STACK_WINDOW_CHUNK_BYTES)
		return false;
	chunk_ret->size = header_ret->size_bytes;
	return true;
}

/**
 * Where the mapping ends that @p address is in; 0: in none. Right after execve(2) a thread
 * may be seen with its old stack pointer; then the new program's stack is meant.
 * Source: proc(5), /proc/PID/maps.
 */
static uint64_t find_stack_end(uint32_t tid, uint64_t address)
{
	_cleanup_free_ char *path = memory_format_text("/proc/%" PRIu32 "/maps", tid);
	FILE *file = fopen(path, "re");
	uint64_t start, end, found = 0;
	char line[256];

	while (file && !found && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%" SCNx64 "-%" SCNx64, &start, &end) == 2 &&
		    ((address >= start && address < end) || strstr(line, "[stack]")))
			found = end;
	}
	if (file)
		fclose(file);
	return found;
}

void stack_windows_answer(const struct stack_windows *windows, struct bytes greeting)
{
	struct stack_window_request guess = first_request(windows);
	struct stack_window_header header;
	struct window_record head;
	struct bytes nothing;

	if (!read_record(greeting, &head, &header, &nothing))
		return;
	guess.size_bytes = WINDOW_FIRST_BYTES;
	guess.end = find_stack_end(head.tid, header.stack_pointer);
	if (guess.end)
		set_element(windows->maps.threads, &header.thread_key, &guess);
}

size_t stack_windows_take(struct stack_windows *windows, struct bytes records)
{
	struct stack_window_header header;
	struct window_record head;
	struct bytes chunk;

	if (!read_record(records, &head, &header, &chunk))
		return head.header.size;
	if (chunk.size)
		take_chunk(&windows->cpus[head.cpu].waiting, &head, &header, chunk);
	else
		take_greeting(windows, head.tid, &header);
	return head.header.size;
}

void stack_windows_give(struct stack_windows *windows, uint64_t stack_pointer,
			struct record *sample)
{
	struct waiting *waiting =
		sample->cpu < windows->n_cpus ? &windows->cpus[sample->cpu].waiting : NULL;

	if (!waiting || waiting->tid != sample->tid || waiting->stack_pointer != stack_pointer)
		return;
	sample->sample.user_stack_pieces = waiting->pieces;
	sample->sample.n_user_stack_pieces = waiting->n_pieces;
	/* Its next sample may have the same stack pointer, and no pieces. */
	waiting->tid = 0;
}

void stack_windows_forget(struct stack_windows *windows, uint32_t tid)
{
	struct known_thread *known = known_thread_map_find(&windows->threads, tid);

	if (known)
		known->request = first_request(windows);
}

static bool is_same_request(const struct stack_window_request *a,
			    const struct stack_window_request *b)
{
	return a->end == b->end && a->size_bytes == b->size_bytes &&
	       a->copied_bytes == b->copied_bytes;
}

void stack_windows_learn(struct stack_windows *windows, const struct record *sample,
			 const struct stack_extent *extent)
{
	const uint32_t tid = sample->tid;
	struct known_thread *known = known_thread_map_find(&windows->threads, tid);
	struct stack_window_request wanted;
	uint64_t wanted_bytes;

	/* Where nothing is missing, all is well once the end is known. */
	if (!known || (known->request.end && !extent->missing))
		return;
	wanted = known->request;
	if (extent->end)
		wanted.end = extent->end;
	else if (extent->missing >= wanted.end || wanted.end - extent->missing > WINDOW_MAX_BYTES)
		wanted.end = find_stack_end(tid, extent->missing);
	wanted_bytes = extent->missing && extent->missing < wanted.end
			       ? wanted.end - extent->missing + SLACK_BYTES
			       : 0;
	wanted.size_bytes = MAX(wanted.size_bytes, (uint64_t)WINDOW_FIRST_BYTES);
	/* More than can be had would not complete the stack either. */
	if (wanted_bytes <= WINDOW_MAX_BYTES)
		wanted.size_bytes = MAX(wanted.size_bytes, wanted_bytes);
	/* It ended before it was full, and not where the stack does: at an untouched page. */
	if (extent->missing && extent->missing < wanted.end &&
	    sample->sample.user_stack.size < windows->copy_bytes)
		wanted.copied_bytes = 0;
	if (is_same_request(&wanted, &known->request))
		return;
	if (set_element(windows->maps.threads, &known->key, &wanted))
		known->request = wanted;
}
