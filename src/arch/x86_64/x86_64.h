#pragma once

#include "arch/architecture.h"

extern const struct architecture x86_64_architecture;

/** architecture.find_way_out */
bool x86_64_find_way_out(const struct code_source *code, uint64_t address, bool is_behind_call,
			 struct way_out *ret);

/** architecture.find_exits */
bool x86_64_find_exits(struct bytes code, uint64_t address, struct code_exit_vector *ret);
