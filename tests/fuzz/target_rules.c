/** A rule file, and names held against its patterns. */

#include "explain/rule_internal.h"
#include "fuzz_target.h"

static void match_names(const struct rule_set *rules)
{
	static const char *const names[] = { "malloc",        "void sort<int>(int*) const",  "",
					     "a*b",           "operator new(unsigned long)", "\\",
					     "aaaaaaaaaaaaab" };

	for (size_t i = 0; i < rules->entries.count; i++) {
		const struct rule *rule = &rules->entries.items[i]->rule;

		FUZZ_CHECK(rule->id && rule->title && rule->meaning && rule->advice);
		FUZZ_CHECK(rule->share_least >= 0 && rule->share_least <= 1);
		for (size_t k = 0; k < rule->n_matchers; k++) {
			const struct pattern *pattern = &rule->matchers[k].pattern;

			FUZZ_CHECK(pattern->n_pieces > 0);
			for (size_t n = 0; n < ARRAY_SIZE(names); n++)
				pattern_matches(pattern, function_plain_name(names[n]));
		}
	}
}

static void run(struct bytes input)
{
	char *text = memory_allocate(input.size + 1, 1);
	struct rule_set *rules = rule_set_create();

	if (input.size)
		memcpy(text, input.data, input.size);
	fuzz_check_error(rule_set_parse(rules, "input", text));
	match_names(rules);
	function_plain_name(text);
	rule_set_destroy(rules);
	free(text);
}

static void make_seeds(struct fuzz_seeds *seeds)
{
	fuzz_seeds_add_text(seeds, "# comment\n\n[our-cache]\r\ntitle =  Our cache \n"
				   "meaning = Time in\n\tthe cache.\nadvice = Make it larger.\n"
				   "least = 4 %\nscope = leaf\nfunction =\n\tcache_get\n"
				   "  # between values\n\toperator new(unsigned long)\n"
				   "not-library = libx.so*\nthrough-kernel = do_syscall_64");
	fuzz_seeds_add_text(seeds, "[a]\ntitle=T\nmeaning=M\nadvice=A\nkernel=*x*y*\n"
				   "source=*.rs\n[b]\ntitle=T\nmeaning=M\nadvice=A\n"
				   "function=\\*a\\\\\nnot-function=b\n");
}

const struct fuzz_target fuzz_target = { run, make_seeds };
