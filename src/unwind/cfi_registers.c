#include "unwind/cfi_registers.h"

static bool has_expression(const struct cfi_register_rule *rule)
{
	return rule->kind == CFI_REGISTER_AT_EXPRESSION || rule->kind == CFI_REGISTER_IS_EXPRESSION;
}

/* Every realigned function has the same expressions, each at a place of its own. */
static uint64_t rule_hash(uint32_t number, const struct cfi_register_rule *rule)
{
	uint64_t value = (uint64_t)rule->offset;

	if (rule->kind == CFI_REGISTER_UNSPECIFIED)
		return 0;
	if (has_expression(rule))
		value = hash_bytes(rule->expression, rule->expression_size_bytes);
	return hash_combine(value, (uint64_t)rule->kind << 32 | number);
}

static bool rules_equal(const struct cfi_register_rule *a, const struct cfi_register_rule *b)
{
	if (a->kind != b->kind || a->expression_size_bytes != b->expression_size_bytes)
		return false;
	if (!has_expression(a))
		return a->offset == b->offset;
	return a->expression_size_bytes == 0 ||
	       memcmp(a->expression, b->expression, a->expression_size_bytes) == 0;
}

bool cfi_registers_equal(const struct cfi_registers *a, const struct cfi_registers *b)
{
	if (a->hash != b->hash)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(a->rules); i++) {
		if (!rules_equal(&a->rules[i], &b->rules[i]))
			return false;
	}
	return true;
}

static const struct cfi_registers *pool_keep(struct cfi_registers_pool *pool,
					     const struct cfi_registers *registers)
{
	const struct cfi_registers *const *known = cfi_registers_map_find(&pool->map, registers);
	struct cfi_registers *kept;

	if (known)
		return *known;
	if (pool->map.count == CFI_REGISTERS_MAX)
		return NULL;
	kept = arena_allocate(&pool->arena, sizeof(*kept));
	*kept = *registers;
	*cfi_registers_map_insert(&pool->map, kept, NULL) = kept;
	return kept;
}

const struct cfi_registers *cfi_registers_none(struct cfi_registers_pool *pool)
{
	return pool_keep(pool, &(struct cfi_registers){ 0 });
}

static struct cfi_registers_change *find_change(struct cfi_registers_pool *pool,
						const struct cfi_registers_change *wanted)
{
	uint64_t hash = ((uintptr_t)wanted->from ^ (uint64_t)wanted->rule.offset << 24) +
			wanted->number + (uint64_t)wanted->rule.kind * 64;

	if (!pool->changes)
		pool->changes = memory_allocate(CFI_REGISTERS_CHANGES, sizeof(*pool->changes));
	return &pool->changes[hash_u64(hash) & (CFI_REGISTERS_CHANGES - 1)];
}

/* Of two expressions the place is compared: quick, and where it differs nothing is wrong. */
static bool is_same_change(const struct cfi_registers_change *a,
			   const struct cfi_registers_change *b)
{
	return a->from == b->from && a->number == b->number && a->rule.kind == b->rule.kind &&
	       a->rule.offset == b->rule.offset &&
	       a->rule.expression_size_bytes == b->rule.expression_size_bytes;
}

const struct cfi_registers *cfi_registers_with(struct cfi_registers_pool *pool,
					       const struct cfi_registers *from, uint32_t number,
					       struct cfi_register_rule rule)
{
	struct cfi_registers_change wanted = { .from = from, .rule = rule, .number = number };
	struct cfi_registers_change *change = find_change(pool, &wanted);
	struct cfi_registers changed;

	if (is_same_change(change, &wanted))
		return change->to;
	changed = *from;
	changed.rules[number] = rule;
	changed.hash ^= rule_hash(number, &from->rules[number]) ^ rule_hash(number, &rule);
	wanted.to = pool_keep(pool, &changed);
	if (wanted.to)
		*change = wanted;
	return wanted.to;
}

void cfi_registers_pool_deinit(struct cfi_registers_pool *pool)
{
	free(pool->changes);
	cfi_registers_map_deinit(&pool->map);
	arena_deinit(&pool->arena);
	*pool = (struct cfi_registers_pool){ 0 };
}
