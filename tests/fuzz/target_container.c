/** /proc/PID/cgroup: its paths are the choice of whoever may make cgroups. */

#include "fuzz_target.h"
#include "process/proc_container.h"

#include <stdlib.h>
#include <string.h>

static void run(struct bytes input)
{
	char *text = memory_allocate(input.size + 1, 1), *label;

	if (input.size)
		memcpy(text, input.data, input.size);
	label = proc_container_label(text);
	FUZZ_CHECK(!label || label[0]);
	free(label);
	free(text);
}

static void make_seeds(struct fuzz_seeds *seeds)
{
	static const char id[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
	char text[300];

	fuzz_seeds_add_text(seeds, "0::/user.slice/user-1000.slice/session-2.scope\n");
	fuzz_seeds_add_text(seeds, "0::/system.slice/nginx.service\n");
	fuzz_seeds_add_text(seeds, "4:cpu,cpuacct:/lxc/web\n1:name=systemd:/lxc/web\n0::/\n");
	snprintf(text, sizeof(text), "12:perf_event:/docker/%s\n0::/\n", id);
	fuzz_seeds_add_text(seeds, text);
	snprintf(text, sizeof(text),
		 "0::/kubepods.slice/kubepods-pod1_2.slice/cri-containerd-%s.scope\n", id);
	fuzz_seeds_add_text(seeds, text);
	snprintf(text, sizeof(text), "0::/machine.slice/libpod-%s.scope/container\n", id);
	fuzz_seeds_add_text(seeds, text);
}

const struct fuzz_target fuzz_target = { run, make_seeds };
