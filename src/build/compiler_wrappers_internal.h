#pragma once

/** Programs with the names of compilers that call the compilers with our flags added. */

#include "build/build.h"

/** Make the plan's programs find its wrappers before the compilers. */
void compiler_wrappers_put_on_path(struct build_plan *plan);

/** Write them: one for each compiler the user's PATH has. */
struct error *compiler_wrappers_write(const struct build_plan *plan) MUST_CHECK;
