#ifndef TEE_H
#define TEE_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>

// One output stream of the command, passed on to the container log and copied to a file.
//
//   off      `from` is -1: the command inherits ours, or the stream has ended
//   reading  nothing held: the next piece may be read
//   holding  a piece is in the file but not yet in the log; nothing more is read until it is, so a slow log slows the
//            command down exactly as it would without us
//
// Nothing here blocks for long: a log reader that hangs must not hold back a timeout.
struct tee {
  int from;
  int to;    // our stdout or stderr
  int file;
  const char *path;
  size_t start, end;  // what of `piece` is held
  bool copy_failed;   // the file is not whole; said once
  // No more than fits in a pipe that poll() calls writable. So a write does not block.
  char piece[4096];
};

// Opens the file (append, made with its directories if missing) and a pipe, whose other end is put in `command_end`.
// Does nothing when `path` is NULL. False when it failed and that was logged.
bool tee_open(struct tee *tee, const char *path, int to, int *command_end);
void tee_close(struct tee *tee);

bool tee_is_holding(const struct tee *tee);
// What to poll for, and what to do with the answer. Returns how many bytes came in.
struct pollfd tee_wants(const struct tee *tee);
size_t tee_step(struct tee *tee, short events);

#endif
