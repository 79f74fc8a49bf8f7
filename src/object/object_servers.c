#include "object/object_servers.h"

#include "base/clock.h"
#include "base/memory.h"
#include "object/object_internal.h"

#include <dlfcn.h>
#include <string.h>
#include <unistd.h>

/* The client library's functions, as in <elfutils/debuginfod.h>, which need not be there. */
typedef struct debuginfod_client debuginfod_client;
typedef int progress_function(debuginfod_client *client, long done, long total);
typedef int find_function(debuginfod_client *client, const unsigned char *build_id, int size,
			  char **path_ret);

struct client_library {
	void *handle;
	debuginfod_client *(*begin)(void);
	void (*end)(debuginfod_client *client);
	find_function *find_debuginfo, *find_executable;
	void (*set_progress)(debuginfod_client *client, progress_function *function);
};

struct object_servers {
	struct object_servers_options options;
	struct client_library library;
	debuginfod_client *client;
	struct object_servers_facts facts;
	const char *name;  /**< Of what is asked for now. */
	uint64_t start_ns; /**< Of the present question, CLOCK_MONOTONIC. */
	uint64_t waited_ns;
	uint64_t done_bytes; /**< Of the present file. */
};

/** The progress function gets only the client, whose user data came later than the rest. */
static struct object_servers *asking;

static struct error *load_library(struct client_library *library)
{
	const struct {
		const char *name;
		void **function;
	} functions[] = {
		{ "debuginfod_begin", (void **)&library->begin },
		{ "debuginfod_end", (void **)&library->end },
		{ "debuginfod_find_debuginfo", (void **)&library->find_debuginfo },
		{ "debuginfod_find_executable", (void **)&library->find_executable },
		{ "debuginfod_set_progressfn", (void **)&library->set_progress },
	};

	library->handle = dlopen("libdebuginfod.so.1", RTLD_NOW | RTLD_LOCAL);
	if (!library->handle)
		return error_with_hint(error_new(ERROR_UNSUPPORTED,
						 "debuginfod: its client library is not there"),
				       "install libdebuginfod1 (Debian, Ubuntu), "
				       "elfutils-debuginfod-client (Fedora) or debuginfod (Arch)");
	for (size_t i = 0; i < ARRAY_SIZE(functions); i++) {
		*functions[i].function = dlsym(library->handle, functions[i].name);
		if (!*functions[i].function)
			return error_new(ERROR_UNSUPPORTED, "debuginfod: its library has no %s",
					 functions[i].name);
	}
	return NULL;
}

/** Not 0: give this file up. */
static int check_budget(debuginfod_client *client, long done, long total)
{
	struct object_servers *servers = asking;
	const struct object_servers_options *options = &servers->options;
	uint64_t done_bytes = done > 0 ? (uint64_t)done : 0;
	uint64_t size_bytes = total > 0 ? (uint64_t)total : 0;

	/* Before the first byte, the two numbers count something else. */
	servers->done_bytes = size_bytes ? done_bytes : 0;
	if (servers->waited_ns + clock_monotonic_ns() - servers->start_ns > options->time_max_ns)
		servers->facts.is_time_up = true;
	if (servers->facts.size_bytes + MAX(servers->done_bytes, size_bytes) >
	    options->size_max_bytes)
		servers->facts.is_size_up = true;
	if (options->progress && !options->progress(options->context, servers->name,
						    servers->done_bytes, size_bytes))
		servers->facts.is_stopped = true;
	return servers->facts.is_time_up || servers->facts.is_size_up || servers->facts.is_stopped;
}

struct error *object_servers_create(const struct object_servers_options *options,
				    struct object_servers **ret)
{
	const char *addresses = secure_getenv("DEBUGINFOD_URLS");
	struct object_servers *servers;
	struct error *error;

	if (!addresses || !addresses[strspn(addresses, " ")])
		return error_with_hint(
			error_new(ERROR_USAGE, "debuginfod: DEBUGINFOD_URLS names no server"),
			"export DEBUGINFOD_URLS=ADDRESS; your distribution says which one it has");
	servers = memory_allocate(1, sizeof(*servers));
	servers->options = *options;
	error = load_library(&servers->library);
	if (!error)
		servers->client = servers->library.begin();
	if (!error && !servers->client)
		error = error_new(ERROR_UNSUPPORTED, "debuginfod: its library does not start");
	if (error) {
		object_servers_destroy(servers);
		return error;
	}
	servers->library.set_progress(servers->client, check_budget);
	*ret = servers;
	return NULL;
}

void object_servers_destroy(struct object_servers *servers)
{
	if (!servers)
		return;
	if (servers->client)
		servers->library.end(servers->client);
	/* Not unloaded: libcurl and others below it do not bear that. */
	free(servers);
}

char *object_servers_fetch(struct object_servers *servers, enum object_server_file kind,
			   const struct build_id *build_id, const char *name)
{
	struct object_servers_facts *facts = &servers->facts;
	find_function *find = kind == SERVER_PROGRAM ? servers->library.find_executable
						     : servers->library.find_debuginfo;
	char *path = NULL;
	int descriptor;

	if (facts->is_time_up || facts->is_size_up || facts->is_stopped || !build_id->size_bytes)
		return NULL;
	asking = servers;
	servers->name = name;
	servers->start_ns = clock_monotonic_ns();
	servers->done_bytes = 0;
	facts->n_asked++;
	descriptor = find(servers->client, build_id->bytes, build_id->size_bytes, &path);
	servers->waited_ns += clock_monotonic_ns() - servers->start_ns;
	facts->size_bytes += servers->done_bytes;
	if (servers->options.progress)
		servers->options.progress(servers->options.context, NULL, 0, 0);
	if (descriptor < 0) {
		if (facts->is_time_up || facts->is_size_up || facts->is_stopped)
			object_places_forget_miss(kind, build_id);
		return NULL;
	}
	close(descriptor);
	facts->n_found++;
	return path;
}

struct object_servers_facts object_servers_facts(const struct object_servers *servers)
{
	return servers->facts;
}
