#ifndef SUBSTITUTE_H
#define SUBSTITUTE_H

#include <stdbool.h>

#include "options.h"

// Replaces $(steps.<step>.results.<result>) in the command, the environment and the -when flags by what earlier steps
// have written below -steps_dir. Also [n] and .key, and [*] where it is the whole argument or value; and
// $(steps.<step>.outputs.<artifact>), with -replace_script in the script as well. A reference that
// cannot be resolved is logged and stays as it is, as Tekton does. Without -steps_dir nothing is replaced.
// False when memory ran out.
bool substitute(struct options *options);

// All -when expressions hold, or one of their alternatives.
bool when_allows(const struct options *options);

#endif
