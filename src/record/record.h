#pragma once

/**
 * What happened: kernel event bytes taken apart.
 *
 * `struct record` is the first contract of the pipeline. It is made by
 * record_decode() from the bytes of a perf ring or of a perf.data file
 * (perf_event_open(2), "MMAP layout"; perf.data has the same records plus a
 * few of its own with types >= 64), and borrows them: it is valid as long as
 * they are.
 */

#include "base/build_id.h"
#include "base/stack_copy.h"
#include "base/stack_end.h"

#include <linux/perf_event.h>

/** Record types perf itself adds to a file (tools/perf/util/event.h of the kernel). */
enum {
	RECORD_TYPE_HEADER_ATTR = 64,
	RECORD_TYPE_HEADER_EVENT_TYPE = 65,
	RECORD_TYPE_TRACING_DATA = 66,
	RECORD_TYPE_HEADER_BUILD_ID = 67,
	RECORD_TYPE_FINISHED_ROUND = 68,
	RECORD_TYPE_ID_INDEX = 69,
	RECORD_TYPE_AUXTRACE_INFO = 70,
	RECORD_TYPE_AUXTRACE = 71,
	RECORD_TYPE_AUXTRACE_ERROR = 72,
	RECORD_TYPE_THREAD_MAP = 73,
	RECORD_TYPE_CPU_MAP = 74,
	RECORD_TYPE_STAT_CONFIG = 75,
	RECORD_TYPE_STAT = 76,
	RECORD_TYPE_STAT_ROUND = 77,
	RECORD_TYPE_EVENT_UPDATE = 78,
	RECORD_TYPE_TIME_CONV = 79,
	RECORD_TYPE_HEADER_FEATURE = 80,
	RECORD_TYPE_COMPRESSED = 81,
	RECORD_TYPE_FINISHED_INIT = 82,
	RECORD_TYPE_COMPRESSED2 = 83,
};

/** A record's size field has 16 bits, and the kernel keeps it a multiple of 8. */
#define RECORD_SIZE_MAX_BYTES 65528

/** Values of a callchain from here up are PERF_CONTEXT_* markers (linux/perf_event.h). */
#define CALLCHAIN_MARKER_LEAST ((uint64_t)PERF_CONTEXT_MAX)

/**
 * misc bits of samples that we store: why the stack ended, as enum stack_end; 0: not told. Neither
 * the kernel nor perf uses bits 3 to 11 (linux/perf_event.h, tools/perf/util/event.h): the kernel
 * leaves them 0, and perf looks at those it knows.
 */
#define RECORD_MISC_STACK_END_SHIFT 4
#define RECORD_MISC_STACK_END_MASK  (0x1f << RECORD_MISC_STACK_END_SHIFT)

/** The widest register mask taken from a file. */
#define RECORD_USER_REGISTERS_MAX 64

/** PERF_RECORD_SAMPLE. Parts that were not sampled are zero or NULL. */
struct sample_record {
	uint64_t ip;
	uint64_t period;
	uint64_t address; /**< PERF_SAMPLE_ADDR. */

	/** Innermost first, with PERF_CONTEXT_* markers between, as the kernel writes it. */
	const uint64_t *callchain;
	uint64_t n_callchain;

	bool has_user_registers;
	uint64_t user_registers_abi;    /**< PERF_SAMPLE_REGS_ABI_*. */
	const uint64_t *user_registers; /**< One per set bit of the mask, lowest bit first. */
	uint64_t user_registers_mask;

	/** The copied user stack from the stack pointer up; only what is valid (dyn_size). */
	struct bytes user_stack;
	uint64_t user_stack_asked_bytes; /**< Size of the copy before the kernel cut it. */

	/** Further out, of the same moment; a recorder's own, in no record of the kernel. */
	const struct stack_piece *user_stack_pieces;
	size_t n_user_stack_pieces;

	struct bytes raw;
	const struct perf_branch_entry *branches; /**< Newest first. */
	uint64_t n_branches;
	uint64_t weight;
	uint64_t data_source;
};

/** PERF_RECORD_MMAP and MMAP2. */
struct mapping_record {
	uint64_t start;
	uint64_t size_bytes;
	uint64_t file_offset;
	uint32_t device_major, device_minor;
	uint64_t inode;
	uint64_t inode_generation;
	struct build_id build_id; /**< size 0 unless the kernel read it. */
	uint32_t protection;      /**< PROT_*; PROT_EXEC for MMAP without the data bit. */
	uint32_t flags;           /**< MAP_*. */
	const char *path;
};

