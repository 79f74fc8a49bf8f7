#include "cli/machine.h"

#include "base/clock.h"
#include "base/memory.h"

#include <stdio.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

/** The value of "KEY<tabs>: VALUE", or NULL when @p line is about something else. */
static const char *value_of(const char *line, const char *key)
{
	size_t length = strlen(key);

	if (strncmp(line, key, length) != 0)
		return NULL;
	line += length + strspn(line + length, " \t");
	return *line == ':' ? line + 1 + strspn(line + 1, " \t") : NULL;
}

static void take_value(const char *line, const char *key, char **ret)
{
	const char *value = *ret ? NULL : value_of(line, key);

	if (value)
		*ret = memory_format_text("%.*s", (int)strcspn(value, "\n"), value);
}

/** proc_cpuinfo(5); the first processor speaks for all. */
static void read_cpuinfo(struct machine *machine)
{
	_cleanup_free_ char *vendor = NULL, *family = NULL, *model = NULL, *stepping = NULL;
	FILE *file = fopen("/proc/cpuinfo", "re");
	char line[4096];

	while (file && fgets(line, sizeof(line), file) && line[0] != '\n') {
		take_value(line, "model name", &machine->cpu_model);
		take_value(line, "vendor_id", &vendor);
		take_value(line, "cpu family", &family);
		take_value(line, "model", &model);
		take_value(line, "stepping", &stepping);
	}
	if (file)
		fclose(file);
	if (vendor && family && model && stepping)
		machine->cpu_id =
			memory_format_text("%s,%s,%s,%s", vendor, family, model, stepping);
}

/* Source: the kernel's Documentation/admin-guide/pm/cpufreq.rst. */
static void read_governor(struct machine *machine)
{
	FILE *file = fopen("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "re");
	char line[64] = "";

	if (!file)
		return;
	if (fgets(line, sizeof(line), file))
		machine->governor = memory_format_text("%.*s", (int)strcspn(line, "\n"), line);
	fclose(file);
}

uint64_t machine_busy_ns(void)
{
	enum { USER, NICE, SYSTEM, IDLE, IOWAIT, IRQ, SOFTIRQ, STEAL, N_FIELDS };
	unsigned long long ticks[N_FIELDS];
	FILE *file = fopen("/proc/stat", "re");
	int n_fields;

	if (!file)
		return 0;
	n_fields = fscanf(file, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", &ticks[USER],
			  &ticks[NICE], &ticks[SYSTEM], &ticks[IDLE], &ticks[IOWAIT], &ticks[IRQ],
			  &ticks[SOFTIRQ], &ticks[STEAL]);
	fclose(file);
	if (n_fields != N_FIELDS)
		return 0;
	return (ticks[USER] + ticks[NICE] + ticks[SYSTEM] + ticks[IRQ] + ticks[SOFTIRQ] +
		ticks[STEAL]) *
	       (NS_PER_S / (uint64_t)sysconf(_SC_CLK_TCK));
}

void machine_init(struct machine *machine)
{
	struct utsname names;
	struct sysinfo info;

	*machine = (struct machine){ 0 };
	if (uname(&names) == 0) {
		machine->hostname = memory_duplicate_text(names.nodename);
		machine->kernel_release = memory_duplicate_text(names.release);
		machine->architecture = memory_duplicate_text(names.machine);
	}
	if (sysinfo(&info) == 0)
		machine->memory_total_kib = (uint64_t)info.totalram * info.mem_unit / 1024;
	machine->n_cpus_online = (uint32_t)sysconf(_SC_NPROCESSORS_ONLN);
	machine->n_cpus_available = (uint32_t)sysconf(_SC_NPROCESSORS_CONF);
	read_cpuinfo(machine);
	read_governor(machine);
}

void machine_deinit(struct machine *machine)
{
	free(machine->hostname);
	free(machine->kernel_release);
	free(machine->architecture);
	free(machine->cpu_model);
	free(machine->cpu_id);
	free(machine->governor);
	*machine = (struct machine){ 0 };
}
