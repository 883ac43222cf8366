#include "../apps/options.h"
