#ifndef BREAKPOINT_H
#define BREAKPOINT_H

#include "options.h"
#include "wait.h"

// Both wait for a file that one of /tekton/debug/scripts writes, or for a cancellation or a signal. What they return is
// as of wait_for_turn().

// Before the command. TURN_COME: let it run. TURN_SKIPPED: the user wants the step to fail instead.
enum turn wait_at_start(const struct options *options, int signals, int *signal);

// After the command has failed. TURN_COME: end with `exit_code`, which is the user's word.
enum turn wait_at_failure(const struct options *options, int signals, int *signal, int *exit_code);

#endif
