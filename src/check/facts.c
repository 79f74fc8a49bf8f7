#include "check/facts_internal.h"

#include "base/memory.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

bool facts_exists(const char *root, const char *path)
{
	_cleanup_free_ char *full_path = memory_format_text("%s/%s", root, path);

	return access(full_path, F_OK) == 0;
}

char *facts_read(const char *root, const char *path)
{
	_cleanup_free_ char *full_path = memory_format_text("%s/%s", root, path);
	FILE *file = fopen(full_path, "re");
	char *content;
	size_t length, start = 0;

	if (!file)
		return NULL;
	content = memory_allocate(1, FACT_SIZE_MAX_BYTES + 1);
	length = fread(content, 1, FACT_SIZE_MAX_BYTES, file);
	if (ferror(file)) {
		fclose(file);
		free(content);
		return NULL;
	}
	fclose(file);
	while (length && isspace((unsigned char)content[length - 1]))
		length--;
	while (start < length && isspace((unsigned char)content[start]))
		start++;
	memmove(content, content + start, length - start);
	content[length - start] = '\0';
	return content;
}

bool facts_read_integer(const char *root, const char *path, int64_t *ret)
{
	_cleanup_free_ char *content = facts_read(root, path);
	long long value;
	char *end;

	if (!content || !*content)
		return false;
	errno = 0;
	value = strtoll(content, &end, 10);
	if (errno || *end)
		return false;
	*ret = value;
	return true;
}

char *facts_status(const struct check_context *context, const char *key)
{
	_cleanup_free_ char *status = facts_read(context->proc_path, "self/status");
	size_t key_length = strlen(key);
	char *rest = status, *line;

	while ((line = strsep(&rest, "\n"))) {
		if (strncmp(line, key, key_length) != 0 || line[key_length] != ':')
			continue;
		line += key_length + 1;
		return memory_duplicate_text(line + strspn(line, " \t"));
	}
	return NULL;
}

/** Whether user ids mean the same here as on the machine itself (user_namespaces(7)). */
static bool is_in_first_user_namespace(const struct check_context *context)
{
	_cleanup_free_ char *map = facts_read(context->proc_path, "self/uid_map");
	unsigned long inside, outside, length;

	if (!map)
		return true; /* a kernel without user namespaces */
	return sscanf(map, "%lu %lu %lu", &inside, &outside, &length) == 3 && inside == 0 &&
	       outside == 0 && length == UINT32_MAX;
}

bool facts_has_capability(const struct check_context *context, unsigned int capability)
{
	_cleanup_free_ char *effective = facts_status(context, "CapEff");

	return effective && is_in_first_user_namespace(context) &&
	       (strtoull(effective, NULL, 16) >> capability & 1);
}

bool facts_is_privileged(const struct check_context *context)
{
	return facts_has_capability(context, CAPABILITY_PERFMON) ||
	       facts_has_capability(context, CAPABILITY_SYS_ADMIN);
}

uint32_t facts_cpu_count(const struct check_context *context)
{
	_cleanup_free_ char *online = facts_read(context->sys_path, "devices/system/cpu/online");
	char *rest = online, *range;
	uint32_t count = 0;

	while ((range = strsep(&rest, ","))) {
		unsigned int first, last;
		int n_read = sscanf(range, "%u-%u", &first, &last);

		if (n_read == 1)
			count++;
		else if (n_read == 2 && last >= first)
			count += last - first + 1;
	}
	return MAX(count, 1U);
}

bool facts_has_seccomp_filter(const struct check_context *context)
{
	_cleanup_free_ char *mode = facts_status(context, "Seccomp");

	return mode && strcmp(mode, "2") == 0;
}

/** A word in a file that gives something away. */
struct trace {
	const char *word;
	const char *meaning;
};

static const char *find_trace(const char *content, const struct trace *traces, size_t n_traces)
{
	for (size_t i = 0; content && i < n_traces; i++)
		if (strcasestr(content, traces[i].word))
			return traces[i].meaning;
	return NULL;
}

const char *facts_container(const struct check_context *context)
{
	static const struct trace traces[] = {
		{ "kubepods", "Kubernetes" },
		{ "docker", "docker" },
		{ "libpod", "podman" },
		{ "containerd", "containerd" },
		{ "/lxc", "LXC" },
		{ "machine.slice", "nspawn" },
	};
	_cleanup_free_ char *cgroup = NULL;

	/* Our own root folder, so that a test can give one. */
	if (facts_exists(context->proc_path, "self/root/.dockerenv"))
		return "docker";
	if (facts_exists(context->proc_path, "self/root/run/.containerenv"))
		return "podman";
	cgroup = facts_read(context->proc_path, "self/cgroup");
	return find_trace(cgroup, traces, ARRAY_SIZE(traces));
}

const char *facts_hypervisor(const struct check_context *context)
{
	static const struct trace vendors[] = {
		{ "KVM", "KVM" },
		{ "QEMU", "QEMU" },
		{ "VMware", "VMware" },
		{ "VirtualBox", "VirtualBox" },
		{ "innotek", "VirtualBox" },
		{ "Xen", "Xen" },
		{ "Microsoft", "Hyper-V" },
		{ "Google", "Google Compute Engine" },
		{ "Amazon EC2", "Amazon EC2" },
		{ "Parallels", "Parallels" },
		{ "OpenStack", "OpenStack" },
		{ "DigitalOcean", "DigitalOcean" },
	};
	static const struct trace kernels[] = { { "microsoft", "WSL" } };
	static const char *const files[] = { "class/dmi/id/sys_vendor", "class/dmi/id/product_name",
					     "hypervisor/type" };
	_cleanup_free_ char *release = facts_read(context->proc_path, "sys/kernel/osrelease");
	_cleanup_free_ char *cpus = facts_read(context->proc_path, "cpuinfo");
	const char *found = find_trace(release, kernels, ARRAY_SIZE(kernels));
	/* x86: CPUID leaf 1, ECX bit 31, which real CPUs leave 0. */
	bool has_flag = cpus && strstr(cpus, " hypervisor");

	for (size_t i = 0; !found && i < ARRAY_SIZE(files); i++) {
		_cleanup_free_ char *content = facts_read(context->sys_path, files[i]);

		found = find_trace(content, vendors, ARRAY_SIZE(vendors));
	}
	/* Laptops have "Microsoft" and servers "Google" for a vendor too. */
	if (found && cpus && strstr(cpus, "flags") && !has_flag)
		return NULL;
	if (!found && has_flag)
		return "a hypervisor";
	return found;
}
