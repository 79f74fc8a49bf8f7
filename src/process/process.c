#include "process/process_internal.h"

#include <sys/mman.h>

/** The pid of kernel mappings in MMAP records. */
#define KERNEL_PID UINT32_MAX

/** The smallest page of the CPUs we know; segments in a file need not begin on one. */
#define PAGE_SIZE_BYTES UINT64_C(4096)

/** Never NULL. */
static struct process_entry *find_entry(struct process_table *table, uint32_t pid)
{
	struct process_entry **entry;
	bool is_new;

	if (table->recent && table->recent->process.pid == pid)
		return table->recent;
	entry = process_map_insert(&table->processes, pid, &is_new);
	if (is_new) {
		*entry = memory_allocate(1, sizeof(**entry));
		(*entry)->process.pid = pid;
		(*entry)->process.generation = ++table->generation;
		(*entry)->n_threads = 1;
	}
	table->recent = *entry;
	return *entry;
}

static struct thread_name *set_comm(struct process_table *table, uint32_t pid, uint32_t tid,
				    const char *name)
{
	struct thread_name *comm = comm_map_insert(&table->comms, comm_key(pid, tid), NULL);

	comm->name = string_table_intern(&table->names, name);
	return comm;
}

static void begin_life(struct thread_name *name)
{
	name->life++;
	name->is_ended = false;
}

struct process_table *process_table_create(struct object_registry *registry)
{
	struct process_table *table = memory_allocate(1, sizeof(*table));

	table->registry = registry;
	string_table_init(&table->names);
	/* The idle threads, one a CPU, all pid 0, are never announced. */
	set_comm(table, 0, 0, "swapper");
	return table;
}

void process_table_destroy(struct process_table *table)
{
	struct process_entry **entry;
	size_t cursor = 0;
	uint32_t pid;

	if (!table)
		return;
	while (process_map_next(&table->processes, &cursor, &pid, &entry)) {
		process_mappings_clear(*entry);
		free(*entry);
	}
	process_map_deinit(&table->processes);
	comm_map_deinit(&table->comms);
	string_table_deinit(&table->names);
	free(table);
}

struct process *process_table_find(struct process_table *table, uint32_t pid)
{
	return &find_entry(table, pid)->process;
}

static void note_change(struct process_table *table, struct process_entry *entry)
{
	entry->process.generation = ++table->generation;
}

const char *process_table_comm(const struct process_table *table, uint32_t pid, uint32_t tid)
{
	const struct thread_name *comm = comm_map_find(&table->comms, comm_key(pid, tid));

	if (!comm)
		comm = comm_map_find(&table->comms, comm_key(pid, pid));
	return comm ? string_table_text(&table->names, comm->name) : "";
}

static void apply_mapping(struct process_table *table, const struct record *record)
{
	const struct mapping_record *from = &record->mapping;
	struct process_entry *entry;
	struct object_identity identity = {
		.path = from->path,
		.device_major = from->device_major,
		.device_minor = from->device_minor,
		.inode = from->inode,
		.inode_generation = from->inode_generation,
		.build_id = from->build_id,
	};
	struct mapping mapping = {
		.start = from->start,
		.end = from->start + from->size_bytes,
		.file_offset = from->file_offset,
	};

	if (record->pid == KERNEL_PID || mapping.end <= mapping.start)
		return;
	entry = find_entry(table, record->pid);
	if (!(from->protection & PROT_EXEC)) {
		/* Seen only when data mappings are recorded too: code was replaced by data. */
		if (process_mappings_remove(entry, mapping.start, mapping.end))
			note_change(table, entry);
		return;
	}
	object_registry_note_mapping(table->registry, record->pid, from->path);
	mapping.object = object_registry_find(table->registry, &identity);
	if (process_mappings_insert(entry, &mapping))
		note_change(table, entry);
}

static void apply_comm(struct process_table *table, const struct record *record)
{
	set_comm(table, record->pid, record->tid, record->comm.name);
	if (record->comm.is_exec) {
		struct process_entry *entry = find_entry(table, record->pid);

		process_mappings_clear(entry);
		object_registry_note_process(table->registry, record->pid);
		entry->process.n_execs++;
		entry->n_threads = 1;
		note_change(table, entry);
	}
}

