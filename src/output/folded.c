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
#include "base/text_stream.h"
#include "output/call_tree_internal.h"
#include "output/output_formats_internal.h"
#include "profile/label.h"

#include <assert.h>
#include <inttypes.h>

struct folded_tree {
	struct call_tree calls;
	struct string_table names; /**< Escaped: what is written. */
};

/** Escape @p text, blanks replaced by @p blank. */
static string_id folded_tree_intern_name(struct folded_tree *tree, const char *text, char blank)
{
	char *escaped = NULL;
	size_t length;
	FILE *file = text_stream_open(&escaped, &length);
	string_id name;

	assert(file);
	escape_write_folded(file, text);
	text_stream_close(file, &escaped);
	for (size_t i = 0; i < length; i++) {
		if (escaped[i] == ' ')
			escaped[i] = blank;
	}
	name = string_table_intern_length(&tree->names, escaped, length);
	free(escaped);
	return name;
}

/** What kind of code it is, as FlameGraph's collapser marks it. */
static const char *frame_mark(const struct profile_frame *frame,
			      const struct folded_options *options)
{
	if (options->marks_kernel && frame->flags & FRAME_IS_KERNEL)
		return "_[k]";
	if (options->marks_jit && frame->flags & FRAME_IS_JIT)
		return "_[j]";
	return "";
}

static string_id folded_tree_name_frame(struct folded_tree *tree, const struct profile *profile,
					const struct profile_frame *frame,
					const struct folded_options *options)
{
	_cleanup_free_ char *label =
		profile_label(profile, frame->name, frame->object, frame->flags);
	_cleanup_free_ char *text = memory_format_text("%s%s", label, frame_mark(frame, options));

	return folded_tree_intern_name(tree, text, ' ');
}

static string_id folded_tree_name_thread(struct folded_tree *tree, const struct profile *profile,
					 const struct profile_thread *thread,
					 const struct folded_options *options)
{
	const char *comm = profile_text(profile, thread->comm);
	_cleanup_free_ char *text = NULL;

	if (!*comm)
		comm = "[unknown]";
	if (options->has_tids)
		text = memory_format_text("%s-%" PRIu32 "/%" PRIu32, comm, thread->pid,
					  thread->tid);
	else if (options->has_pids)
		text = memory_format_text("%s-%" PRIu32, comm, thread->pid);
	else
		text = memory_duplicate_text(comm);
	return folded_tree_intern_name(tree, text, '_');
}

static void folded_tree_init(struct folded_tree *tree, const struct profile *profile,
			     uint32_t event, const struct folded_options *options)
{
	string_id *of_frame = memory_allocate(profile->frames.count, sizeof(*of_frame));
	string_id *of_thread = memory_allocate(profile->threads.count, sizeof(*of_thread));

	string_table_init(&tree->names);
	for (size_t i = 0; i < profile->frames.count; i++)
		of_frame[i] =
			folded_tree_name_frame(tree, profile, &profile->frames.items[i], options);
	for (size_t i = 0; i < profile->threads.count; i++)
		of_thread[i] =
			folded_tree_name_thread(tree, profile, &profile->threads.items[i], options);
	call_tree_init(&tree->calls, profile, event, of_thread, of_frame);
	free(of_thread);
	free(of_frame);
}

static void folded_tree_deinit(struct folded_tree *tree)
{
	call_tree_deinit(&tree->calls);
	string_table_deinit(&tree->names);
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
							  tree->calls.nodes.items[a->node].name);
	b_text = (const unsigned char *)string_table_text(&tree->names,
							  tree->calls.nodes.items[b->node].name);
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
	const struct call_tree_node_vector *nodes = &writer->tree->calls.nodes;
	uint32_t *position;
	uint32_t n_items = 0;

	writer->first_item = memory_allocate(nodes->count + 1, sizeof(uint32_t));
	for (size_t i = 1; i < nodes->count; i++)
		writer->first_item[nodes->items[i].parent] +=
			(nodes->items[i].first_child != 0) + (nodes->items[i].self_count > 0);
	for (size_t i = 0; i <= nodes->count; i++) {
		uint32_t n_here = writer->first_item[i];

		writer->first_item[i] = n_items;
		n_items += n_here;
	}

	writer->items = memory_allocate(n_items, sizeof(*writer->items));
	position = memory_duplicate(writer->first_item, nodes->count * sizeof(uint32_t));
	for (uint32_t i = 1; i < nodes->count; i++) {
		uint32_t *next = &position[nodes->items[i].parent];

		if (nodes->items[i].self_count > 0)
			writer->items[(*next)++] = (struct folded_item){ .node = i };
		if (nodes->items[i].first_child)
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
		const struct call_tree_node *node;
		const char *name;

		writer->path.count = level->path_size_bytes;
		if (level->next_item == level->end_item) {
			writer->levels.count--;
			continue;
		}
		item = &writer->items[level->next_item++];
		node = &writer->tree->calls.nodes.items[item->node];
		name = string_table_text(&writer->tree->names, node->name);
		byte_vector_append_bytes(&writer->path, name, strlen(name));
		if (item->is_branch) {
			byte_vector_append(&writer->path, ';');
			folded_writer_descend(writer, item->node);
		} else {
			fwrite(writer->path.items, 1, writer->path.count, writer->file);
			fprintf(writer->file, " %" PRIu64 "\n", node->self_count);
		}
	}
}

static struct error *folded_write(const struct profile *profile,
				  const struct output_options *options, FILE *file)
{
	struct folded_tree tree;
	struct folded_writer writer = { .tree = &tree, .file = file };

	folded_tree_init(&tree, profile, options->event, &options->folded);
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
