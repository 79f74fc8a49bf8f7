/** speedscope's JSON to a profile. */

#include "target_text.h"

static void run(struct bytes input)
{
	read_whole_profile(input, speedscope_profile_read);
}

static void make_seeds(struct fuzz_seeds *seeds)
{
	fuzz_seeds_add_text(
		seeds, "{\"shared\":{\"frames\":[{\"name\":\"a\"},{\"name\":\"b\",\"file\":"
		       "\"c.c\",\"line\":7}]},\"profiles\":[{\"type\":\"sampled\",\"name\":"
		       "\"t (1/2)\",\"unit\":\"milliseconds\",\"samples\":[[0],[0,1]],"
		       "\"weights\":[1,2.5]}]}");
	fuzz_seeds_add_text(
		seeds, "{\"profiles\":[{\"type\":\"evented\",\"name\":\"t\",\"unit\":\"none\","
		       "\"startValue\":0,\"events\":[{\"type\":\"O\",\"frame\":0,\"at\":1},"
		       "{\"type\":\"C\",\"frame\":0,\"at\":3}]}],\"shared\":{\"frames\":"
		       "[{\"name\":\"\\u00e9\"}]}}");
}

const struct fuzz_target fuzz_target = { run, make_seeds };
