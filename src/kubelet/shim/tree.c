/* Trees: of processes, to be killed, and of files, to be removed. */
#define _GNU_SOURCE
#include "shim.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void kill_children(pid_t parent, int depth) {
  char path[64], text[8192];
  snprintf(path, sizeof path, "/proc/%d/task", (int)parent);
  DIR *threads = opendir(path);
  if (threads == NULL || depth > 200) {
    if (threads != NULL) closedir(threads);
    return;
  }
  for (struct dirent *thread; (thread = readdir(threads)) != NULL;) {
    if (thread->d_name[0] == '.') continue;
    char children[sizeof path + sizeof thread->d_name + 16];
    snprintf(children, sizeof children, "%s/%s/children", path, thread->d_name);
    int file = open(children, O_RDONLY | O_CLOEXEC);
    if (file < 0) continue;
    ssize_t length = read(file, text, sizeof text - 1); /* the rest in the next round: the caller loops */
    close(file);
    if (length <= 0) continue;
    text[length] = '\0';
    char *at = text;
    for (;;) {
      char *end;
      long pid = strtol(at, &end, 10);
      if (end == at) break;
      at = end;
      /* Stopped first, so that it cannot fork while we look at its children. */
      kill((pid_t)pid, SIGSTOP);
      kill_children((pid_t)pid, depth + 1);
      kill((pid_t)pid, SIGKILL);
    }
  }
  closedir(threads);
}

void kill_descendants(void) { kill_children(getpid(), 0); }

static int remove_in(int folder, const char *name) {
  if (unlinkat(folder, name, 0) == 0 || errno == ENOENT) return 0;
  if (errno != EISDIR && errno != EPERM) return -1;
  int inner = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (inner < 0 && errno == EACCES) {
    /* A step took the rights from its own folder. */
    fchmodat(folder, name, 0700, 0);
    inner = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  }
  if (inner < 0) return errno == ENOENT ? 0 : -1;
  DIR *entries = fdopendir(inner);
  if (entries == NULL) {
    close(inner);
    return -1;
  }
  int wrong = 0;
  bool opened = false;
  for (struct dirent *entry; (entry = readdir(entries)) != NULL;) {
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
    if (remove_in(inner, entry->d_name) == 0) continue;
    if (!opened && errno == EACCES && fchmod(inner, 0700) == 0) {
      opened = true;
      if (remove_in(inner, entry->d_name) == 0) continue;
    }
    wrong = errno;
  }
  closedir(entries);
  if (unlinkat(folder, name, AT_REMOVEDIR) == 0 || errno == ENOENT) return 0;
  if (wrong != 0) errno = wrong;
  return -1;
}

int remove_tree(const char *path) { return remove_in(AT_FDCWD, path); }
