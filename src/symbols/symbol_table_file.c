#include "symbols/symbol_table_file_internal.h"

/** Behind the header; a multiple of the alignment of entries. */
#define HEADER_SIZE_BYTES 16

void symbol_table_file_write(const struct symbol_table *table, uint32_t tag,
			     struct byte_vector *ret)
{
	struct byte_vector text = { 0 };
	uint32_t header[HEADER_SIZE_BYTES / sizeof(uint32_t)] = { (uint32_t)table->count, 0, tag };

	byte_vector_reserve(ret, HEADER_SIZE_BYTES + table->count * 3 * sizeof(*table->entries));
	byte_vector_append_bytes(ret, header, sizeof(header));
	for (size_t i = 0; i < table->count; i++) {
		const char *name = symbol_table_name(table, &table->entries[i]);
		struct symbol_entry entry = table->entries[i];

		/* In SYMBOL_POOL_MAIN, which is 0: a name there is its offset. */
		entry.name = (uint32_t)MIN(text.count, (size_t)SYMBOL_POOL_SIZE_MAX_BYTES - 1);
		byte_vector_append_bytes(ret, &entry, sizeof(entry));
		if (entry.name == text.count)
			byte_vector_append_bytes(&text, name, strlen(name) + 1);
	}
	header[1] = (uint32_t)text.count;
	memcpy(ret->items, header, sizeof(header));
	byte_vector_append_bytes(ret, text.items, text.count);
	byte_vector_deinit(&text);
}

struct error *symbol_table_file_read(struct bytes content, struct symbol_table *ret,
				     uint32_t *tag_ret)
{
	struct byte_reader reader = byte_reader_make(content, "a table of symbols");
	uint32_t n_entries, text_size, tag, unused;
	struct bytes entries, text;

	RETURN_IF_ERROR(byte_reader_u32(&reader, &n_entries));
	RETURN_IF_ERROR(byte_reader_u32(&reader, &text_size));
	RETURN_IF_ERROR(byte_reader_u32(&reader, &tag));
	RETURN_IF_ERROR(byte_reader_u32(&reader, &unused));
	if (n_entries > SYMBOL_COUNT_MAX || text_size > SYMBOL_POOL_SIZE_MAX_BYTES)
		return byte_reader_error(&reader, "too large");
	RETURN_IF_ERROR(
		byte_reader_bytes(&reader, n_entries * sizeof(struct symbol_entry), &entries));
	RETURN_IF_ERROR(byte_reader_bytes(&reader, text_size, &text));
	if (byte_reader_left(&reader))
		return byte_reader_error(&reader, "more than it says");
	if ((uintptr_t)entries.data % _Alignof(struct symbol_entry))
		return byte_reader_error(&reader, "not aligned");
	*ret = (struct symbol_table){
		.entries = (struct symbol_entry *)entries.data,
		.count = n_entries,
		.has_borrowed_entries = true,
	};
	symbol_table_set_pool(ret, SYMBOL_POOL_MAIN, (const char *)text.data, text.size);
	*tag_ret = tag;
	return NULL;
}
