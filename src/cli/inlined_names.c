#include "cli/inlined_names.h"

#include "base/memory.h"
#include "object/object.h"

#include <inttypes.h>
#include <stdlib.h>

struct inlined_names {
	struct object_registry *objects;
	struct symbolizer *symbolizer;
	bool has_places;
};

struct inlined_names *inlined_names_create(const char *symfs_path,
					   const struct symbolizer_options *options,
					   bool has_places)
{
	struct inlined_names *names = memory_allocate(1, sizeof(*names));

	names->objects = object_registry_create(symfs_path);
	object_registry_set_trust(names->objects, OBJECTS_BY_PATH);
	names->symbolizer = symbolizer_create(options);
	names->has_places = has_places;
	return names;
}

void inlined_names_destroy(struct inlined_names *names)
{
	if (!names)
		return;
	symbolizer_destroy(names->symbolizer);
	object_registry_destroy(names->objects);
	free(names);
}

static char *copy_span(struct text_span span)
{
	char *text = memory_allocate(span.length + 1, 1);

	memcpy(text, span.start, span.length);
	return text;
}

/** "NAME" or "NAME:FILE:LINE", without the file's folders. */
static void append_frame(const struct inlined_names *names, const struct symbol_frame *frame,
			 struct byte_vector *ret)
{
	const char *slash = frame->file ? strrchr(frame->file, '/') : NULL;
	_cleanup_free_ char *place = NULL;

	/* A ';' in a name would begin another function. */
	for (const char *letter = frame->name; *letter; letter++)
		byte_vector_append(ret, *letter == ';' ? ':' : (uint8_t)*letter);
	if (!names->has_places)
		return;
	place = memory_format_text(":%s:%" PRIu32,
				   slash         ? slash + 1
				   : frame->file ? frame->file
						 : "??",
				   frame->line);
	byte_vector_append_bytes(ret, place, strlen(place));
}

bool inlined_names_expand(void *context, const struct script_frame *frame, struct byte_vector *ret)
{
	struct inlined_names *names = context;
	_cleanup_free_ char *path = copy_span(frame->object);
	_cleanup_free_ char *digits = copy_span(frame->address);
	const struct object_identity identity = { .path = path };
	struct symbol_result result = { .status = SYMBOL_NO_TABLE };
	uint64_t address = strtoull(digits, NULL, 16);
	struct object *object;

	if (path[0] != '/')
		return false;
	object = object_registry_find(names->objects, &identity);
	object_open(object, /* pid= */ 0, 0, 0);
	if (object->state != OBJECT_OPEN)
		return false;
	symbolizer_resolve(names->symbolizer, object, &address, 1, &result);
	if (result.status != SYMBOL_FOUND)
		return false;
	for (uint32_t i = result.n_frames; i-- > 0;) {
		append_frame(names, &result.frames[i], ret);
		if (i > 0)
			byte_vector_append(ret, ';');
	}
	return true;
}
