#include "object/object_internal.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/** Containers seen in one recording whose files stay reachable; each costs a descriptor. */
#define ROOTS_MAX 128

static bool read_identity(const char *process, struct object_root *ret)
{
	_cleanup_free_ char *namespace_path = memory_format_text("/proc/%s/ns/mnt", process);
	_cleanup_free_ char *root_path = memory_format_text("/proc/%s/root", process);
	struct stat status;

	if (stat(namespace_path, &status) != 0)
		return false;
	ret->namespace_inode = status.st_ino;
	if (stat(root_path, &status) != 0)
		return false;
	ret->device = status.st_dev;
	ret->inode = status.st_ino;
	return true;
}

static bool is_same_root(const struct object_root *a, const struct object_root *b)
{
	return a->namespace_inode == b->namespace_inode && a->device == b->device &&
	       a->inode == b->inode;
}

char *object_roots_find(struct object_root_vector *roots, uint32_t pid)
{
	_cleanup_free_ char *process = memory_format_text("%u", pid);
	_cleanup_free_ char *path = memory_format_text("/proc/%u/root", pid);
	struct object_root root = { 0 }, own = { 0 };

	if (!read_identity(process, &root) || !read_identity("self", &own) ||
	    is_same_root(&root, &own))
		return memory_duplicate_text("");
	for (size_t i = 0; i < roots->count; i++) {
		if (is_same_root(&roots->items[i], &root))
			return memory_duplicate_text(roots->items[i].path);
	}
	if (roots->count == ROOTS_MAX)
		return memory_duplicate_text(path);
	root.descriptor = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root.descriptor < 0)
		return memory_duplicate_text(path);
	root.path = memory_format_text("/proc/self/fd/%d", root.descriptor);
	object_root_vector_append(roots, root);
	return memory_duplicate_text(root.path);
}

void object_roots_deinit(struct object_root_vector *roots)
{
	for (size_t i = 0; i < roots->count; i++) {
		close(roots->items[i].descriptor);
		free(roots->items[i].path);
	}
	object_root_vector_deinit(roots);
}
