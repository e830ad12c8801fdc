#ifndef ARTIFACTS_H
#define ARTIFACTS_H

#include <stdbool.h>

#include "text.h"

// From a provenance file, the `values` of the first artifact of that name among its "inputs" or "outputs", as JSON in
// the form that Tekton gives them: digest before uri, algorithms sorted, nothing else. False when there is none.
bool artifact_values(const struct text *provenance, const char *side, const char *name, int name_length, struct text *out);

#endif
