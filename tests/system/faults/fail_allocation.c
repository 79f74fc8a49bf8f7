/*
 * LD_PRELOAD: allocation number $FAIL_ALLOCATION_AT and all after it fail; without it they are
 * counted, and the count goes to the file $FAIL_ALLOCATION_COUNT at the end. Only the program
 * itself: what it starts has an empty LD_PRELOAD by then.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *memory, size_t size);

static atomic_ulong n_allocations;
static unsigned long fail_at;

__attribute__((constructor)) static void begin(void)
{
	const char *text = getenv("FAIL_ALLOCATION_AT");

	unsetenv("LD_PRELOAD");
	n_allocations = 0;
	fail_at = text ? strtoul(text, NULL, 10) : 0;
}

__attribute__((destructor)) static void end(void)
{
	const char *path = getenv("FAIL_ALLOCATION_COUNT");
	char text[32];
	int file = path ? open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600) : -1;

	if (file < 0)
		return;
	snprintf(text, sizeof(text), "%lu\n", (unsigned long)n_allocations);
	if (write(file, text, strlen(text)) < 0)
		_exit(99);
	close(file);
}

static int may_allocate(void)
{
	unsigned long number = atomic_fetch_add(&n_allocations, 1) + 1;

	if (!fail_at || number < fail_at)
		return 1;
	errno = ENOMEM;
	return 0;
}

void *malloc(size_t size)
{
	return may_allocate() ? __libc_malloc(size) : NULL;
}

void *calloc(size_t count, size_t size)
{
	return may_allocate() ? __libc_calloc(count, size) : NULL;
}

void *realloc(void *memory, size_t size)
{
	return may_allocate() ? __libc_realloc(memory, size) : NULL;
}
