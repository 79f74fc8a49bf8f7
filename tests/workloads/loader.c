/*
 * Loads a shared object again and again (second argument), and works in it each time:
 * main -> load_and_call -> plugin_work, and the loader itself.
 */
#include "work.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

__attribute__((noinline)) static void load_and_call(const char *path, unsigned int ms)
{
	void *plugin = dlopen(path, RTLD_NOW);
	void (*plugin_work)(unsigned int ms) = plugin ? (void (*)(unsigned int))dlsym(plugin,
										     "plugin_work")
						      : NULL;

	if (!plugin_work) {
		fprintf(stderr, "%s\n", dlerror());
		exit(1);
	}
	plugin_work(ms);
	dlclose(plugin);
}

int main(int argc, char **argv)
{
	unsigned int ms = argc > 1 ? (unsigned int)atoi(argv[1]) : 1000;
	uint64_t end_ns = thread_cpu_ns() + (uint64_t)ms * 1000000;

	while (argc > 2 && thread_cpu_ns() < end_ns)
		load_and_call(argv[2], 1);
	return argc > 2 ? 0 : 2;
}
