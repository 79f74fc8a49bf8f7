#include "../base/cmocka_headers.h"

#include "process/proc_container.h"

#include <stdlib.h>

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const struct {
	const char *cgroups, *label;
} cases[] = {
	{ "0::/\n", NULL },
	{ "", NULL },
	{ "nonsense\n:\n", NULL },
	{ "0::/docker/" ID "\n", "docker 0123456789ab" },
	{ "12:cpu,cpuacct:/docker/" ID "\n1:name=systemd:/docker/" ID "\n", "docker 0123456789ab" },
	{ "0::/system.slice/docker-" ID ".scope\n", "docker 0123456789ab" },
	{ "0::/user.slice/user-0.slice/libpod-" ID ".scope/container\n", "podman 0123456789ab" },
	{ "0::/kubepods.slice/kubepods-burstable.slice/cri-containerd-" ID ".scope\n",
	  "kubernetes 0123456789ab" },
	{ "0::/system.slice/cri-containerd-" ID ".scope\n", "containerd 0123456789ab" },
	{ "0::/elsewhere/" ID "\n", "container 0123456789ab" },
	{ "0::/lxc.payload.web/init.scope\n", "lxc web" },
	{ "9:cpu:/lxc/db/x\n", "lxc db" },
	{ "0::/machine.slice/machine-deb.scope\n", "machine deb" },
	{ "0::/system.slice/nginx.service\n", "nginx.service" },
	{ "0::/user.slice/user-1000.slice/user@1000.service/app.slice/app-x.scope\n",
	  "app-x.scope" },
	{ "3:cpu:/\n2:memory:/batch/low\n", "/batch/low" },
	/* 63 and 65 digits are no ids. */
	{ "0::/a/" ID "0/b\n", "/a/" ID "0/b" },
	/* Markers without anything behind them. */
	{ "0::/lxc/\n", "/lxc/" },
};

static void labels_are_short_and_say_the_engine(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char *label = proc_container_label(cases[i].cgroups);

		if (cases[i].label)
			assert_string_equal(label, cases[i].label);
		else
			assert_null(label);
		free(label);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(labels_are_short_and_say_the_engine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
