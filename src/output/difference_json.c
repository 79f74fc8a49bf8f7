/** What diff --format json writes: docs/formats/diff.md describes it field by field. */

#include "base/json_writer.h"
#include "base/memory.h"
#include "output/difference.h"

#define SCHEMA 1

/** Functions of one name that call each other count twice in what they call. */
static double share_of(double part, double whole)
{
	return whole > 0 ? MIN(part / whole, 1.0) : 0;
}

/** An amount in the difference's unit, and what share of the side it is. */
static void write_amount(struct json_writer *json, const char *key,
			 const struct difference_side *side, double share,
			 const uint64_t *n_samples)
{

	json_begin_object(json, key);
	if (n_samples)
		json_u64(json, "samples", *n_samples);
	json_double(json, "share", share);
	json_double(json, "amount", share * side->total);
	json_end_object(json);
}

static void write_pair(struct json_writer *json, const char *key,
		       const struct difference *difference, double before, double after,
		       const uint64_t *before_count, const uint64_t *after_count)
{
	const double before_share = share_of(before, difference->before_whole);
	const double after_share = share_of(after, difference->after_whole);

	json_begin_object(json, key);
	write_amount(json, "before", &difference->before, before_share, before_count);
	write_amount(json, "after", &difference->after, after_share, after_count);
	json_double(json, "change", after - before);
	json_double(json, "change_of_share", after_share - before_share);
	json_end_object(json);
}

static void write_function(struct json_writer *json, const struct difference *difference,
			   const struct function_change *function)
{
	json_begin_object(json, NULL);
	json_string(json, "name", function->name);
	json_string(json, "library", function->library);
	json_bool(json, "is_kernel", function->is_kernel);
	json_string(json, "status",
		    function_change_is_new(function)    ? "appeared"
		    : function_change_is_gone(function) ? "vanished"
							: "both");
	write_pair(json, "self", difference, function->reference_s, function->changed_s,
		   &function->reference_count, &function->changed_count);
	write_pair(json, "children", difference, function->reference_children_s,
		   function->changed_children_s, NULL, NULL);
	json_double(json, "change_low", function->low_s);
	json_double(json, "change_high", function->high_s);
	json_bool(json, "exceeds_sampling_error", function->is_significant);
	json_end_object(json);
}

static void write_side(struct json_writer *json, const char *key,
		       const struct difference_side *side)
{
	json_begin_object(json, key);
	json_string(json, "input", side->path);
	json_string(json, "event", side->event_name);
	json_u64(json, "samples", side->n_samples);
	json_double(json, "total", side->total);
	json_double(json, "wall_s", side->wall_s);
	json_end_object(json);
}

void difference_write_json(const struct difference *difference, FILE *file)
{
	static const char *const names[] = {
		[DIFFERENCE_AS_IS] = "amount",
		[DIFFERENCE_BY_TOTAL] = "share",
		[DIFFERENCE_BY_TIME] = "amount per second",
	};
	struct json_writer json = json_writer_make(file);

	json_begin_object(&json, NULL);
	json_u64(&json, "schema", SCHEMA);
	json_string(&json, "tool", "perf-profile");
	json_string(&json, "compared", names[difference->basis]);
	json_string(&json, "unit", difference->unit);
	json_double(&json, "confidence", 0.95);
	write_side(&json, "before", &difference->before);
	write_side(&json, "after", &difference->after);
	json_begin_array(&json, "functions");
	for (size_t i = 0; i < difference->functions.count; i++)
		write_function(&json, difference, &difference->functions.items[i]);
	json_end_array(&json);
	json_end_object(&json);
	fputc('\n', file);
}
