#ifndef WAIT_H
#define WAIT_H

#include "options.h"
#include "watch.h"

enum turn { TURN_COME, TURN_SKIPPED, TURN_CANCELLED, TURN_STOPPED, TURN_BROKEN };

// Blocks until it is this step's turn. TURN_STOPPED puts the signal that ended the wait in `signal`; TURN_BROKEN was
// logged. Returns at once when there is no -wait_file. What is left of `watch` is for the caller to close.
enum turn wait_for_turn(const struct options *options, int signals, int *signal, struct watch *watch);

#endif
