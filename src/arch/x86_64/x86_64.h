#pragma once

#include "arch/architecture.h"

extern const struct architecture x86_64_architecture;
