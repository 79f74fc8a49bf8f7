#pragma once

/** The lines of /proc/PID/maps: proc(5). */

#include "record/record.h"

/**
 * Take one line apart, in place.
 *
 * @param line  NUL-terminated; its path, decoded, is where ret->path points.
 * @return false: no executable mapping, or no such line.
 */
bool proc_maps_parse_line(char *line, struct mapping_record *ret);