static void apply_fork(struct process_table *table, const struct record *record)
{
	struct process_entry *child = find_entry(table, record->pid);
	struct process_entry *parent = find_entry(table, record->task.parent_pid);
	const char *parent_name =
		process_table_comm(table, record->task.parent_pid, record->task.parent_tid);

	if (parent_name[0])
		begin_life(set_comm(table, record->pid, record->tid, parent_name));
	if (child == parent) {
		child->n_threads++;
		return;
	}
	/* A parent we know nothing of must not hide what /proc already said of the child. */
	if (!parent->shared && child->shared && child->n_threads)
		return;
	process_mappings_share(child, parent);
	child->n_threads = 1;
	child->life++;
	child->process.n_execs = 0;
	note_change(table, child);
}

/** Forget who ended so long ago that nothing of it is on its way, unless its id lives again. */
static void forget(struct process_table *table, const struct dead_thread *dead)
{
	struct process_entry **found = process_map_find(&table->processes, dead->pid);
	struct process_entry *process = found ? *found : NULL;
	const uint64_t key = comm_key(dead->pid, dead->tid);
	const struct thread_name *name = comm_map_find(&table->comms, key);

	/* A leader's name is the process's, which may go on without it. */
	if (name && name->life == dead->life && dead->tid != dead->pid)
		comm_map_remove(&table->comms, key);
	if (!process || process->n_threads || process->life != dead->process_life)
		return;
	if (table->recent == process)
		table->recent = NULL;
	process_mappings_clear(process);
	free(process);
	process_map_remove(&table->processes, dead->pid);
	comm_map_remove(&table->comms, comm_key(dead->pid, dead->pid));
}

static void apply_exit(struct process_table *table, const struct record *record)
{
	struct dead_thread *place = &table->dead[table->n_dead % PROCESS_DEAD_MAX];
	struct process_entry *process;
	struct thread_name *name;

	/* First: it may free what is found below. */
	if (table->n_dead++ >= PROCESS_DEAD_MAX)
		forget(table, place);
	process = find_entry(table, record->pid);
	name = comm_map_find(&table->comms, comm_key(record->pid, record->tid));
	if (process->n_threads)
		process->n_threads--;
	if (name)
		name->is_ended = true;
	*place = (struct dead_thread){
		.pid = record->pid,
		.tid = record->tid,
		.process_life = process->life,
		.life = name ? name->life : 0,
	};
}

void process_table_apply(struct process_table *table, const struct record *record)
{
	switch (record->type) {
	case PERF_RECORD_MMAP:
	case PERF_RECORD_MMAP2:
		apply_mapping(table, record);
		break;
	case PERF_RECORD_COMM:
		apply_comm(table, record);
		break;
	case PERF_RECORD_FORK:
		apply_fork(table, record);
		break;
	case PERF_RECORD_EXIT:
		apply_exit(table, record);
		break;
	default:
		break;
	}
}

void mapping_open_object(const struct mapping *mapping, const struct process *process)
{
	object_open(mapping->object,
		    &(struct object_mapping){ .pid = process->pid,
					      .start = mapping->start,
					      .end = mapping->end,
					      .file_offset = mapping->file_offset });
}

/**
 * A segment is mapped in whole pages, so a mapping may begin before the segment
 * does and end after it; addresses there count on from the segment.
 */
static bool elf_address_beside_segment(const struct object *object, uint64_t file_offset,
				       uint64_t *elf_address_ret)
{
	for (size_t i = 0; i < object->segments.count; i++) {
		const struct object_segment *segment = &object->segments.items[i];
		uint64_t start = segment->file_offset & ~(PAGE_SIZE_BYTES - 1);
		uint64_t end = segment->file_offset + segment->file_size_bytes;

		if (!segment->is_executable || file_offset < start ||
		    file_offset >= ((end + PAGE_SIZE_BYTES - 1) & ~(PAGE_SIZE_BYTES - 1)))
			continue;
		*elf_address_ret = segment->elf_address + (file_offset - segment->file_offset);
		return true;
	}
	return false;
}

bool mapping_elf_address(const struct mapping *mapping, uint64_t runtime_address,
			 uint64_t *elf_address_ret)
{
	const struct object *object = mapping->object;
	uint64_t file_offset = runtime_address - mapping->start + mapping->file_offset;

	if (object->kind != OBJECT_FILE && object->kind != OBJECT_VDSO) {
		*elf_address_ret = runtime_address;
		return true;
	}
	return object_elf_address_of_offset(object, file_offset, elf_address_ret) ||
	       elf_address_beside_segment(object, file_offset, elf_address_ret);
}
