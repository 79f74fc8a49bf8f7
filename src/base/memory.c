#include "base/memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

/** Blocks from here on are worth a system call and the rest of a huge page. */
#define HUGE_SIZE_BYTES ((size_t)8 * 1024 * 1024)

/** Of the smallest page; madvise(2) wants addresses of whole ones. */
#define PAGE_SIZE_BYTES ((uintptr_t)4096)

void memory_exhausted(void)
{
	static const char text[] = "perf-profile: out of memory\n";

	/* stdio may need memory itself; 125 is "our own failure" (see cli/). */
	fwrite(text, 1, sizeof(text) - 1, stderr);
	_Exit(125);
}

/**
 * Large tables are looked into here and there: with huge pages, where the kernel has them, each
 * look waits for memory once instead of for page tables first, and few pages have to be made.
 */
static void *prefer_huge_pages(void *memory, size_t size_bytes)
{
	uintptr_t start = (uintptr_t)memory & ~(PAGE_SIZE_BYTES - 1);

	if (size_bytes >= HUGE_SIZE_BYTES)
		madvise((void *)start, (uintptr_t)memory + size_bytes - start, MADV_HUGEPAGE);
	return memory;
}

void *memory_allocate(size_t count, size_t size_bytes)
{
	void *memory = calloc(count ? count : 1, size_bytes ? size_bytes : 1);

	if (!memory)
		memory_exhausted();
	return prefer_huge_pages(memory, count * size_bytes);
}

void *memory_resize(void *memory, size_t count, size_t size_bytes)
{
	size_t total_bytes;
	void *resized;

	if (__builtin_mul_overflow(count, size_bytes, &total_bytes))
		memory_exhausted();
	resized = realloc(memory, total_bytes ? total_bytes : 1);
	if (!resized)
		memory_exhausted();
	return prefer_huge_pages(resized, total_bytes);
}

void *memory_duplicate(const void *bytes, size_t size_bytes)
{
	void *copy = memory_resize(NULL, size_bytes, 1);

	if (size_bytes)
		memcpy(copy, bytes, size_bytes);
	return copy;
}

char *memory_duplicate_text(const char *text)
{
	return text ? memory_duplicate(text, strlen(text) + 1) : NULL;
}

char *memory_format_text(const char *format, ...)
{
	va_list arguments;
	char *text;
	int length;

	va_start(arguments, format);
	length = vasprintf(&text, format, arguments);
	va_end(arguments);
	if (length < 0)
		memory_exhausted();
	return text;
}
