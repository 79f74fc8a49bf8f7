#include "capture/perf_events/pmu.h"

#include "base/memory.h"
#include "base/string_table.h"
#include "base/suggestion.h"
#include "base/text.h"

#include <dirent.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

/** A sysfs file is at most a page. */
#define SYSFS_FILE_SIZE_MAX_BYTES 4096

/** More CPUs than any kernel here supports (NR_CPUS). */
#define CPUS_MAX 8192

/** An event's description may name terms only; this ends loops in made-up ones. */
#define DESCRIPTION_DEPTH_MAX 2

const struct event_places event_places_of_kernel = {
	.sys_path = "/sys",
	.tracefs_path = "/sys/kernel/tracing",
};

static char *pmu_path(const struct event_places *places, const char *pmu, const char *rest)
{
	return memory_format_text("%s/bus/event_source/devices/%s/%s", places->sys_path, pmu, rest);
}

/** One path component: no way out of the folder. */
static bool is_plain_name(const char *name)
{
	return name[0] && name[0] != '.' && !strchr(name, '/') && strlen(name) < 256;
}

/** The content without its last newline, or NULL; free it. */
static char *read_line_of(const char *path)
{
	FILE *file = fopen(path, "re");
	char *content = NULL;
	size_t size_bytes;

	if (!file)
		return NULL;
	content = memory_allocate(1, SYSFS_FILE_SIZE_MAX_BYTES + 1);
	size_bytes = fread(content, 1, SYSFS_FILE_SIZE_MAX_BYTES, file);
	fclose(file);
	content[size_bytes] = '\0';
	content[strcspn(content, "\n")] = '\0';
	return content;
}

static char *read_pmu_file(const struct event_places *places, const char *pmu, const char *folder,
			   const char *name)
{
	_cleanup_free_ char *rest = memory_format_text("%s%s", folder, name);
	_cleanup_free_ char *path = NULL;

	if (!is_plain_name(pmu) || !is_plain_name(name))
		return NULL;
	path = pmu_path(places, pmu, rest);
	return read_line_of(path);
}

bool pmu_read_type(const struct event_places *places, const char *pmu, uint32_t *ret)
{
	_cleanup_free_ char *text = read_pmu_file(places, pmu, "", "type");
	unsigned long type;
	char *end;

	if (!text)
		return false;
	errno = 0;
	type = strtoul(text, &end, 10);
	if (errno || end == text || *end || type > INT32_MAX)
		return false;
	*ret = (uint32_t)type;
	return true;
}

bool pmu_exists(const struct event_places *places, const char *pmu)
{
	uint32_t type;

	return pmu_read_type(places, pmu, &type);
}

bool pmu_has_event(const struct event_places *places, const char *pmu, const char *event)
{
	_cleanup_free_ char *description = read_pmu_file(places, pmu, "events/", event);

	return description != NULL;
}

/** "0-3,8" (cpulist of the kernel's sysfs); what follows a mistake is left out. */
static void cpu_list_parse(const char *text, struct index_vector *cpus_ret)
{
	char *end;

	while (*text >= '0' && *text <= '9') {
		unsigned long first = strtoul(text, &end, 10), last = first;

		if (*end == '-')
			last = strtoul(end + 1, &end, 10);
		for (; first <= last && first < CPUS_MAX; first++)
			index_vector_append(cpus_ret, (uint32_t)first);
		text = *end == ',' ? end + 1 : end;
	}
}

void pmu_read_cpus(const struct event_places *places, const char *pmu,
		   struct index_vector *cpus_ret)
{
	_cleanup_free_ char *text = read_pmu_file(places, pmu, "", "cpus");

	if (!text)
		text = read_pmu_file(places, pmu, "", "cpumask");
	if (text)
		cpu_list_parse(text, cpus_ret);
}

/** Where sysfs does not say: those that this process may run on (sched_getaffinity(2)). */
static void add_allowed_cpus(struct index_vector *cpus_ret)
{
	cpu_set_t allowed;

	if (sched_getaffinity(0, sizeof(allowed), &allowed) != 0)
		return;
	for (uint32_t cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (CPU_ISSET(cpu, &allowed))
			index_vector_append(cpus_ret, cpu);
	}
}

