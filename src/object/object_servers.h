#pragma once

/**
 * Files by build id from debuginfod servers (debuginfod(8)), through elfutils' client library,
 * which is loaded when it is first needed. Only on request of the user: it uses the network and
 * tells the servers which programs are looked at.
 *
 * Not thread-safe.
 */

#include "base/build_id.h"
#include "base/error.h"

struct object_servers;

/** What is asked for. */
enum object_server_file {
	SERVER_DEBUG_FILE,
	SERVER_PROGRAM,
};

struct object_servers_options {
	uint64_t time_max_ns;    /**< All waiting together. */
	uint64_t size_max_bytes; /**< All files together. */

	/**
	 * Called now and then while a file comes, and with a NULL name when that ended.
	 * May be NULL.
	 *
	 * @param size_bytes  Of the whole file; 0: not known yet.
	 * @return false: stop asking (Ctrl-C).
	 */
	bool (*progress)(void *context, const char *name, uint64_t done_bytes,
			 uint64_t size_bytes);
	void *context;
};

/** What came of it, to be told. */
struct object_servers_facts {
	uint32_t n_asked, n_found;
	uint64_t size_bytes;
	bool is_time_up, is_size_up, is_stopped;
};

/**
 * @return ERROR_UNSUPPORTED without the library, ERROR_USAGE when DEBUGINFOD_URLS names no server.
 */
struct error *object_servers_create(const struct object_servers_options *options,
				    struct object_servers **ret) MUST_CHECK;

/** NULL is fine. */
void object_servers_destroy(struct object_servers *servers);

/**
 * Ask for a file.
 *
 * @param name  Of the program, for the progress.
 * @return the path of a file the client library keeps; free it. NULL: no server has it, or the
 *         budget is spent.
 */
char *object_servers_fetch(struct object_servers *servers, enum object_server_file kind,
			   const struct build_id *build_id, const char *name);

struct object_servers_facts object_servers_facts(const struct object_servers *servers);
