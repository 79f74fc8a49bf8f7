/* What loader.c loads. */
#include "work.h"

__attribute__((visibility("default"), noinline)) void plugin_work(unsigned int ms)
{
	WORK_MS(ms);
	work_sink++;
}
