#include "analyze/wait_classes_internal.h"

/** Lengths there are: powers of two of a 64-bit number of nanoseconds. */
#define N_LENGTHS 64

/** Lengths apart that may still stand in for each other at the end. */
#define LENGTH_DISTANCE_MAX 3

static unsigned int length_of(uint64_t duration_ns)
{
	return duration_ns ? 63 - (unsigned int)__builtin_clzll(duration_ns) : 0;
}

static uint64_t class_key(uint32_t pid, uint32_t tid, unsigned int length, bool is_preempted)
{
	return hash_combine(hash_u64((uint64_t)tid << 32 | pid),
			    length + (is_preempted ? N_LENGTHS : 0));
}

struct wait_class *wait_classes_find(struct wait_classes *classes, uint32_t pid, uint32_t tid,
				     uint64_t duration_ns, bool is_preempted)
{
	unsigned int length = length_of(duration_ns);
	bool is_new;
	struct wait_class **slot =
		class_map_insert(&classes->map, class_key(pid, tid, length, is_preempted), &is_new);

	if (is_new) {
		*slot = memory_allocate(1, sizeof(**slot));
		(*slot)->pid = pid;
		(*slot)->tid = tid;
		(*slot)->length = length;
		(*slot)->is_preempted = is_preempted;
	}
	return *slot;
}

struct wait_class *wait_classes_next(const struct wait_classes *classes, size_t *cursor)
{
	struct wait_class **slot;
	uint64_t key;

	return class_map_next(&classes->map, cursor, &key, &slot) ? *slot : NULL;
}

void wait_class_add_donor(struct wait_class *class, uint32_t sample, uint64_t period_ns)
{
	if (class->is_shared_out)
		donor_vector_clear(&class->donors);
	class->is_shared_out = false;
	for (size_t i = 0; i < class->donors.count; i++) {
		if (class->donors.items[i].sample != sample)
			continue;
		class->donors.items[i].count++;
		class->donors.items[i].period_ns += period_ns;
		return;
	}
	donor_vector_append(&class->donors, (struct donor){ sample, 1, period_ns });
}

void wait_classes_add_waiting(struct wait_classes *classes, struct wait_class *class,
			      uint64_t count, uint64_t period_ns)
{
	if (!class->is_waiting)
		class_vector_append(&classes->waiting, class);
	class->is_waiting = true;
	class->count += count;
	class->period_ns += period_ns;
}

void wait_classes_age(struct wait_classes *classes)
{
	struct wait_class *class;
	size_t cursor = 0;

	while ((class = wait_classes_next(classes, &cursor))) {
		class->lately_count /= 2;
		class->lately_ns /= 2;
	}
}

const struct donor_vector *wait_classes_nearest_donors(const struct wait_classes *classes,
						       const struct wait_class *class)
{
	for (int distance = 1; distance <= LENGTH_DISTANCE_MAX; distance++) {
		for (int sign = -1; sign <= 1; sign += 2) {
			int length = (int)class->length + sign * distance;
			struct wait_class **near;

			if (length < 0 || length >= N_LENGTHS)
				continue;
			near = class_map_find(&classes->map,
					      class_key(class->pid, class->tid,
							(unsigned int)length, class->is_preempted));
			if (near && (*near)->donors.count)
				return &(*near)->donors;
		}
	}
	return NULL;
}

void wait_classes_deinit(struct wait_classes *classes)
{
	struct wait_class *class;
	size_t cursor = 0;

	while ((class = wait_classes_next(classes, &cursor))) {
		donor_vector_deinit(&class->donors);
		free(class);
	}
	class_map_deinit(&classes->map);
	class_vector_deinit(&classes->waiting);
}
