#include "build/build_systems_internal.h"

/* Make comes last: the others write makefiles too. clang-format off: one line each. */
const struct build_system *const build_systems[] = {
	&build_system_cargo,
	&build_system_cmake,
	&build_system_meson,
	&build_system_go,
	&build_system_zig,
	&build_system_make,
	NULL,
};
