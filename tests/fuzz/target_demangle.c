/** Linkage names: a program may call its functions anything. */

#include "fuzz_target.h"
#include "symbols/demangle.h"

static void run(struct bytes input)
{
	char *text = memory_allocate(input.size + 1, 1);
	char *name;

	if (input.size)
		memcpy(text, input.data, input.size);
	name = demangle(text);
	free(name);
	free(text);
}

static void make_seeds(struct fuzz_seeds *seeds)
{
	fuzz_seeds_add_text(seeds, "_ZNSt6vectorIiSaIiEE9push_backERKi");
	fuzz_seeds_add_text(seeds, "_ZN4core3fmt9Formatter3pad17h0123456789abcdefE");
	fuzz_seeds_add_text(seeds, "_RNvC6_123foo3bar");
	fuzz_seeds_add_text(seeds, "_RINvNtC3std3mem8align_ofdE");
	fuzz_seeds_add_text(seeds, "_D8demangle4testFZv");
	fuzz_seeds_add_text(seeds, "_ZZ3fooiENKUlT_E_clIcEEDaS_.constprop.0.cold");
}

const struct fuzz_target fuzz_target = { run, make_seeds };
