#include "unwind/unwinder.h"

#include "base/clock.h"
#include "base/hash_map.h"
#include "unwind/live_memory.h"
#include "unwind/object_table.h"
#include "unwind/stack_ends.h"
#include "unwind/walk_internal.h"
#include "unwind/way_out_cache.h"

/** A power of two. A big program's samples hit some thousand return addresses. */
#define SITE_CACHE_SIZE 8192

static const struct unwind_rule gap_rule = { .kind = UNWIND_RULE_GAP };

/** What is known of one object's unwind information. */
struct object_slot {
	bool was_tried;
	struct unwind_table *table; /**< NULL: not tried, or none could be made. */
	char *problem;              /**< Why not, or what is damaged in it. */
	bool is_damaged;            /**< The latter; or no table because of damage. */
	struct stack_end_vector ends;
	struct object *made_for; /**< The table was made in this run, of it; NULL: was not. */
};

DEFINE_VECTOR(object_slot_vector, struct object_slot)

/** The site of an address as long as the process keeps its mappings. */
struct cached_site {
	uint64_t runtime_address; /**< 0: empty. */
	uint64_t generation;
	uint32_t pid;
	struct site site;
};

struct unwinder {
	const struct architecture *architecture;
	struct object_slot_vector slots; /**< By object->index. */
	struct step_vector steps;        /**< Of the walk at hand; here to keep its memory. */
	struct cached_site *cache;       /**< SITE_CACHE_SIZE, direct-mapped. */
	struct way_out_cache *way_outs;
	struct outer_word_map outer_words;
	struct start_frames_map start_frames;
	struct live_memory live;    /**< Of the walk at hand. */
	struct address_frame_vector live_frames; /**< Here to keep its memory. */
	struct stack_extent extent; /**< Of the last walk. */
	struct cache *kept_tables;  /**< From run to run; NULL: none. */
	struct unwinder_statistics statistics;
};

struct unwinder *unwinder_create(const struct architecture *architecture)
{
	struct unwinder *unwinder = memory_allocate(1, sizeof(*unwinder));

	unwinder->architecture = architecture;
	unwinder->cache = memory_allocate(SITE_CACHE_SIZE, sizeof(*unwinder->cache));
	unwinder->way_outs = memory_allocate(1, sizeof(*unwinder->way_outs));
	return unwinder;
}

void unwinder_destroy(struct unwinder *unwinder)
{
	if (!unwinder)
		return;
	for (size_t i = 0; i < unwinder->slots.count; i++) {
		unwind_table_destroy(unwinder->slots.items[i].table);
		free(unwinder->slots.items[i].problem);
		stack_end_vector_deinit(&unwinder->slots.items[i].ends);
	}
	object_slot_vector_deinit(&unwinder->slots);
	step_vector_deinit(&unwinder->steps);
	address_frame_vector_deinit(&unwinder->live_frames);
	outer_word_map_deinit(&unwinder->outer_words);
	start_frames_map_deinit(&unwinder->start_frames);
	free(unwinder->cache);
	free(unwinder->way_outs);
	free(unwinder);
}

void unwinder_set_cache(struct unwinder *unwinder, struct cache *cache)
{
	unwinder->kept_tables = cache;
}

void unwinder_keep(struct unwinder *unwinder)
{
	for (size_t i = 0; i < unwinder->slots.count; i++) {
		struct object_slot *slot = &unwinder->slots.items[i];

		if (slot->made_for && !object_was_cut(slot->made_for))
			object_table_keep(slot->made_for, slot->table, unwinder->kept_tables);
		slot->made_for = NULL;
	}
}

static struct error *slot_find_table(struct unwinder *unwinder, struct object_slot *slot,
				     struct object *object)
{
	slot->table = object_table_load(object, unwinder->kept_tables);
	if (slot->table)
		return NULL;
	RETURN_IF_ERROR(object_table_create(object, &slot->table));
	slot->made_for = object;
	return NULL;
}

static void slot_build(struct unwinder *unwinder, struct object_slot *slot, struct object *object)
{
	struct unwinder_statistics *statistics = &unwinder->statistics;
	uint64_t start_ns = clock_monotonic_ns();
	struct error *error = NULL;

	slot->was_tried = true;
	if (object->state != OBJECT_OPEN)
		slot->problem = memory_duplicate_text(object->problem ? object->problem
								      : "cannot be opened");
	else if (object->architecture != unwinder->architecture)
		slot->problem = memory_duplicate_text("made for another CPU");
	else
		error = slot_find_table(unwinder, slot, object);
	if (object->state == OBJECT_OPEN)
		stack_ends_find(object, &slot->ends);
	if (error) {
		slot->problem = memory_duplicate_text(error->message);
		slot->is_damaged = error->code == ERROR_FORMAT;
	}
	error_destroy(error);

	if (slot->table) {
		const struct unwind_table_statistics table = unwind_table_statistics(slot->table);

		statistics->n_tables++;
		statistics->n_table_rows += table.n_rows;
		if (table.n_bad_fdes) {
			slot->problem =
				memory_format_text("damaged entries of unwind information: %zu",
						   table.n_bad_fdes);
			slot->is_damaged = true;
		}
	} else {
		statistics->n_table_failures++;
	}
	statistics->table_build_ns += clock_monotonic_ns() - start_ns;
}

