#ifndef PROCESSES_H
#define PROCESSES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

// Where the command's output goes before we pass it on; -1: it inherits ours.
struct outputs {
  int out;
  int err;
};

// Orphans come to us instead of to whoever started us, which as PID 1 of a container they do anyway.
void adopt_orphans(void);

// Starts the command in a process group of its own. Returns its pid, or -1 with the cause in errno.
pid_t start_command(char **command, bool hermetic, uint64_t signal_mask, struct outputs outputs);

// Collects every process that has ended. Sets `ended` and `status` when `command` is one of them.
// Returns false when no process of ours is left at all.
bool reap(pid_t command, bool *ended, int *status);

// SIGKILL to everything that descends from us, as far as it can be reached now; call again after reap() until that says
// nothing is left. `group` is 0 once the command was reaped: its number may be someone else's by then.
void kill_descendants(pid_t group);

#endif
