/** pprof's profile.proto to a profile. */

#include "target_text.h"

/* Two sample types, a sample of one location with two lines, labels, strings. */
#define TYPES    "\x0a\4\x08\1\x10\2\x0a\4\x08\3\x10\4"
#define MAPPING  "\x1a\x09\x08\1\x10\x80\x20\x20\0\x28\6" /* start 0x1000, file 6 */
#define LOCATION "\x22\x13\x08\x09\x10\1\x18\x84\x20\x22\4\x08\2\x10\7\x22\4\x08\1\x10\3"
#define FUNCTIONS "\x2a\4\x08\1\x10\5\x2a\6\x08\2\x10\7\x20\x08"
#define SAMPLE   "\x12\x11\x0a\1\x09\x12\2\3\x1e\x1a\4\x08\x09\x10\x0a\x1a\2\x08\x0b"
#define STRINGS                                                                                    \
	"\x32\0\x32\7samples\x32\5count\x32\3cpu\x32\x0bnanoseconds\x32\4main\x32\6/bin/x"         \
	"\x32\1f\x32\3a.c\x32\6thread\x32\6worker\x32\3pid"

static void run(struct bytes input)
{
	pprof_is_profile(input);
	read_whole_profile(input, pprof_profile_read);
}

static void make_seeds(struct fuzz_seeds *seeds)
{
	static const char whole[] = TYPES SAMPLE MAPPING LOCATION FUNCTIONS STRINGS;

	fuzz_seeds_add(seeds, (struct bytes){ (const uint8_t *)whole, sizeof(whole) - 1 });
}

const struct fuzz_target fuzz_target = { run, make_seeds };
