#include "cli/options.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define DECIMAL_DIGITS "0123456789"

/** Only digits, no sign, no blank, no overflow. @p end_ret is behind the last digit. */
static bool parse_digits(const char *text, uint64_t *ret, const char **end_ret)
{
	size_t length = strspn(text, DECIMAL_DIGITS);

	if (length == 0)
		return false;
	errno = 0;
	*ret = strtoull(text, NULL, 10);
	*end_ret = text + length;
	return errno == 0;
}

static struct error *wrong_number(const char *option, const char *value, uint64_t least,
				  uint64_t most)
{
	return error_new(ERROR_USAGE, "%s: '%s' is not a whole number from %" PRIu64 " to %" PRIu64,
			 option, value, least, most);
}

struct error *option_read_u64(const char *option, const char *value, uint64_t least, uint64_t most,
			      uint64_t *ret)
{
	const char *end;
	uint64_t number;

	if (!parse_digits(value, &number, &end) || *end || number < least || number > most)
		return wrong_number(option, value, least, most);
	*ret = number;
	return NULL;
}

/** Decimal digits with at most one point: no sign, exponent, "inf" or "0x". */
static bool parse_decimal(const char *text, double *ret, const char **end_ret)
{
	size_t n_whole = strspn(text, DECIMAL_DIGITS);
	size_t length = n_whole;

	if (text[length] == '.')
		length += 1 + strspn(text + length + 1, DECIMAL_DIGITS);
	if (n_whole == 0 && length < 2)
		return false;
	*end_ret = text + length;
	*ret = strtod(text, NULL);
	return isfinite(*ret);
}

struct error *option_read_double(const char *option, const char *value, double least, double most,
				 double *ret)
{
	bool is_negative = value[0] == '-';
	const char *end;
	double number;

	if (parse_decimal(value + is_negative, &number, &end) && !*end) {
		number = is_negative ? -number : number;
		if (number >= least && number <= most) {
			*ret = number;
			return NULL;
		}
	}
	return error_new(ERROR_USAGE, "%s: '%s' is not a number from %g to %g", option, value,
			 least, most);
}

/** Shift for the letter behind a size: 0 for none, -1 for an unknown one. */
static int size_shift(const char *unit)
{
	static const char letters[] = "KMG";
	const char *letter;

	if (!*unit || strcmp(unit, "B") == 0)
		return 0;
	letter = strchr(letters, *unit & ~0x20);
	if (!letter || (unit[1] && strcmp(unit + 1, "B") != 0 && strcmp(unit + 1, "iB") != 0))
		return -1;
	return 10 * (int)(letter - letters + 1);
}

struct error *option_read_size(const char *option, const char *value, uint64_t least, uint64_t most,
			       uint64_t *bytes_ret)
{
	const char *unit;
	uint64_t number;

	if (parse_digits(value, &number, &unit)) {
		int shift = size_shift(unit);

		if (shift >= 0 && number <= UINT64_MAX >> shift && number << shift >= least &&
		    number << shift <= most) {
			*bytes_ret = number << shift;
			return NULL;
		}
	}
	return error_with_hint(error_new(ERROR_USAGE,
					 "%s: '%s' is not a size from %" PRIu64 " to %" PRIu64
					 " bytes",
					 option, value, least, most),
			       "write bytes, or a number with K, M or G behind it, as in 512K");
}

struct error *option_read_duration(const char *option, const char *value, uint64_t *ns_ret)
{
	static const struct {
		const char *name;
		double ns;
	} units[] = {
		{ "", 1e9 }, { "s", 1e9 },  { "ms", 1e6 },   { "us", 1e3 },
		{ "ns", 1 }, { "m", 60e9 }, { "h", 3600e9 },
	};

	const char *unit;
	double number;

	if (parse_decimal(value, &number, &unit)) {
		for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
			/* 2^63 ns are 292 years; a double holds it and casts without overflow. */
			if (strcmp(unit, units[i].name) == 0 && number * units[i].ns < 0x1p63) {
				*ns_ret = (uint64_t)llround(number * units[i].ns);
				return NULL;
			}
		}
	}
	return error_with_hint(
		error_new(ERROR_USAGE, "%s: '%s' is not a duration", option, value),
		"write seconds, or a number with ms, s, m or h behind it, as in 1.5s");
}