void online_cpus_read(const struct event_places *places, struct index_vector *cpus_ret)
{
	_cleanup_free_ char *path =
		memory_format_text("%s/devices/system/cpu/online", places->sys_path);
	_cleanup_free_ char *text = read_line_of(path);

	if (text)
		cpu_list_parse(text, cpus_ret);
	if (cpus_ret->count == 0)
		add_allowed_cpus(cpus_ret);
}

/** The entries of @p folder nearest to @p wanted, quoted; NULL: none is near. Free it. */
static char *nearest_entries(const char *folder, const char *wanted)
{
	struct word_vector words = { 0 };
	struct string_vector names = { 0 };
	DIR *entries = opendir(folder);
	const struct dirent *entry;
	char *nearest;

	while (entries && (entry = readdir(entries))) {
		/* "energy-pkg.unit" belongs to an event and is none. */
		if (!strchr(entry->d_name, '.'))
			string_vector_append(&names, memory_duplicate_text(entry->d_name));
	}
	if (entries)
		closedir(entries);
	for (size_t i = 0; i < names.count; i++)
		word_vector_append(&words, names.items[i]);
	nearest = suggestion_make(wanted, &words, "");
	word_vector_deinit(&words);
	string_vector_destroy_items(&names);
	return nearest;
}

static struct error *unknown_entry(struct error *error, const char *folder, const char *wanted)
{
	_cleanup_free_ char *nearest = nearest_entries(folder, wanted);

	return nearest ? error_with_hint(error, "did you mean %s? %s lists all", nearest, folder)
		       : error_with_hint(error, "%s lists all", folder);
}

/** Spread the low bits of @p value over the bits that "config1:0-7,32-35" names. */
static bool apply_format(const char *format, uint64_t value, struct pmu_event *event)
{
	uint64_t *config = &event->config[0];
	const char *rest = strchr(format, ':');
	char *end;

	if (!rest || !text_begins_with(format, "config"))
		return false;
	if (format[6] == '1' || format[6] == '2')
		config = &event->config[format[6] - '0'];
	else if (format[6] != ':')
		return false;
	for (rest++; *rest; rest = *end == ',' ? end + 1 : end) {
		unsigned long first = strtoul(rest, &end, 10), last = first;

		if (end != rest && *end == '-')
			last = strtoul(end + 1, &end, 10);
		if (end == rest || first > last || last > 63 || (*end && *end != ','))
			return false;
		for (unsigned long bit = first; bit <= last; bit++, value >>= 1) {
			*config &= ~(UINT64_C(1) << bit);
			*config |= (value & 1) << bit;
		}
	}
	return value == 0;
}

static bool parse_value(const char *text, uint64_t *ret)
{
	char *end;

	if (text[0] < '0' || text[0] > '9')
		return false;
	errno = 0;
	*ret = strtoull(text, &end, 0);
	return errno == 0 && !*end;
}

static bool apply_config_term(const char *name, uint64_t value, struct pmu_event *event)
{
	static const char *const names[] = { "config", "config1", "config2" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (strcmp(name, names[i]) == 0) {
			event->config[i] = value;
			return true;
		}
	}
	return false;
}

static void read_scale(const struct event_places *places, const char *pmu, const char *event_name,
		       struct pmu_event *event)
{
	_cleanup_free_ char *scale_name = memory_format_text("%s.scale", event_name);
	_cleanup_free_ char *unit_name = memory_format_text("%s.unit", event_name);
	_cleanup_free_ char *scale = read_pmu_file(places, pmu, "events/", scale_name);
	_cleanup_free_ char *unit = read_pmu_file(places, pmu, "events/", unit_name);
	double factor = scale ? strtod(scale, NULL) : 0;

	if (factor > 0 && factor < 1e30)
		event->scale = factor;
	if (unit)
		snprintf(event->unit, sizeof(event->unit), "%s", unit);
}

static struct error *apply_terms(const struct event_places *places, const char *pmu, char *terms,
				 unsigned int depth, struct pmu_event *event);

/** The term is the name of one of the unit's events. */
static struct error *apply_event(const struct event_places *places, const char *pmu,
				 const char *name, unsigned int depth, struct pmu_event *event)
{
	_cleanup_free_ char *description = read_pmu_file(places, pmu, "events/", name);

	if (!description || depth >= DESCRIPTION_DEPTH_MAX) {
		_cleanup_free_ char *folder = pmu_path(places, pmu, "events");

		return unknown_entry(
			error_new(ERROR_USAGE, "'%s' is no event or term of '%s'", name, pmu),
			folder, name);
	}
	read_scale(places, pmu, name, event);
	return apply_terms(places, pmu, description, depth + 1, event);
}

