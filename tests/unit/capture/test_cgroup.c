#include "../base/cmocka_headers.h"

#include "capture/cgroup.h"

#include "../base/error_assertions.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/** A folder with a "hierarchy" that has one cgroup. */
struct places {
	char folder[64];
	char *group;
};

static void places_init(struct places *places)
{
	strcpy(places->folder, "/tmp/perf-profile-cgroup-XXXXXX");
	assert_non_null(mkdtemp(places->folder));
	places->group = memory_format_text("%s/web", places->folder);
	assert_int_equal(mkdir(places->group, 0700), 0);
}

static void places_deinit(struct places *places)
{
	rmdir(places->group);
	rmdir(places->folder);
	free(places->group);
}

static void assert_opens(const char *mountinfo, const char *name)
{
	int fd = -1;

	assert_success(cgroup_open_in(mountinfo, name, &fd));
	assert_true(fd >= 0);
	close(fd);
}

static void hierarchies_with_perf_event_are_found(void **state)
{
	struct places places;

	places_init(&places);
	_cleanup_free_ char *version_2 = memory_format_text(
		"1 0 0:5 / /proc rw - proc proc rw\n2 0 0:6 / %s rw,relatime shared:4 - cgroup2 "
		"none rw\n",
		places.folder);
	_cleanup_free_ char *version_1 = memory_format_text(
		"2 0 0:6 / /nowhere rw - cgroup2 none rw\n3 0 0:7 / /nowhere2 rw - cgroup cgroup "
		"rw,cpu\n4 0 0:8 / %s rw - cgroup cgroup rw,net_cls,perf_event\n",
		places.folder);
	_cleanup_free_ char *hidden = memory_format_text(
		"2 0 0:6 / /hidden rw - cgroup2 none rw\n3 0 0:7 / /nowhere rw - tmpfs none rw\n"
		"4 3 0:6 / %s rw - cgroup2 none rw\n",
		places.folder);
	assert_opens(version_2, "web");
	assert_opens(version_2, places.group);
	assert_opens(version_1, "web");
	assert_opens(hidden, "web");
	places_deinit(&places);
}

static void what_is_not_there_is_said_with_the_place(void **state)
{
	struct places places;
	struct error *error;
	int fd = -7;

	places_init(&places);
	_cleanup_free_ char *mountinfo =
		memory_format_text("2 0 0:6 / %s rw - cgroup2 none rw\n", places.folder);
	error = cgroup_open_in(mountinfo, "db", &fd);
	assert_non_null(error);
	assert_int_equal(error->code, ERROR_NOT_FOUND);
	assert_non_null(strstr(error->message, "'db'"));
	assert_non_null(strstr(error->hint, places.folder));
	error_destroy(error);
	error = cgroup_open_in("1 0 0:5 / /proc rw - proc proc rw\nbroken - \n - cgroup2\n", "db",
			       &fd);
	assert_non_null(error);
	assert_int_equal(error->code, ERROR_UNSUPPORTED);
	error_destroy(error);
	assert_int_equal(fd, -7);
	places_deinit(&places);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hierarchies_with_perf_event_are_found),
		cmocka_unit_test(what_is_not_there_is_said_with_the_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
