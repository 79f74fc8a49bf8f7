/**
 * For developers and for the comparison with addr2line(1): the symbolizer by hand.
 *
 *     symbolize [--no-inlines] [--mangled] FILE|kernel < ADDRESSES
 *
 * Reads hexadecimal elf addresses from standard input, one a line; writes for
 * each "0xADDRESS", then "NAME\tFILE:LINE" for each function, innermost first.
 * Times go to standard error.
 */

#include "base/clock.h"
#include "symbols/symbolizer.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static int compare_addresses(const void *a_pointer, const void *b_pointer)
{
	uint64_t a = *(const uint64_t *)a_pointer;
	uint64_t b = *(const uint64_t *)b_pointer;

	return a < b ? -1 : a > b;
}

static void read_addresses(struct address_vector *addresses)
{
	size_t kept = 0;
	uint64_t address;

	while (scanf("%" SCNx64, &address) == 1)
		address_vector_append(addresses, address);
	if (!addresses->count)
		return;
	qsort(addresses->items, addresses->count, sizeof(address), compare_addresses);
	for (size_t i = 0; i < addresses->count; i++) {
		if (!kept || addresses->items[i] != addresses->items[kept - 1])
			addresses->items[kept++] = addresses->items[i];
	}
	addresses->count = kept;
}

static void print_result(uint64_t address, const struct symbol_result *result)
{
	printf("0x%" PRIx64 "\n", address);
	for (uint32_t i = 0; i < result->n_frames; i++) {
		const struct symbol_frame *frame = &result->frames[i];

		printf("%s\t%s:%u\n", frame->name, frame->file ? frame->file : "??", frame->line);
	}
	if (result->status == SYMBOL_NO_TABLE)
		printf("?? (no table)\t??:0\n");
	if (result->status == SYMBOL_NO_MATCH)
		printf("?? (no match)\t??:0\n");
}

static void resolve_all(struct symbolizer *symbolizer, struct object *object,
			const struct address_vector *addresses)
{
	struct symbol_result *results = memory_allocate(addresses->count + 1, sizeof(*results));
	uint64_t start_ns = clock_monotonic_ns();
	enum symbol_source_kind kind = symbolizer_source_kind(symbolizer, object);
	uint64_t loaded_ns = clock_monotonic_ns(), resolved_ns;
	const char *problem;

	symbolizer_resolve(symbolizer, object, addresses->items, addresses->count, results);
	resolved_ns = clock_monotonic_ns();
	symbolizer_resolve(symbolizer, object, addresses->items, addresses->count, results);
	fprintf(stderr,
		"symbols of kind %d in %.1f ms, %zu addresses in %.1f ms, again in %.1f ms\n",
		(int)kind, (double)(loaded_ns - start_ns) / NS_PER_MS, addresses->count,
		(double)(resolved_ns - loaded_ns) / NS_PER_MS,
		(double)(clock_monotonic_ns() - resolved_ns) / NS_PER_MS);
	for (size_t i = 0; i < addresses->count; i++)
		print_result(addresses->items[i], &results[i]);
	problem = symbolizer_object_problem(symbolizer, object);
	if (problem)
		fprintf(stderr, "problem: %s\n", problem);
	free(results);
}

int main(int n_arguments, char **arguments)
{
	struct symbolizer_options options = { 0 };
	struct object_registry *registry = object_registry_create(NULL);
	struct address_vector addresses = { 0 };
	struct symbolizer *symbolizer;
	const char *path = NULL;
	struct object *object;

	for (int i = 1; i < n_arguments; i++) {
		if (strcmp(arguments[i], "--no-inlines") == 0)
			options.is_without_inlines = true;
		else if (strcmp(arguments[i], "--mangled") == 0)
			options.is_mangled = true;
		else
			path = arguments[i];
	}
	if (!path) {
		fprintf(stderr, "usage: symbolize [--no-inlines] [--mangled] FILE|kernel\n");
		return 2;
	}
	if (strcmp(path, "kernel") == 0)
		object = object_registry_kernel(registry);
	else
		object = object_registry_find(registry, &(struct object_identity){ .path = path });
	object_open(object, NULL);
	if (object->problem)
		fprintf(stderr, "%s\n", object->problem);
	read_addresses(&addresses);
	symbolizer = symbolizer_create(&options);
	resolve_all(symbolizer, object, &addresses);
	symbolizer_destroy(symbolizer);
	object_registry_destroy(registry);
	address_vector_deinit(&addresses);
	return 0;
}