struct comm_record {
	const char *name;
	bool is_exec;
};

/** PERF_RECORD_FORK and EXIT; the child or the ended one is record.pid/tid. */
struct task_record {
	uint32_t pid, parent_pid;
	uint32_t tid, parent_tid;
	uint64_t time_ns;
};

struct lost_record {
	uint64_t count; /**< Records (LOST) or samples (LOST_SAMPLES). */
};

struct throttle_record {
	uint64_t time_ns;
	bool is_end; /**< UNTHROTTLE. */
};

struct switch_record {
	bool is_out;
	bool is_preempted; /**< Out while still runnable. */
	uint32_t next_or_previous_pid, next_or_previous_tid;
};

/** HEADER_BUILD_ID, as a record or from the feature section. */
struct build_id_record {
	int32_t pid;
	struct build_id build_id;
	const char *path;
};

struct record {
	uint32_t type; /**< PERF_RECORD_* or RECORD_TYPE_*. */
	uint16_t misc;
	struct bytes bytes; /**< The whole record with its header; borrowed. */

	/* From the sample itself or from the sample_id trailer; 0 when absent. */
	uint32_t pid, tid;
	uint64_t time_ns;
	uint32_t cpu;
	uint64_t id;          /**< Event id (PERF_SAMPLE_ID or IDENTIFIER). */
	uint32_t event_index; /**< Which attribute of the layout table it belongs to. */

	union {
		struct sample_record sample;
		struct mapping_record mapping;
		struct comm_record comm;
		struct task_record task;
		struct lost_record lost;
		struct throttle_record throttle;
		struct switch_record context_switch;
		struct build_id_record build_id;
	};
};

/** How the records of one event are laid out: the part of perf_event_attr that matters. */
struct record_layout {
	uint64_t sample_type; /**< PERF_SAMPLE_* bits. */
	uint64_t read_format; /**< PERF_FORMAT_* bits. */
	uint64_t user_registers_mask;
	uint64_t interrupt_registers_mask;
	uint64_t branch_sample_type;
	bool has_sample_id_all;
};

struct record_layout record_layout_of(const struct perf_event_attr *attr);

/**
 * Maps an event id to its layout. One event: ids may be empty. Several: all have
 * sample_id_all or none has, and all have IDENTIFIER, or else the same fields of the
 * sample_id trailer and ADDR, so that the id is at the same place; their records
 * could not be told apart otherwise.
 */
struct record_layout_table {
	const struct record_layout *layouts; /**< By event index; borrowed. */
	uint32_t n_layouts;
	const uint64_t *ids;         /**< n_ids event ids; borrowed. */
	const uint32_t *event_of_id; /**< Event index of each id; borrowed. */
	uint32_t n_ids;
	bool has_ascending_ids; /**< They can be looked up fast: as opened, or sorted. */
};

/**
 * Sort ids, and the event indices with them, so that they are ascending. A recording has
 * one id per event, CPU and thread, and every record is looked up.
 */
void record_ids_sort(uint64_t *ids, uint32_t *event_of_id, size_t n_ids);

/** The event with this id; 0, the first, when there is only one or none has it. */
uint32_t record_layout_index_of_id(const struct record_layout_table *table, uint64_t id);

/**
 * Take one record apart.
 *
 * @param bytes   Starts at a record's header; may go on after it. The record
 *                itself must be whole. 8-byte aligned (rings and files keep it so).
 * @param source  Name for messages ("ring of cpu 3", "perf.data").
 * @param offset  Of the bytes in the source, for messages.
 * @param ret     record->bytes.size says how far to go on. Types that are not
 *                in the union above keep only their header fields.
 * @return ERROR_FORMAT with the offset for sizes and counts that do not fit.
 */
struct error *record_decode(const struct record_layout_table *table, struct bytes bytes,
			    const char *source, uint64_t offset, struct record *ret) MUST_CHECK;

/** Only type, misc, size and time, which is all that merging by time needs. */
struct error *record_decode_time(const struct record_layout_table *table, struct bytes bytes,
				 const char *source, uint64_t offset, uint64_t *time_ns_ret,
				 size_t *size_bytes_ret) MUST_CHECK;

