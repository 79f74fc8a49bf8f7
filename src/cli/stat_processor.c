#include "cli/stat.h"

#include "cli/machine.h"

#include <stdlib.h>
#include <string.h>

void stat_processor_init(struct stat_processor *processor)
{
	const char *comma;
	struct machine machine;
	char *end;

	*processor = (struct stat_processor){ .processor.vendor = processor->vendor };
	machine_init(&machine);
	/* "AuthenticAMD,25,17,1" */
	comma = machine.cpu_id ? strchr(machine.cpu_id, ',') : NULL;
	if (comma) {
		snprintf(processor->vendor, sizeof(processor->vendor), "%.*s",
			 (int)(comma - machine.cpu_id), machine.cpu_id);
		processor->processor.family = (unsigned int)strtoul(comma + 1, &end, 10);
		if (*end == ',')
			processor->processor.model = (unsigned int)strtoul(end + 1, NULL, 10);
	}
	machine_deinit(&machine);
}
