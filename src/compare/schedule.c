#include "compare/schedule.h"

void schedule_block(struct random *random, size_t n_sides, size_t *sides_ret)
{
	for (size_t i = 0; i < n_sides; i++)
		sides_ret[i] = i;
	/* Fisher and Yates's shuffle. */
	for (size_t i = n_sides; i > 1; i--) {
		size_t other = random_below(random, (uint32_t)i);
		size_t side = sides_ret[i - 1];

		sides_ret[i - 1] = sides_ret[other];
		sides_ret[other] = side;
	}
	for (size_t i = 0; i < n_sides; i++)
		sides_ret[2 * n_sides - 1 - i] = sides_ret[i];
}