/** What is known of the object of @p mapping, found at first need; NULL: it is no file. */
static const struct object_slot *find_slot(struct unwinder *unwinder, const struct process *process,
					   const struct mapping *mapping)
{
	struct object *object = mapping->object;
	struct object_slot *slot;

	if (object->kind != OBJECT_FILE && object->kind != OBJECT_VDSO)
		return NULL;
	while (unwinder->slots.count <= object->index)
		object_slot_vector_append_new(&unwinder->slots);
	slot = &unwinder->slots.items[object->index];
	if (!slot->was_tried) {
		mapping_open_object(mapping, process);
		slot_build(unwinder, slot, object);
	}
	return slot;
}

static void find_site_uncached(struct unwinder *unwinder, struct process *process,
			       uint64_t runtime_address, struct site *ret)
{
	const struct mapping *mapping = process_find_mapping(process, runtime_address);
	const struct object_slot *slot;

	*ret = (struct site){ .rule = &gap_rule };
	if (!mapping)
		return;
	ret->object = mapping->object;
	slot = find_slot(unwinder, process, mapping);
	ret->table = slot ? slot->table : NULL;
	if (!mapping_elf_address(mapping, runtime_address, &ret->elf_address))
		ret->elf_address = runtime_address - mapping->start + mapping->file_offset;
	else if (ret->table)
		ret->rule = unwind_table_find(ret->table, ret->elf_address);
	if (slot)
		ret->end_for_callers = stack_ends_at(&slot->ends, ret->elf_address);
	/* Go describes its trampoline as if it were called; and callers are looked up before it. */
	if (ret->rule->kind == UNWIND_RULE_REGISTER && !ret->rule->is_signal_frame &&
	    (walk_is_sigreturn(unwinder->architecture, ret->object, ret->elf_address, true) ||
	     walk_is_sigreturn(unwinder->architecture, ret->object, ret->elf_address + 1, false)))
		ret->rule = &gap_rule;
}

void unwinder_find_site(struct unwinder *unwinder, struct process *process,
			uint64_t runtime_address, struct site *ret)
{
	size_t index = hash_combine(runtime_address, process->pid) & (SITE_CACHE_SIZE - 1);
	struct cached_site *cached = &unwinder->cache[index];

	if (cached->runtime_address != runtime_address || cached->pid != process->pid ||
	    cached->generation != process->generation || !cached->site.rule) {
		find_site_uncached(unwinder, process, runtime_address, &cached->site);
		cached->runtime_address = runtime_address;
		cached->pid = process->pid;
		cached->generation = process->generation;
	}
	*ret = cached->site;
}

bool unwinder_find_way_out(const struct walk *walk, const struct object *object,
			   uint64_t elf_address, struct way_out *ret)
{
	return way_out_find(walk->unwinder->way_outs, walk->architecture, object, elf_address,
			    !walk->is_exact, walk->process, walk->live->reader, ret);
}

struct start_frames *unwinder_start_frames(const struct walk *walk)
{
	struct start_frames_map *map = &walk->unwinder->start_frames;
	/* A pid may run another program since. */
	const uint64_t process = hash_combine(walk->process->pid, walk->process->n_execs);
	bool is_new;

	if (map->count >= START_FRAMES_KNOWN_MAX)
		start_frames_map_deinit(map);
	return start_frames_map_insert(map, hash_combine(walk->instruction_pointer, process),
				       &is_new);
}

bool unwinder_is_outermost(struct unwinder *unwinder, struct process *process,
			   uint64_t runtime_address)
{
	struct site site;

	unwinder_find_site(unwinder, process, runtime_address - 1, &site);
	if (site.rule->kind == UNWIND_RULE_ROOT || stack_end_is_complete(site.end_for_callers))
		return true;
	return site.object && site.rule->kind == UNWIND_RULE_GAP &&
	       site_is_entry_stub(&site, site.elf_address + 1);
}

/**
 * Called after each step that left the copy behind. Where what was found cannot be believed
 * the walk goes on all the same, to note a look and to see where the stack ends.
 */
static bool is_possible_beyond(struct walk *walk, const struct address_frame_vector *frames)
{
	const uint64_t key = hash_combine(walk->stack_pointer, walk->process->pid);

	if (!walk->n_frames_inside) {
		walk->n_frames_inside = frames->count;
		walk->is_doubtful = !walk_beyond_begin(walk);
	}
	walk->is_doubtful |= !outer_word_is_steady(&walk->unwinder->outer_words, key,
						   walk->instruction_pointer, walk->live->reader);
	return walk_beyond_is_credible(walk);
}

