#include "process/proc_container.h"

#include "base/memory.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

/** Container engines name their cgroups by ids of this many hexadecimal digits. */
#define CONTAINER_ID_LENGTH 64

/** As many of them as docker ps and podman ps show. */
#define CONTAINER_ID_SHOWN 12

/** More text than any cgroup has. */
#define CGROUP_TEXT_MAX_BYTES 16384

/* What stands in the path of a container's cgroup, and whose that is. */
static const struct {
	const char *mark, *engine;
} engines[] = {
	{ "kubepods", "kubernetes" },        { "libpod-", "podman" }, { "crio-", "cri-o" },
	{ "cri-containerd-", "containerd" }, { "docker", "docker" },
};

/** The first run of CONTAINER_ID_LENGTH hexadecimal digits, or NULL. */
static const char *find_container_id(const char *path)
{
	size_t length;

	for (; *path; path += length ? length : 1) {
		length = strspn(path, "0123456789abcdef");
		if (length == CONTAINER_ID_LENGTH)
			return path;
	}
	return NULL;
}

static const char *engine_of(const char *path)
{
	for (size_t i = 0; i < ARRAY_SIZE(engines); i++) {
		if (strstr(path, engines[i].mark))
			return engines[i].engine;
	}
	return "container";
}

/** "web" of "/lxc/web/..." and "/lxc.payload.web/...", and "NAME" of machined; NULL: none. */
static char *named_container(const char *path)
{
	static const struct {
		const char *prefix, *kind;
	} kinds[] = {
		{ "/lxc.payload.", "lxc" },
		{ "/lxc/", "lxc" },
		{ "/machine.slice/machine-", "machine" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		size_t length = strlen(kinds[i].prefix);
		size_t name_length = strcspn(path + MIN(length, strlen(path)), "/.");

		if (strncmp(path, kinds[i].prefix, length) == 0 && name_length > 0)
			return memory_format_text("%s %.*s", kinds[i].kind, (int)name_length,
						  path + length);
	}
	return NULL;
}

/** The innermost "*.service" or "*.scope" of systemd, or NULL. */
static char *unit_of(const char *path)
{
	const char *unit = NULL;
	size_t unit_length = 0;

	while (*path) {
		size_t length = strcspn(path, "/");
		bool is_unit = (length > 8 && text_begins_with(path + length - 8, ".service")) ||
			       (length > 6 && text_begins_with(path + length - 6, ".scope"));

		if (is_unit) {
			unit = path;
			unit_length = length;
		}
		path += length + (path[length] == '/');
	}
	return unit ? memory_format_text("%.*s", (int)unit_length, unit) : NULL;
}

static char *label_of_path(const char *path)
{
	const char *id = find_container_id(path);

	if (id)
		return memory_format_text("%s %.*s", engine_of(path), CONTAINER_ID_SHOWN, id);
	return named_container(path);
}

/** What @p label_of says of the first line that it has something to say of. */
static char *first_label(const char *cgroups, char *(*label_of)(const char *path))
{
	_cleanup_free_ char *copy = memory_duplicate_text(cgroups);
	char *rest = copy, *line, *label = NULL;

	while (!label && (line = strsep(&rest, "\n"))) {
		char *path = strchr(line, ':');

		path = path ? strchr(path + 1, ':') : NULL;
		if (path)
			label = label_of(path + 1);
	}
	return label;
}

static char *path_itself(const char *path)
{
	return strcmp(path, "/") == 0 || !*path ? NULL : memory_duplicate_text(path);
}

char *proc_container_label(const char *cgroups)
{
	char *label = first_label(cgroups, label_of_path);

	if (!label)
		label = first_label(cgroups, unit_of);
	return label ? label : first_label(cgroups, path_itself);
}

char *proc_container_of(uint32_t pid)
{
	_cleanup_free_ char *path = memory_format_text("/proc/%u/cgroup", pid);
	_cleanup_free_ char *text = memory_allocate(1, CGROUP_TEXT_MAX_BYTES);
	FILE *file = fopen(path, "re");

	if (!file)
		return NULL;
	text[fread(text, 1, CGROUP_TEXT_MAX_BYTES - 1, file)] = '\0';
	fclose(file);
	return proc_container_label(text);
}
