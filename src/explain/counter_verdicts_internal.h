#pragma once

/** What metrics and verdicts share. */

#include "explain/counter_verdicts.h"

/** The count of @p name on the same unit and side as @p like; NULL: not counted. */
const struct counter_value *counter_value_find(const struct counter_scene *scene, const char *name,
					       const struct counter_value *like);

/** A metric that is one value divided by another. */
struct counter_share {
	const struct counter_value *of, *whole;
	double value;
};

/** The metric called @p name of the same unit and side as @p like; false: not counted. */
bool counter_share_find(const struct counter_scene *scene, const char *name,
			const struct counter_value *like, struct counter_share *ret);
