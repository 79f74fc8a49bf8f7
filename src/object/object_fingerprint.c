#include "object/object_internal.h"

#include "base/memory.h"

#include <inttypes.h>

char *object_fingerprint(struct object *object)
{
	char build_id[BUILD_ID_TEXT_SIZE_BYTES];

	if (object->kind != OBJECT_FILE || object->state != OBJECT_OPEN)
		return NULL;
	/* Rust's own libraries have no build id, and take longest to read. */
	if (!object->build_id.size_bytes)
		return object->store->image.stamp[0]
			       ? memory_format_text("file %s size %zu debug %016" PRIx64,
						    object->store->image.stamp, object->image.size,
						    object_debug_stamp(object))
			       : NULL;
	build_id_format(&object->build_id, build_id);
	return memory_format_text("build id %s size %zu debug %016" PRIx64, build_id,
				  object->image.size, object_debug_stamp(object));
}
