/**
 * Folded stacks: "comm;outermost;...;innermost COUNT", one line per stack: what
 * flame graph tools read. Lines are those of FlameGraph's collapser: the thread's
 * name first with blanks as underscores, "[object]" for code without a name, in
 * byte order. Counts are samples (docs/decisions/0008).
 *
 * Stacks that differ only by address or line become one, so they are merged into
 * a tree of names first. Memory follows the tree, not the length of the lines.
 */

#include "base/escape.h"
#include "output/output_formats_internal.h"

#include <assert.h>
#include <inttypes.h>

/** A name below the names above it. Node 0 is above all. */
struct folded_node {
	uint32_t parent;
	string_id name; /**< In folded_tree.names. */
	uint64_t count; /**< Samples that end here. */
	bool has_children;
};

DEFINE_VECTOR(folded_node_vector, struct folded_node)
DEFINE_HASH_MAP(folded_node_map, uint64_t, uint32_t, hash_u64, equal_u64)

struct folded_tree {
	const struct profile *profile;
	struct string_table names;   /**< Escaped: what is written. */
	string_id *name_of_frame;    /**< By frame id. */
	uint32_t *node_of_stack;     /**< By stack id, of the thread name at hand; 0: not yet. */
	struct index_vector pending; /**< Stacks without a node, innermost first. */
	struct folded_node_vector nodes;
	struct folded_node_map node_ids; /**< parent << 32 | name. */
};

/** Escape @p text, blanks replaced by @p blank. */
static string_id folded_tree_intern_name(struct folded_tree *tree, const char *text, char blank)
{
	char *escaped = NULL;
	size_t length;
	FILE *file = open_memstream(&escaped, &length);
	string_id name;

	assert(file);
	escape_write_folded(file, text);
	fclose(file);
	for (size_t i = 0; i < length; i++) {
		if (escaped[i] == ' ')
			escaped[i] = blank;
	}
	name = string_table_intern_length(&tree->names, escaped, length);
	free(escaped);
	return name;
}

static string_id folded_tree_name_frame(struct folded_tree *tree, const struct profile_frame *frame)
{
	const struct profile_object *object = &tree->profile->objects.items[frame->object];
	const char *object_name = profile_text(tree->profile, object->name);
	_cleanup_free_ char *text = NULL;

	if (!(frame->flags & FRAME_IS_UNKNOWN) || frame->object == PROFILE_OBJECT_UNKNOWN)
		return folded_tree_intern_name(tree, profile_text(tree->profile, frame->name), ' ');
	text = object_name[0] == '[' ? memory_duplicate_text(object_name)
				     : memory_format_text("[%s]", object_name);
	return folded_tree_intern_name(tree, text, ' ');
}

static void folded_tree_init(struct folded_tree *tree, const struct profile *profile)
{
	*tree = (struct folded_tree){ .profile = profile };
	string_table_init(&tree->names);
	tree->name_of_frame = memory_allocate(profile->frames.count, sizeof(string_id));
	for (size_t i = 0; i < profile->frames.count; i++)
		tree->name_of_frame[i] = folded_tree_name_frame(tree, &profile->frames.items[i]);
	tree->node_of_stack = memory_allocate(profile->stacks.count, sizeof(uint32_t));
	folded_node_vector_append_new(&tree->nodes);
}

static void folded_tree_deinit(struct folded_tree *tree)
{
	folded_node_map_deinit(&tree->node_ids);
	folded_node_vector_deinit(&tree->nodes);
	index_vector_deinit(&tree->pending);
	free(tree->node_of_stack);
	free(tree->name_of_frame);
	string_table_deinit(&tree->names);
}

static uint32_t folded_tree_child(struct folded_tree *tree, uint32_t parent, string_id name)
{
	bool is_new;
	uint32_t *node =
		folded_node_map_insert(&tree->node_ids, (uint64_t)parent << 32 | name, &is_new);

	if (is_new) {
		*node = (uint32_t)tree->nodes.count;
		folded_node_vector_append(&tree->nodes,
					  (struct folded_node){ .parent = parent, .name = name });
		tree->nodes.items[parent].has_children = true;
	}
	return *node;
}

