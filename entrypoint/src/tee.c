#include "tee.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files.h"
#include "log.h"

bool tee_open(struct tee *tee, const char *path, int to, int *command_end) {
  *command_end = -1;
  tee->from = tee->file = -1;
  if (path == NULL) return true;
  tee->path = path;
  tee->to = to;
  int ends[2];
  // 0644 under the umask is Tekton's; a later step with another user reads it. O_NONBLOCK: a FIFO without a reader is
  // an error, not a wait.
  if (make_parent_directory(path) &&
      (tee->file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0644)) >= 0 &&
      pipe2(ends, O_CLOEXEC) == 0) {
    tee->from = ends[0];
    *command_end = ends[1];
    // Ours only; the command's end blocks, as programs expect of their stdout.
    if (fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0) return true;
  }
  char shown[256];
  say("Error executing command: opening %s for a copy of the output: %s", quoted(path, shown, sizeof shown), strerror(errno));
  return false;
}

void tee_close(struct tee *tee) {
  if (tee->from >= 0) close(tee->from);
  if (tee->file >= 0) close(tee->file);
  tee->from = tee->file = -1;
}

bool tee_is_holding(const struct tee *tee) { return tee->start < tee->end; }

struct pollfd tee_wants(const struct tee *tee) {
  if (tee_is_holding(tee)) return (struct pollfd){.fd = tee->to, .events = POLLOUT};
  return (struct pollfd){.fd = tee->from, .events = POLLIN};
}

static void copy(struct tee *tee) {
  for (size_t at = 0; at < tee->end && !tee->copy_failed;) {
    ssize_t written = write(tee->file, tee->piece + at, tee->end - at);
    if (written >= 0) {
      at += (size_t)written;
    } else if (errno == EAGAIN && poll(&(struct pollfd){.fd = tee->file, .events = POLLOUT}, 1, 1000) == 1) {
      // Not a file but a FIFO, and its reader has caught up. One that does not within a second is given up.
    } else if (errno != EINTR) {
      tee->copy_failed = true;
      char shown[256];
      say("copying the output to %s: %s", quoted(tee->path, shown, sizeof shown), strerror(errno));
    }
  }
}

static void pass_on(struct tee *tee) {
  ssize_t written = write(tee->to, tee->piece + tee->start, tee->end - tee->start);
  if (written > 0) tee->start += (size_t)written;
  // The log has gone (EPIPE) or is broken. The copy goes on, since it may be a result.
  else if (written < 0 && errno != EINTR && errno != EAGAIN) tee->start = tee->end;
}

size_t tee_step(struct tee *tee, short events) {
  if (events == 0) return 0;
  if (tee_is_holding(tee)) {
    pass_on(tee);
    return 0;
  }
  ssize_t got = read(tee->from, tee->piece, sizeof tee->piece);
  if (got < 0 && (errno == EINTR || errno == EAGAIN)) return 0;
  if (got <= 0) {
    close(tee->from);
    tee->from = -1;
    return 0;
  }
  tee->start = 0;
  tee->end = (size_t)got;
  copy(tee);
  return (size_t)got;
}
