#pragma once

/**
 * The lines of `perf script` text.
 *
 *     COMM PID/TID [CPU] SECONDS:  PERIOD EVENT:     a sample begins
 *     <blanks>ADDRESS FUNCTION+0xOFFSET (OBJECT)     its frames, innermost first
 *     <empty>                                        it ends
 *     # ...                                          a comment
 *
 * Which parts a header has depends on perf's version and on perf script -F; what
 * is taken for which part is what stackcollapse-perf.pl takes for it, so that the
 * same files give the same stacks.
 */

#include "input/line_reader.h"

struct script_header {
	struct text_span comm;   /**< May hold blanks. At least two characters. */
	struct text_span first;  /**< Digits: PID before '/', else TID. */
	struct text_span second; /**< Digits: TID after '/'; empty: there is none. */
	struct text_span period; /**< Digits; empty: not given. */
	struct text_span event;  /**< Without its ':'; empty: not given. */
	struct text_span rest;   /**< All that follows the ids. */

	/** The end of the line, ":  PERIOD EVENT:" and all: period and event follow from it alone.
	 * Empty: neither was found. */
	struct text_span measure;
};

struct script_frame {
	struct text_span address; /**< Hexadecimal digits as a rule; any word. */

	/**
	 * Symbol with "+0xOFFSET", or "[unknown]"; "INNER->OUTER" of inlining Java
	 * runtimes. Not empty.
	 */
	struct text_span function;
	struct text_span object; /**< Path, or "[unknown]"; may be empty. */
};

/** False: no such line. */
bool script_parse_header(struct text_span line, struct script_header *ret);

/** Only period and event of a line that is known to be a header. */
void script_parse_measure(struct text_span line, struct script_header *ret);

bool script_parse_frame(struct text_span line, struct script_frame *ret);

/** CPU and time of a header; what it does not have stays as it was. */
void script_parse_place(const struct script_header *header, uint32_t *cpu_ret,
			uint64_t *time_ns_ret);

/** Of a sample; 1 if there is none or it is 0, UINT64_MAX if it is larger. */
uint64_t script_period(const struct script_header *header);

/** Append "COMM", "COMM-PID" or "COMM-PID/TID", with '_' for blanks and "?" for an unknown PID. */
void script_append_thread(const struct script_header *header, bool has_pid, bool has_tid,
			  struct byte_vector *text);

/** Where the symbol ends and "+0xOFFSET" begins; the end when there is none. */
const char *script_symbol_end(struct text_span function);

/** Letters, digits and '_': what an address is made of. */
static inline bool script_is_word(char character)
{
	char lower = character | 0x20;

	return (character >= '0' && character <= '9') || (lower >= 'a' && lower <= 'z') ||
	       character == '_';
}

/** White space as Perl's \s has it in bytes. */
static inline bool script_is_space(char character)
{
	return character == ' ' || (character >= '\t' && character <= '\r');
}
