#pragma once

/** A fresh folder for one test, removed with everything in it. */

#include "base/attributes.h"

struct temporary_folder {
	char path[64];
};

/** cmocka setup: *state becomes a struct temporary_folder. */
int temporary_folder_set_up(void **state);

/** cmocka teardown. */
int temporary_folder_tear_down(void **state);

/** "FOLDER/NAME", with the folders in between made. Free with free(). */
char *temporary_path(void **state, const char *format, ...) PRINTF_LIKE(2, 3);