static enum stack_end walk_run(struct walk *walk, struct address_frame_vector *frames_ret)
{
	for (size_t n_frames = 0; n_frames < UNWIND_FRAMES_MAX; n_frames++) {
		/* A call may be the last instruction of its function: look one byte back. */
		const uint64_t back = walk->is_exact ? 0 : 1;
		struct site site;
		enum stack_end end;

		if (back && !walk->instruction_pointer)
			return STACK_END_NULL_RETURN;
		unwinder_find_site(walk->unwinder, walk->process, walk->instruction_pointer - back,
				   &site);
		/* No code: a damaged or misread word, which nobody wants to see as a caller. */
		if (back && !site.object)
			return walk_end_without_code(walk,
						     &frames_ret->items[frames_ret->count - 1]);
		walk_append_frame(walk, &site, frames_ret);
		walk->unwinder->statistics.n_frames++;
		end = walk_step(walk, &site);
		if (end != STACK_END_NONE)
			return end;
		if (walk->live->n_words && !is_possible_beyond(walk, frames_ret))
			return STACK_END_COPY_ENDED;
		/* Only the frame of a signal leads to one that did not call: it was not called. */
		if (walk->is_exact)
			frames_ret->items[frames_ret->count - 1].flags &=
				(uint32_t)~ADDRESS_FRAME_IS_RETURN;
	}
	return STACK_END_TOO_DEEP;
}

static void walk_begin(struct walk *walk, const struct registers *registers)
{
	struct unwinder *unwinder = walk->unwinder;

	walk->live = &unwinder->live;
	walk->extent = &unwinder->extent;
	walk->steps = &unwinder->steps;
	walk->is_exact = true;
	walk_rebase(walk, registers);
	unwinder->extent = (struct stack_extent){ 0 };
}

/**
 * The same walk, with words from the process as it is now where the copy has none.
 *
 * @return whether it led to the root: then frames are the whole stack.
 */
static bool run_live(struct walk walk, const struct registers *registers,
			       size_t n_frames_before, struct address_frame_vector *frames)
{
	struct unwinder *unwinder = walk.unwinder;
	struct address_frame_vector *whole = &unwinder->live_frames;
	enum stack_end end;

	address_frame_vector_clear(whole);
	walk.reads_live = true;
	walk_begin(&walk, registers);
	end = walk_run(&walk, whole);
	unwinder->statistics.n_live_stacks++;
	if (!walk.n_frames_inside || walk.is_doubtful || !stack_end_is_complete(end))
		return false;
	unwinder->extent.end = walk.stack_pointer;
	unwinder->statistics.n_live_recovered++;
	frames->count = n_frames_before;
	for (size_t i = 0; i < whole->count; i++)
		address_frame_vector_append(frames, whole->items[i]);
	return true;
}

enum stack_end unwinder_run(struct unwinder *unwinder, struct process *process,
			    const struct registers *registers, const struct stack_copy *stack,
			    const struct memory_reader *beyond,
			    struct address_frame_vector *frames_ret)
{
	const struct walk start = {
		.unwinder = unwinder,
		.process = process,
		.architecture = unwinder->architecture,
		.stack = stack,
		.stack_start = registers->values[unwinder->architecture->stack_pointer_register],
	};
	const size_t n_frames_before = frames_ret->count;
	struct walk walk = start;
	enum stack_end end;

	live_memory_start(&unwinder->live, beyond);
	walk_begin(&walk, registers);
	end = walk_run(&walk, frames_ret);
	if (stack_end_is_complete(end))
		unwinder->extent.end = walk.stack_pointer;
	if (end != STACK_END_COPY_ENDED)
		return end;
	if (walk_along_chain(&walk, registers, frames_ret))
		return STACK_END_RECOVERED;
	if (beyond && beyond->may_complete_stacks &&
	    run_live(start, registers, n_frames_before, frames_ret))
		return STACK_END_RECOVERED;
	return STACK_END_COPY_ENDED;
}

struct stack_extent unwinder_extent(const struct unwinder *unwinder)
{
	return unwinder->extent;
}

const char *unwinder_object_problem(const struct unwinder *unwinder, const struct object *object)
{
	if (object->index >= unwinder->slots.count)
		return NULL;
	return unwinder->slots.items[object->index].problem;
}

bool unwinder_object_is_damaged(const struct unwinder *unwinder, const struct object *object)
{
	return object->index < unwinder->slots.count &&
	       unwinder->slots.items[object->index].is_damaged;
}

struct unwinder_statistics unwinder_statistics(const struct unwinder *unwinder)
{
	struct unwinder_statistics statistics = unwinder->statistics;

	statistics.n_live_reads = unwinder->live.n_reads;
	return statistics;
}
