#include "base/string_table.h"

#include <assert.h>

void string_table_init(struct string_table *table)
{
	*table = (struct string_table){ 0 };
	string_table_intern_length(table, "", 0);
}

void string_table_deinit(struct string_table *table)
{
	string_map_deinit(&table->ids);
	string_vector_deinit(&table->texts);
	arena_deinit(&table->arena);
}

string_id string_table_intern(struct string_table *table, const char *text)
{
	return text ? string_table_intern_length(table, text, strlen(text)) : 0;
}

string_id string_table_intern_length(struct string_table *table, const char *text, size_t length)
{
	struct string_key key = { .text = length ? text : "", .length = length };
	string_id *id = string_map_find(&table->ids, key);

	if (id)
		return *id;
	assert(table->texts.count < UINT32_MAX);
	key.text = arena_duplicate_text(&table->arena, key.text, length);
	id = string_map_insert(&table->ids, key, NULL);
	*id = (string_id)table->texts.count;
	string_vector_append(&table->texts, key.text);
	return *id;
}

const char *string_table_text(const struct string_table *table, string_id id)
{
	assert(id < table->texts.count);
	return table->texts.items[id];
}
