#ifndef WATCH_H
#define WATCH_H

// Tells when it is worth looking at some paths again. Usage: watch_path() for each path, then look, then poll() on
// `inotify` for at most `interval_ms`, then watch_drain(), and again from the start. Looking after the watch is set is
// what closes the gap in which a file could appear unseen.
struct watch {
  int inotify;      // -1 when there is none
  int interval_ms;  // look again after this long even if nothing was heard
  int last;         // the highest watch descriptor; they count from 1
};

void watch_open(struct watch *watch);
// Sets a watch on the directory that holds `path`, or on its nearest parent that exists. Cheap to repeat.
void watch_path(struct watch *watch, const char *path);
void watch_drain(const struct watch *watch);

// The end comes in two parts. Closing an inotify descriptor waits until the kernel has forgotten its watches, up to
// 20 ms (an SRCU grace period; measured); removing the watches does not. So they are removed when the step's turn has
// come, and the descriptor is closed a while later, when that costs nothing.
void watch_end(struct watch *watch);
void watch_close(struct watch *watch);

// Follows symbolic links, because the kubelet's downward API volume consists of them. MISPLACED: something other than
// absence, such as no permission, with the cause in errno.
enum presence { ABSENT, EMPTY, FILLED, MISPLACED };
enum presence look_at(const char *path);

#endif
