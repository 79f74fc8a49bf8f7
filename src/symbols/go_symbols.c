#include "object/go_table.h"
#include "symbols/elf_symbols_internal.h"

static void add_function(void *context, const struct go_function *function)
{
	struct symbol_table_builder *builder = context;
	const struct symbol_pool_text *pool = &builder->table.pools[SYMBOL_POOL_MAIN];

	if (function->name >= pool->size_bytes || !pool->text[function->name] ||
	    function->end <= function->start)
		return;
	symbol_candidate_vector_append(&builder->candidates, (struct symbol_candidate){
								     .address = function->start,
								     .end = function->end,
								     .name_offset = function->name,
								     .pool = SYMBOL_POOL_MAIN,
								     .is_sized = true,
							     });
}

struct error *go_symbols_add(struct object *object, struct symbol_table_builder *builder,
			     bool *is_found_ret)
{
	struct go_table table;

	RETURN_IF_ERROR(go_table_find(object, &table, is_found_ret));
	if (!*is_found_ret)
		return NULL;
	symbol_table_set_pool(&builder->table, SYMBOL_POOL_MAIN,
			      (const char *)table.bytes.data + table.names,
			      table.bytes.size - table.names);
	return error_wrap(go_table_each(&table, add_function, builder), "%s", object->path);
}
