#include "capture/counters/counter_list.h"

#include "base/memory.h"

#include <stdio.h>
#include <string.h>

/** perf_event_open(2) with PERF_PMU_CAP_EXTENDED_HW_TYPE: the unit's number above the event. */
#define PMU_TYPE_SHIFT 32

/* The kinds of cores of Intel's hybrid processors; sysfs has both or neither. */
static const char *const core_kinds[] = { "cpu_core", "cpu_atom" };

/** The events of one "{...}", or one event, being added. */
struct addition {
	const struct event_places *places;
	struct counter_list *list;
	const char *group_modifiers; /**< Behind the brace, with its colon; "": none. */
	uint32_t groups[ARRAY_SIZE(core_kinds) + 1]; /**< For no kind of core, then for each. */
	bool is_group;
};

static void request_deinit(struct counter_request *request)
{
	free(request->name);
}

void counter_list_deinit(struct counter_list *list)
{
	for (size_t i = 0; i < list->requests.count; i++)
		request_deinit(&list->requests.items[i]);
	counter_request_vector_deinit(&list->requests);
	*list = (struct counter_list){ 0 };
}

static bool is_per_core_kind(const struct event_selection *event)
{
	return event->type == PERF_TYPE_HARDWARE || event->type == PERF_TYPE_HW_CACHE;
}

/** Which of addition.groups an event of the unit @p pmu belongs to. */
static size_t kind_of_pmu(const char *pmu)
{
	for (size_t i = 0; i < ARRAY_SIZE(core_kinds); i++) {
		if (strcmp(pmu, core_kinds[i]) == 0)
			return i + 1;
	}
	return 0;
}

/** perf's term "name=" says what the event is called: "cpu/event=0xc1,name=ops/". NULL: nothing. */
static char *name_of_term(const char *name)
{
	const char *terms = strchr(name, '/');
	const char *term = terms ? strstr(terms, "name=") : NULL;

	if (!term || (term[-1] != '/' && term[-1] != ','))
		return NULL;
	term += strlen("name=");
	return memory_format_text("%.*s", (int)strcspn(term, ",/"), term);
}

/** Takes the name. */
static void append_request(struct addition *addition, char *name, struct event_selection event)
{
	struct counter_request *request =
		counter_request_vector_append_new(&addition->list->requests);
	uint32_t *group = &addition->groups[kind_of_pmu(event.pmu)];
	char *own_name = name_of_term(name);

	if (own_name && *own_name) {
		free(name);
		name = own_name;
	} else {
		free(own_name);
	}
	if (addition->is_group && *group == COUNTER_WITHOUT_GROUP)
		*group = addition->list->n_groups++;
	event.name = name;
	*request = (struct counter_request){ .name = name, .event = event, .group = *group };
}

/** "cpu_core/cycles/", and the same for the other kind. */
static void append_per_core_kind(struct addition *addition, const char *name,
				 const struct event_selection *event)
{
	size_t length = strcspn(name, ":");

	for (size_t i = 0; i < ARRAY_SIZE(core_kinds); i++) {
		struct event_selection of_kind = *event;
		uint32_t type;

		if (!pmu_read_type(addition->places, core_kinds[i], &type))
			continue;
		of_kind.config |= (uint64_t)type << PMU_TYPE_SHIFT;
		snprintf(of_kind.pmu, sizeof(of_kind.pmu), "%s", core_kinds[i]);
		append_request(addition,
			       memory_format_text("%s/%.*s/%s", core_kinds[i], (int)length, name,
						  name[length] ? name + length + 1 : ""),
			       of_kind);
	}
}

static struct error *add_event(struct addition *addition, const char *text, size_t length)
{
	const char *modifiers = memchr(text, ':', length) ? "" : addition->group_modifiers;
	char *name = memory_format_text("%.*s%s", (int)length, text, modifiers);
	struct event_selection event;
	struct error *error = event_name_parse_in(addition->places, name, &event);

	if (!error && addition->list->requests.count + ARRAY_SIZE(core_kinds) > COUNTERS_MAX)
		error = error_new(ERROR_USAGE, "more than %d events", COUNTERS_MAX);
	if (error || (is_per_core_kind(&event) && pmu_exists(addition->places, core_kinds[1]))) {
		if (!error)
			append_per_core_kind(addition, name, &event);
		free(name);
		return error;
	}
	append_request(addition, name, event);
	return NULL;
}

/** Events with commas between them, up to '}' or the end. */
static struct error *add_events(struct addition *addition, const char *text, size_t *length_ret)
{
	size_t position = 0;

	for (;;) {
		size_t length = event_name_length(text + position);

		if (length == 0)
			return error_with_hint(
				error_new(ERROR_USAGE, "an event is missing at '%s'",
					  text + position),
				"as in -e cycles,instructions or -e '{cycles,instructions}'");
		RETURN_IF_ERROR(add_event(addition, text + position, length));
		position += length;
		if (!addition->is_group || text[position] != ',')
			break;
		position++;
	}
	*length_ret = position;
	return NULL;
}

static struct error *add_part(struct counter_list *list, const struct event_places *places,
			      const char *text, size_t *length_ret)
{
	struct addition addition = {
		.places = places,
		.list = list,
		.group_modifiers = "",
		.groups = { COUNTER_WITHOUT_GROUP, COUNTER_WITHOUT_GROUP, COUNTER_WITHOUT_GROUP },
		.is_group = text[0] == '{',
	};
	_cleanup_free_ char *modifiers = NULL;
	const char *end;

	if (!addition.is_group)
		return add_events(&addition, text, length_ret);
	end = strchr(text, '}');
	if (!end)
		return error_new(ERROR_USAGE, "the group '%s' lacks its '}'", text);
	modifiers = memory_format_text("%.*s", (int)strcspn(end + 1, ","), end + 1);
	if (modifiers[0] && modifiers[0] != ':')
		return error_new(ERROR_USAGE, "'%s' behind a group is no modifier", modifiers);
	addition.group_modifiers = modifiers;
	RETURN_IF_ERROR(add_events(&addition, text + 1, length_ret));
	if (text[1 + *length_ret] != '}')
		return error_new(ERROR_USAGE, "a group cannot hold '%s'", text + 1 + *length_ret);
	*length_ret = (size_t)(end + 1 - text) + strlen(modifiers);
	return NULL;
}

struct error *counter_list_add(struct counter_list *list, const struct event_places *places,
			       const char *text)
{
	const struct counter_list before = { .requests.count = list->requests.count,
					     .n_groups = list->n_groups };
	struct error *error;
	size_t length;

	for (;;) {
		error = add_part(list, places, text, &length);
		if (error || !text[length])
			break;
		if (text[length] != ',') {
			error = error_new(ERROR_USAGE, "',' expected at '%s'", text + length);
			break;
		}
		text += length + 1;
	}
	while (error && list->requests.count > before.requests.count)
		request_deinit(&list->requests.items[--list->requests.count]);
	if (error)
		list->n_groups = before.n_groups;
	return error;
}
