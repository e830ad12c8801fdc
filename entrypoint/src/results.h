#ifndef RESULTS_H
#define RESULTS_H

#include <stdbool.h>

#include "message.h"
#include "options.h"

// Adds every declared result that has a file, with its content as it is. False with the reason in `problem`: a result
// that is no regular file, cannot be read, or makes the message too large. Nothing is ever cut.
bool add_results(const struct options *options, struct message *message, char *problem, size_t problem_size);

#endif