/** The node of @p stack's innermost frame, with @p stack's parent at @p node. */
static uint32_t folded_tree_extend(struct folded_tree *tree, uint32_t node, uint32_t stack)
{
	const struct profile *profile = tree->profile;
	const struct profile_location *location =
		&profile->locations.items[profile->stacks.items[stack].location];

	if (location->n_frames == 0)
		return folded_tree_child(tree, node, tree->name_of_frame[PROFILE_FRAME_UNKNOWN]);
	for (uint32_t i = location->n_frames; i-- > 0;) {
		uint32_t frame = profile->location_frames.items[location->first_frame + i];

		node = folded_tree_child(tree, node, tree->name_of_frame[frame]);
	}
	return node;
}

/** The node of a whole stack below the thread name @p root. */
static uint32_t folded_tree_place(struct folded_tree *tree, uint32_t root, uint32_t stack)
{
	uint32_t node;

	tree->node_of_stack[0] = root;
	index_vector_clear(&tree->pending);
	while (!tree->node_of_stack[stack]) {
		index_vector_append(&tree->pending, stack);
		stack = tree->profile->stacks.items[stack].parent;
	}
	node = tree->node_of_stack[stack];
	while (tree->pending.count > 0) {
		stack = tree->pending.items[--tree->pending.count];
		node = folded_tree_extend(tree, node, stack);
		tree->node_of_stack[stack] = node;
	}
	return node;
}

static int compare_samples_by_comm(const void *left, const void *right, void *argument)
{
	uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
	const struct profile *profile = argument;
	string_id a_comm = profile->threads.items[profile->samples.items[a].thread].comm;
	string_id b_comm = profile->threads.items[profile->samples.items[b].thread].comm;

	return (a_comm > b_comm) - (a_comm < b_comm);
}

/** Thread name by thread name, so that one table from stacks to nodes is enough. */
static void folded_tree_add_samples(struct folded_tree *tree, uint32_t event)
{
	const struct profile *profile = tree->profile;
	struct index_vector samples = { 0 };
	string_id comm = 0;
	uint32_t root = 0, node;

	for (uint32_t i = 0; i < profile->samples.count; i++) {
		if (profile->samples.items[i].event == event)
			index_vector_append(&samples, i);
	}
	if (samples.count)
		qsort_r(samples.items, samples.count, sizeof(*samples.items),
			compare_samples_by_comm, (void *)profile);

	for (size_t i = 0; i < samples.count; i++) {
		const struct profile_sample *sample = &profile->samples.items[samples.items[i]];
		const struct profile_thread *thread = &profile->threads.items[sample->thread];

		if (root == 0 || thread->comm != comm) {
			const char *text = profile_text(profile, thread->comm);

			comm = thread->comm;
			root = folded_tree_child(
				tree, 0,
				folded_tree_intern_name(tree, *text ? text : "[unknown]", '_'));
			memset(tree->node_of_stack, 0, profile->stacks.count * sizeof(uint32_t));
		}
		node = folded_tree_place(tree, root, sample->stack);
		tree->nodes.items[node].count += sample->count;
	}
	index_vector_deinit(&samples);
}

/**
 * What is written below a node: a line that ends with this name, or all lines
 * that go on after it. The two are apart, because byte order puts "a0 1" between
 * "a 1" and "a;b 1".
 */
struct folded_item {
	uint32_t node;
	bool is_branch;
};

/** Cursor over the sorted items of one node, and the text above them. */
struct folded_level {
	uint32_t next_item, end_item;
	size_t path_size_bytes;
};

DEFINE_VECTOR(folded_level_vector, struct folded_level)

struct folded_writer {
	const struct folded_tree *tree;
	struct folded_item *items; /**< Grouped by parent. */
	uint32_t *first_item;      /**< By node; one more at the end. */
	struct folded_level_vector levels;
	struct byte_vector path;
	FILE *file;
};

