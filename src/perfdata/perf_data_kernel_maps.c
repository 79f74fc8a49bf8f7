#include "perfdata/perf_data_writer_internal.h"

#include <inttypes.h>
#include <stdio.h>

/** PERF_RECORD_MMAP's pid of the host's kernel. */
#define KERNEL_PID UINT32_MAX

/** perf takes the part after the ']' as the symbol that pgoff is the address of. */
#define KERNEL_MAP_NAME "[kernel.kallsyms]_text"

/** Module names have at most 56 bytes (MODULE_NAME_LEN of the kernel), and "[]". */
#define MODULE_NAME_SIZE_BYTES 64

/** Words of the longest sample_id trailer. */
#define N_TRAILER_WORDS_MAX 6

struct kernel_module {
	char name[MODULE_NAME_SIZE_BYTES]; /**< "[name]" */
	uint64_t start;
	uint64_t size_bytes;
};

DEFINE_VECTOR(kernel_module_vector, struct kernel_module)

/**
 * The address of _text; 0 when it is hidden (kptr_restrict) or not there, or the file
 * cannot be read: some kernels have none, some containers mask it. It is among the first
 * lines; all of kallsyms would be some 10 MB that the kernel has to format.
 */
static uint64_t read_kernel_start(const char *path)
{
	FILE *file = fopen(path, "re");
	char line[512];
	uint64_t start = 0;

	if (!file)
		return 0;
	while (fgets(line, sizeof(line), file)) {
		char name[8];
		uint64_t address;

		if (sscanf(line, "%" SCNx64 " %*c %7s", &address, name) == 2 &&
		    strcmp(name, "_text") == 0) {
			start = address;
			break;
		}
	}
	fclose(file);
	return start;
}

/**
 * /proc/modules: "NAME SIZE USERS USED_BY STATE ADDRESS". Hidden addresses are 0. A kernel
 * without modules has no such file; without their maps only their names are lost.
 */
static void read_modules(const char *path, struct kernel_module_vector *ret)
{
	FILE *file = fopen(path, "re");
	char *line = NULL;
	size_t capacity = 0;

	if (!file)
		return;
	while (getline(&line, &capacity, file) > 0) {
		struct kernel_module module;
		char name[MODULE_NAME_SIZE_BYTES - 2];

		if (sscanf(line, "%61s %" SCNu64 " %*s %*s %*s %" SCNx64, name, &module.size_bytes,
			   &module.start) != 3 ||
		    module.start == 0)
			continue;
		snprintf(module.name, sizeof(module.name), "[%s]", name);
		kernel_module_vector_append(ret, module);
	}
	free(line);
	fclose(file);
}

/** A PERF_RECORD_MMAP of time 0, with the trailer that the events' attrs promise. */
static struct error *append_kernel_map(struct perf_data_writer *writer, uint64_t start,
				       uint64_t size_bytes, uint64_t file_offset, const char *name)
{
	const struct perf_event_attr *attr = &writer->attrs[0];
	const uint64_t trailer_fields = PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_ID |
					PERF_SAMPLE_STREAM_ID | PERF_SAMPLE_CPU |
					PERF_SAMPLE_IDENTIFIER;
	const size_t n_trailer_words =
		attr->sample_id_all
			? (size_t)__builtin_popcountll(attr->sample_type & trailer_fields)
			: 0;

	struct {
		struct perf_event_header header;
		uint32_t pid, tid;
		uint64_t start, size_bytes, file_offset;
		char name[MODULE_NAME_SIZE_BYTES];
		uint64_t trailer[N_TRAILER_WORDS_MAX];
	} map = {
		.header = { .type = PERF_RECORD_MMAP, .misc = PERF_RECORD_MISC_KERNEL },
		.pid = KERNEL_PID,
		.start = start,
		.size_bytes = size_bytes,
		.file_offset = file_offset,
	};

	snprintf(map.name, sizeof(map.name), "%s", name);
	map.header.size =
		(uint16_t)(offsetof(typeof(map), trailer) + n_trailer_words * sizeof(uint64_t));
	return perf_data_writer_append(writer, (struct bytes){ (uint8_t *)&map, map.header.size });
}

/** Where the kernel's own map ends: at the first module behind it, as perf has it. */
static uint64_t kernel_end(uint64_t kernel_start, const struct kernel_module_vector *modules)
{
	uint64_t end = UINT64_MAX;

	for (size_t i = 0; i < modules->count; i++)
		if (modules->items[i].start > kernel_start)
			end = MIN(end, modules->items[i].start);
	return end;
}

static struct error *append_maps(struct perf_data_writer *writer, uint64_t kernel_start,
				 const struct kernel_module_vector *modules)
{
	RETURN_IF_ERROR(append_kernel_map(writer, kernel_start,
					  kernel_end(kernel_start, modules) - kernel_start,
					  kernel_start, KERNEL_MAP_NAME));
	for (size_t i = 0; i < modules->count; i++)
		RETURN_IF_ERROR(append_kernel_map(writer, modules->items[i].start,
						  modules->items[i].size_bytes, 0,
						  modules->items[i].name));
	return NULL;
}

struct error *perf_data_writer_append_kernel_maps(struct perf_data_writer *writer,
						  const char *kallsyms_path,
						  const char *modules_path)
{
	struct kernel_module_vector modules = { 0 };
	uint64_t kernel_start = read_kernel_start(kallsyms_path);
	struct error *error;

	if (kernel_start == 0)
		return NULL;
	read_modules(modules_path, &modules);
	error = append_maps(writer, kernel_start, &modules);
	kernel_module_vector_deinit(&modules);
	return error;
}
