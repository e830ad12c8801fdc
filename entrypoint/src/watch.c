#include "watch.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

// The safety net: network file systems, and a file that is filled through a link, raise no event here.
enum { INTERVAL_MS = 500 };
// When the kernel gives us no watch: 128 inotify instances per user are the default, and a node runs more steps.
enum { INTERVAL_WITHOUT_INOTIFY_MS = 20 };

void watch_open(struct watch *watch) {
  watch->inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  watch->last = 0;
  watch->interval_ms = watch->inotify < 0 ? INTERVAL_WITHOUT_INOTIFY_MS : INTERVAL_MS;
}

void watch_end(struct watch *watch) {
  // Some are gone already, with their directories.
  for (int descriptor = 1; descriptor <= watch->last; descriptor++) inotify_rm_watch(watch->inotify, descriptor);
  watch->last = 0;
}

void watch_close(struct watch *watch) {
  if (watch->inotify >= 0) close(watch->inotify);
  watch->inotify = -1;
}

// Copies the directory of the first `length` bytes of `path` and returns its length; 1 is the root.
static size_t parent_of(const char *path, size_t length, char *directory) {
  while (length > 0 && path[length - 1] == '/') length--;
  while (length > 0 && path[length - 1] != '/') length--;
  while (length > 1 && path[length - 1] == '/') length--;
  memcpy(directory, path, length);
  directory[length] = '\0';
  return length;
}

void watch_path(struct watch *watch, const char *path) {
  // Moves cover write-then-rename and the kubelet, which swaps the symbolic link `..data`. Adding a watch that is
  // already there changes nothing.
  const uint32_t events = IN_CREATE | IN_MOVED_TO | IN_CLOSE_WRITE | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;
  char directory[PATH_MAX], missing[PATH_MAX];
  size_t whole = strlen(path);
  if (watch->inotify < 0 || whole >= sizeof directory) return;

  // Once more whenever a directory was made while we were busy with its parent; the bound is against someone who makes
  // and removes it for ever.
  for (int attempt = 0; attempt < 16; attempt++) {
    size_t length = parent_of(path, whole, directory);
    missing[0] = '\0';
    int descriptor;
    while ((descriptor = inotify_add_watch(watch->inotify, directory, events)) < 0) {
      if (errno != ENOENT || length <= 1) {
        watch->interval_ms = INTERVAL_WITHOUT_INOTIFY_MS;
        return;
      }
      memcpy(missing, directory, length + 1);
      length = parent_of(path, length, directory);
    }
    if (descriptor > watch->last) watch->last = descriptor;
    if (missing[0] == '\0' || access(missing, F_OK) != 0) return;
  }
}

void watch_drain(const struct watch *watch) {
  // What happened does not matter, only that something did: everything is looked at again.
  char events[4096];
  while (watch->inotify >= 0 && read(watch->inotify, events, sizeof events) > 0) continue;
}

enum presence look_at(const char *path) {
  struct stat status;
  if (stat(path, &status) == 0) return status.st_size > 0 ? FILLED : EMPTY;
  return errno == ENOENT ? ABSENT : MISPLACED;
}
