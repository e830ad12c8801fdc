#ifndef SIGNALS_H
#define SIGNALS_H

#include <stdbool.h>
#include <stdint.h>

// Blocks every signal and returns a descriptor to read them from, or -1. `before` is the mask the command gets back.
// Done with bare system calls: sigfillset() leaves out the two or three signals that the C library keeps for itself
// (32 to 34), and one of those sent by a user would end us without a post file.
int signals_block(uint64_t *before);
void signals_restore(uint64_t before);

// The next signal that is meant for the command, or 0 when none is left. SIGCHLD is not, nor is one that the kernel
// sent because of something we did ourselves.
int signals_next(int descriptor);

// Asks for an end: HUP, INT, QUIT or TERM.
bool signal_is_stop(int signal);

#endif