static struct error *apply_term(const struct event_places *places, const char *pmu, char *term,
				unsigned int depth, struct pmu_event *event)
{
	char *equals = strchr(term, '=');
	_cleanup_free_ char *format = NULL;
	uint64_t value = 1;

	if (equals)
		*equals = '\0';
	if (strcmp(term, "name") == 0)
		return NULL;
	if (equals && !parse_value(equals + 1, &value))
		return error_new(ERROR_USAGE, "%s/%s/: '%s' is not a number", pmu, term,
				 equals + 1);
	if (equals && apply_config_term(term, value, event))
		return NULL;
	format = read_pmu_file(places, pmu, "format/", term);
	if (!format && !equals)
		return apply_event(places, pmu, term, depth, event);
	if (!format) {
		_cleanup_free_ char *folder = pmu_path(places, pmu, "format");

		return unknown_entry(error_new(ERROR_USAGE, "'%s' is no term of '%s'", term, pmu),
				     folder, term);
	}
	if (!apply_format(format, value, event))
		return error_new(ERROR_USAGE, "%s/%s=%#llx/: does not fit into %s", pmu, term,
				 (unsigned long long)value, format);
	return NULL;
}

static struct error *apply_terms(const struct event_places *places, const char *pmu, char *terms,
				 unsigned int depth, struct pmu_event *event)
{
	while (*terms) {
		size_t length = strcspn(terms, ",");
		bool is_last = !terms[length];

		terms[length] = '\0';
		RETURN_IF_ERROR(apply_term(places, pmu, terms, depth, event));
		terms += is_last ? length : length + 1;
	}
	return NULL;
}

struct error *pmu_event_parse(const struct event_places *places, const char *pmu, const char *terms,
			      size_t length, struct pmu_event *ret)
{
	_cleanup_free_ char *copy = memory_format_text("%.*s", (int)length, terms);
	struct pmu_event event = { .scale = 1 };

	if (strlen(pmu) >= PMU_NAME_SIZE_BYTES || !pmu_read_type(places, pmu, &event.type)) {
		_cleanup_free_ char *folder =
			memory_format_text("%s/bus/event_source/devices", places->sys_path);

		return unknown_entry(error_new(ERROR_USAGE, "no counting unit '%s' here", pmu),
				     folder, pmu);
	}
	RETURN_IF_ERROR(apply_terms(places, pmu, copy, 0, &event));
	*ret = event;
	return NULL;
}

struct error *tracepoint_read_id(const struct event_places *places, const char *category,
				 const char *event, uint64_t *ret)
{
	_cleanup_free_ char *events = memory_format_text("%s/events", places->tracefs_path);
	_cleanup_free_ char *folder = memory_format_text("%s/%s", events, category);
	_cleanup_free_ char *path = memory_format_text("%s/%s/id", folder, event);
	_cleanup_free_ char *text = NULL;
	DIR *entries;

	if (!is_plain_name(category) || !is_plain_name(event))
		return error_new(ERROR_USAGE, "unknown event '%s:%s'", category, event);
	text = read_line_of(path);
	if (text && parse_value(text, ret))
		return NULL;
	entries = opendir(events);
	if (!entries)
		return error_with_hint(
			error_from_errno(errno, "unknown event '%s:%s': cannot read %s", category,
					 event, events),
			errno == ENOENT ? "if it is a tracepoint: sudo mount -t tracefs tracefs %s"
					: "tracepoints need root, or sudo chmod a+rx %s",
			places->tracefs_path);
	closedir(entries);
	if (errno == EACCES)
		return error_with_hint(error_from_errno(EACCES, "cannot read %s", path),
				       "tracepoints need root");
	entries = opendir(folder);
	if (!entries)
		return unknown_entry(
			error_new(ERROR_USAGE, "unknown event '%s:%s'", category, event), events,
			category);
	closedir(entries);
	return unknown_entry(error_new(ERROR_USAGE, "unknown event '%s:%s'", category, event),
			     folder, event);
}
