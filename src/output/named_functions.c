#include "output/named_functions_internal.h"

#include "profile/label.h"

char *function_name(const struct profile *profile, const struct profile_function *function)
{
	return profile_label(profile, function->name, function->object, function->flags);
}

void named_functions_init(struct named_functions *named, const struct profile *profile)
{
	size_t n_functions;

	*named = (struct named_functions){ 0 };
	named->of_frame = memory_allocate(profile->frames.count, sizeof(*named->of_frame));
	profile_number_functions(profile, &named->functions, named->of_frame);

	n_functions = named->functions.count;
	named->names = memory_allocate(n_functions, sizeof(*named->names));
	named->files = memory_allocate(n_functions, sizeof(*named->files));
	for (size_t i = 0; i < n_functions; i++)
		named->names[i] = function_name(profile, &named->functions.items[i]);
	for (size_t i = 0; i < profile->frames.count; i++) {
		string_id *file = &named->files[named->of_frame[i]];

		if (!*file)
			*file = profile->frames.items[i].file;
	}
}

void named_functions_deinit(struct named_functions *named)
{
	for (size_t i = 0; i < named->functions.count; i++)
		free(named->names[i]);
	free(named->files);
	free(named->names);
	free(named->of_frame);
	profile_function_vector_deinit(&named->functions);
}
