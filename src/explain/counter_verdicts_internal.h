#pragma once

/** What metrics and verdicts share. */

#include "explain/counter_verdicts.h"

/** The count of @p name on the same unit and side as @p like; NULL: not counted. */
const struct counter_value *counter_value_find(const struct counter_scene *scene, const char *name,
					       const struct counter_value *like);