/**
 * The user side of a sample's callchain, without its marker: the instruction pointer and what
 * whoever recorded it took for return addresses.
 *
 * @return borrowed from @p sample; NULL, and 0 in @p n_ret: it has none.
 */
const uint64_t *sample_user_chain(const struct sample_record *sample, size_t *n_ret);

/**
 * Turn a record of the other byte order around, in place: header, numbers and trailer; not
 * copies of memory (stacks, raw data). What does not fit is left as it is, for record_decode()
 * to complain about.
 *
 * @param table  Already in our order.
 * @param bytes  A whole record, as large as its header says; aligned to 8.
 */
void record_swap(const struct record_layout_table *table, uint8_t *bytes, size_t size_bytes);

/** The same for an attr, of any size: @p size_bytes are there. */
void record_swap_attr(uint8_t *bytes, size_t size_bytes);

/** The call chain of a sample for storage. */
struct stored_chain {
	const uint64_t *addresses; /**< Kernel-style, with PERF_CONTEXT_* markers; borrowed. */
	size_t count;
	enum stack_end end;
};

/** What a stored sample tells of its stack's end; STACK_END_NONE: nothing. */
enum stack_end record_stack_end(const struct record *record);

/**
 * Rewrite a sample for storage: registers and stack copy dropped, @p chain in
 * their place. Everything else is kept in the order perf_event_open(2) gives.
 *
 * @param layout     Of the record as recorded.
 * @param record     From record_decode() with that layout. Without what is dropped
 *                   it must be 8 bytes under the limit (a recorder that asks for
 *                   stacks has that room).
 * @param chain      Clipped from its outer end when the record would pass
 *                   RECORD_SIZE_MAX_BYTES: then that is why it ends.
 * @param out        Room for RECORD_SIZE_MAX_BYTES bytes.
 * @return the record's size in bytes.
 */
size_t record_encode_sample(const struct record_layout *layout, const struct record *record,
			    const struct stored_chain *chain, uint8_t *out);

/** Longer paths and names are cut when a record is made (PATH_MAX is 4,096). */
#define RECORD_TEXT_SIZE_MAX_BYTES 4096

/**
 * Make a record as the kernel would write it: for what ran before the recording began
 * and is only known from elsewhere, and for what the recorder did itself. MMAP2 (with its build
 * id, or else device and inode), COMM, FORK, EXIT, THROTTLE and UNTHROTTLE.
 *
 * @param record  Its type, misc, pid, tid, time_ns, cpu, id and its part of the union.
 * @param out     Room for RECORD_SIZE_MAX_BYTES bytes, 8-byte aligned.
 * @return the record's size in bytes.
 */
size_t record_encode_side_band(const struct record_layout *layout, const struct record *record,
			       uint8_t *out);

/**
 * Make a sample as the kernel would write it, for something that was worked out from other
 * records. Fields of PERF_SAMPLE_IDENTIFIER, IP, TID, TIME, ADDR, ID, CPU, PERIOD, CALLCHAIN and
 * WEIGHT; the layout has no others.
 *
 * @param record  Its misc, pid, tid, time_ns, cpu, id, and of the sample ip, address, period and
 *                weight.
 * @param chain, out  As for record_encode_sample().
 */
size_t record_encode_made_sample(const struct record_layout *layout, const struct record *record,
				 const struct stored_chain *chain, uint8_t *out);

/** The attr that describes what record_encode_sample() writes. */
void record_attr_for_storage(const struct perf_event_attr *recorded, struct perf_event_attr *ret);

enum record_source_state {
	RECORD_SOURCE_RECORD,
	RECORD_SOURCE_IDLE,
	RECORD_SOURCE_END,
};

/**
 * Where records come from, in time order: a live run, a perf.data file. The
 * first field of the implementation's own struct.
 */
struct record_source {
	const char *name;

	/**
	 * The next record, valid until the next call. When none is there yet
	 * (live sources), waits for up to @p timeout_ns.
	 *
	 * @param state_ret RECORD_SOURCE_RECORD, _IDLE (nothing within the time) or _END.
	 */
	struct error *(*next)(struct record_source *source, uint64_t timeout_ns, struct record *ret,
			      enum record_source_state *state_ret);
	void (*destroy)(struct record_source *source);

	/** What is known of the events; stable from creation. */
	const struct record_layout_table *layouts;
	const struct perf_event_attr *attrs; /**< layouts->n_layouts of them. */
	const char *const *event_names;      /**< By event index. */
};