static int compare_items(const void *left, const void *right, void *argument)
{
	const struct folded_item *a = left, *b = right;
	const struct folded_tree *tree = argument;
	const unsigned char *a_text, *b_text;
	int a_byte, b_byte;

	a_text = (const unsigned char *)string_table_text(&tree->names,
							  tree->nodes.items[a->node].name);
	b_text = (const unsigned char *)string_table_text(&tree->names,
							  tree->nodes.items[b->node].name);
	while (*a_text && *a_text == *b_text) {
		a_text++;
		b_text++;
	}
	a_byte = *a_text ? *a_text : a->is_branch ? ';' : 0;
	b_byte = *b_text ? *b_text : b->is_branch ? ';' : 0;
	return a_byte - b_byte;
}

/** Group the items by parent (counting sort), then sort each group by text. */
static void folded_writer_sort(struct folded_writer *writer)
{
	const struct folded_node_vector *nodes = &writer->tree->nodes;
	uint32_t *position;
	uint32_t n_items = 0;

	writer->first_item = memory_allocate(nodes->count + 1, sizeof(uint32_t));
	for (size_t i = 1; i < nodes->count; i++)
		writer->first_item[nodes->items[i].parent] +=
			nodes->items[i].has_children + (nodes->items[i].count > 0);
	for (size_t i = 0; i <= nodes->count; i++) {
		uint32_t n_here = writer->first_item[i];

		writer->first_item[i] = n_items;
		n_items += n_here;
	}

	writer->items = memory_allocate(n_items, sizeof(*writer->items));
	position = memory_duplicate(writer->first_item, nodes->count * sizeof(uint32_t));
	for (uint32_t i = 1; i < nodes->count; i++) {
		uint32_t *next = &position[nodes->items[i].parent];

		if (nodes->items[i].count > 0)
			writer->items[(*next)++] = (struct folded_item){ .node = i };
		if (nodes->items[i].has_children)
			writer->items[(*next)++] =
				(struct folded_item){ .node = i, .is_branch = true };
	}
	free(position);

	for (size_t i = 0; i < nodes->count; i++) {
		uint32_t first = writer->first_item[i], n_here = writer->first_item[i + 1] - first;

		if (n_here > 1)
			qsort_r(writer->items + first, n_here, sizeof(*writer->items),
				compare_items, (void *)writer->tree);
	}
}

static void folded_writer_descend(struct folded_writer *writer, uint32_t node)
{
	folded_level_vector_append(&writer->levels,
				   (struct folded_level){
					   .next_item = writer->first_item[node],
					   .end_item = writer->first_item[node + 1],
					   .path_size_bytes = writer->path.count,
				   });
}

static void folded_writer_write(struct folded_writer *writer)
{
	folded_writer_descend(writer, 0);
	while (writer->levels.count > 0) {
		struct folded_level *level = &writer->levels.items[writer->levels.count - 1];
		const struct folded_item *item;
		const struct folded_node *node;
		const char *name;

		writer->path.count = level->path_size_bytes;
		if (level->next_item == level->end_item) {
			writer->levels.count--;
			continue;
		}
		item = &writer->items[level->next_item++];
		node = &writer->tree->nodes.items[item->node];
		name = string_table_text(&writer->tree->names, node->name);
		byte_vector_append_bytes(&writer->path, name, strlen(name));
		if (item->is_branch) {
			byte_vector_append(&writer->path, ';');
			folded_writer_descend(writer, item->node);
		} else {
			fwrite(writer->path.items, 1, writer->path.count, writer->file);
			fprintf(writer->file, " %" PRIu64 "\n", node->count);
		}
	}
}

static struct error *folded_write(const struct profile *profile,
				  const struct output_options *options, FILE *file)
{
	struct folded_tree tree;
	struct folded_writer writer = { .tree = &tree, .file = file };

	folded_tree_init(&tree, profile);
	folded_tree_add_samples(&tree, options->event);
	folded_writer_sort(&writer);
	folded_writer_write(&writer);

	byte_vector_deinit(&writer.path);
	folded_level_vector_deinit(&writer.levels);
	free(writer.first_item);
	free(writer.items);
	folded_tree_deinit(&tree);
	return NULL;
}

const struct output_format folded_format = {
	.name = "collapsed",
	.file_name = "perf-collapsed.txt",
	.description = "folded stacks, one line each, for flame graph tools",
	.write = folded_write,
};
