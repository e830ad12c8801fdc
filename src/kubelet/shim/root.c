/*
 * The container's root: an empty tmpfs into which every top-level entry of the machine's / is bound, and then the
 * mounts. Nothing is ever created on the machine: where a mount point is missing inside a folder of the machine (such
 * as /var/secret), that one folder is *shadowed*: a tmpfs over it, with each of its entries bound back into it.
 */
#define _GNU_SOURCE
#include "shim.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef AT_RECURSIVE
#define AT_RECURSIVE 0x8000
#endif
#ifndef SYS_openat2
#define SYS_openat2 437
#endif
#define RESOLVE_IN_ROOT_FLAG 0x10
#ifndef SYS_mount_setattr
#define SYS_mount_setattr 442
#endif
#define ATTR_RDONLY 0x1

/* As linux/mount.h, which musl does not ship. */
struct attributes {
  uint64_t set, clear, propagation, userns;
};

/* As linux/openat2.h, which musl does not ship. */
struct how {
  uint64_t flags, mode, resolve;
};

struct root {
  const char *path; /* where it is being built */
  int fd;
  int *ours; /* ids of mounts in which we may create folders: our tmpfs and the volumes */
  size_t our_count;
  char *error;
};

static int fail(struct root *root, const char *doing, const char *what) {
  snprintf(root->error, ERROR_SIZE, "%s %s: %s", doing, what, strerror(errno));
  return -1;
}

/* Opens a path as the container will see it: links, `..` and all resolved inside the new root. */
static int open_inside(const struct root *root, const char *path) {
  struct how how = {.flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT_FLAG};
  while (*path == '/') path++;
  return (int)syscall(SYS_openat2, root->fd, *path == '\0' ? "." : path, &how, sizeof how);
}

static int mount_id(int fd) {
  char path[64], text[512];
  snprintf(path, sizeof path, "/proc/self/fdinfo/%d", fd);
  int info = open(path, O_RDONLY | O_CLOEXEC);
  if (info < 0) return -1;
  ssize_t length = read(info, text, sizeof text - 1);
  close(info);
  if (length <= 0) return -1;
  text[length] = '\0';
  const char *line = strstr(text, "mnt_id:");
  return line == NULL ? -1 : atoi(line + 7);
}

static void adopt_mount(struct root *root, int fd) {
  int *grown = realloc(root->ours, (root->our_count + 1) * sizeof *grown);
  if (grown == NULL) return;
  root->ours = grown;
  root->ours[root->our_count++] = mount_id(fd);
}

static bool is_ours(const struct root *root, int fd) {
  int id = mount_id(fd);
  for (size_t i = 0; i < root->our_count; i++)
    if (root->ours[i] == id) return true;
  return false;
}

/* Binds one entry of the machine's folder `from` into `into`. What cannot be bound (vanished meanwhile) is left out. */
static void bind_entry(int from, const char *from_path, int into, const char *into_path, const char *name) {
  struct stat info;
  char source[PATH_MAX], target[PATH_MAX];
  if (fstatat(from, name, &info, AT_SYMLINK_NOFOLLOW) != 0) return;
  if (S_ISLNK(info.st_mode)) {
    ssize_t length = readlinkat(from, name, source, sizeof source - 1);
    if (length <= 0) return;
    source[length] = '\0';
    if (symlinkat(source, into, name) != 0) return;
    return;
  }
  if ((size_t)snprintf(source, sizeof source, "%s/%s", from_path, name) >= sizeof source) return;
  if ((size_t)snprintf(target, sizeof target, "%s/%s", into_path, name) >= sizeof target) return;
  if (S_ISDIR(info.st_mode)) {
    if (mkdirat(into, name, 0755) != 0) return;
  } else {
    int made = openat(into, name, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0644);
    if (made < 0) return;
    close(made);
  }
  if (mount(source, target, NULL, MS_BIND | (S_ISDIR(info.st_mode) ? MS_REC : 0), NULL) != 0)
    unlinkat(into, name, S_ISDIR(info.st_mode) ? AT_REMOVEDIR : 0);
}

/* A tmpfs at `into_path`, which then looks like the machine's folder `from_path`. */
static int shadow(struct root *root, const char *from_path, const char *into_path) {
  DIR *entries = opendir(*from_path == '\0' ? "/" : from_path);
  if (entries == NULL) return fail(root, "reading", from_path);
  struct stat info;
  char options[32] = "mode=0755";
  if (fstat(dirfd(entries), &info) == 0)
    snprintf(options, sizeof options, "mode=%o", (unsigned)info.st_mode & 07777);
  if (mount("tektite", into_path, "tmpfs", MS_NOSUID | MS_NODEV, options) != 0) {
    closedir(entries);
    return fail(root, "mounting a tmpfs on", into_path);
  }
  /* Otherwise the recursive bind of the folder we are built in would contain us again. */
  mount(NULL, into_path, NULL, MS_UNBINDABLE, NULL);
  int into = open(into_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (into < 0) {
    closedir(entries);
    return fail(root, "opening", into_path);
  }
  adopt_mount(root, into);
  for (struct dirent *entry; (entry = readdir(entries)) != NULL;)
    if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
      bind_entry(dirfd(entries), from_path, into, into_path, entry->d_name);
  closedir(entries);
  close(into);
  return 0;
}

/* The folder or file at `path` in the new root, created (never on the machine) when it is missing. An fd, or -1. */
static int make_point(struct root *root, const char *path, bool is_file) {
  int found = open_inside(root, path);
  if (found >= 0 || errno != ENOENT) return found >= 0 ? found : fail(root, "opening mount point", path);

  char parent[PATH_MAX], real[PATH_MAX], link[64];
  if ((size_t)snprintf(parent, sizeof parent, "%s", path) >= sizeof parent) {
    errno = ENAMETOOLONG;
    return fail(root, "making mount point", path);
  }
  char *slash = strrchr(parent, '/');
  *slash = '\0';
  const char *name = path + (slash - parent) + 1;
  int folder = make_point(root, parent, false);
  if (folder < 0) return -1;

  if (!is_ours(root, folder)) {
    snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
    ssize_t length = readlink(link, real, sizeof real - 1);
    close(folder);
    if (length < 0) return fail(root, "finding", parent);
    real[length] = '\0';
    size_t prefix = strlen(root->path);
    if (strncmp(real, root->path, prefix) != 0) {
      errno = EXDEV;
      return fail(root, "shadowing", real);
    }
    if (shadow(root, real + prefix, real) != 0) return -1;
    folder = open_inside(root, parent);
    if (folder < 0) return fail(root, "opening", parent);
  }
  int made = is_file ? openat(folder, name, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0644)
                     : mkdirat(folder, name, 0755);
  int wrong = made < 0 ? errno : 0;
  if (is_file && made >= 0) close(made);
  close(folder);
  /* Containers of one pod start together: another one may have made it in a volume that we share. */
  if (wrong != 0 && wrong != EEXIST) {
    errno = wrong;
    return fail(root, "making mount point", path);
  }
  found = open_inside(root, path);
  return found >= 0 ? found : fail(root, "opening mount point", path);
}

static int place(struct root *root, const char *source, const char *target, int *placed) {
  struct stat info;
  char link[64];
  if (stat(source, &info) != 0) return fail(root, "mounting", source);
  int point = make_point(root, target, !S_ISDIR(info.st_mode));
  if (point < 0) return -1;
  snprintf(link, sizeof link, "/proc/self/fd/%d", point);
  int result = mount(source, link, NULL, MS_BIND, NULL);
  close(point);
  if (result != 0) return fail(root, "mounting on", target);
  *placed = open_inside(root, target);
  if (*placed < 0) return fail(root, "opening", target);
  if (S_ISDIR(info.st_mode)) adopt_mount(root, *placed);
  return 0;
}

static int make_read_only(struct root *root, int placed, const char *target) {
  char link[64];
  struct statvfs info;
  snprintf(link, sizeof link, "/proc/self/fd/%d", placed);
  /* In a user namespace, flags that the machine set are locked: they must be said again. */
  unsigned long flags = MS_NOSUID | MS_NODEV;
  if (statvfs(link, &info) == 0)
    flags |= info.f_flag & (MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOATIME | MS_NODIRATIME | MS_RELATIME);
  if (mount(NULL, link, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | flags, NULL) != 0)
    return fail(root, "making read-only", target);
  return 0;
}

/* Everything below `root` refuses writes then, but for the mounts that are not read-only themselves. */
static int close_root(struct root *root, const struct container *container, const int *placed) {
  struct attributes off = {.set = ATTR_RDONLY}, on = {.clear = ATTR_RDONLY};
  if (syscall(SYS_mount_setattr, root->fd, "", AT_EMPTY_PATH | AT_RECURSIVE, &off, sizeof off) != 0)
    return fail(root, "making read-only", "/");
  for (size_t i = 0; i < container->mount_count; i++)
    if (!container->mounts[i].read_only &&
        syscall(SYS_mount_setattr, placed[i], "", AT_EMPTY_PATH, &on, sizeof on) != 0)
      return fail(root, "making writable", container->mounts[i].target);
  return 0;
}

/*
 * Without the layers the container has the machine's programs only. That is what it would have on a kernel before 5.11,
 * whose users may not make an overlay: no reason not to start it.
 */
static void show_layers(const struct container *container, const char *path) {
  char target[PATH_MAX], options[2 * PATH_MAX];
  if (container->layers == NULL) return;
  if ((size_t)snprintf(target, sizeof target, "%s%s", path, container->layers_target) >= sizeof target) return;
  if ((size_t)snprintf(options, sizeof options, "lowerdir=%s", container->layers) >= sizeof options) return;
  mount("tektite", target, "overlay", MS_RDONLY, options);
}

static int write_text(const char *path, const char *text) {
  int file = open(path, O_WRONLY | O_CLOEXEC);
  if (file < 0) return -1;
  ssize_t length = (ssize_t)strlen(text);
  ssize_t written = write(file, text, (size_t)length);
  close(file);
  return written == length ? 0 : -1;
}

int enter_mount_namespace(char *error) {
  struct root none = {.error = error}, *root = &none;
  if (geteuid() == 0) {
    if (unshare(CLONE_NEWNS) != 0) return fail(root, "making", "a mount namespace");
  } else {
    char map[64];
    uid_t uid = geteuid();
    gid_t gid = getegid();
    if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return fail(root, "making", "a user and mount namespace");
    write_text("/proc/self/setgroups", "deny"); /* absent on old kernels, where it is not needed either */
    snprintf(map, sizeof map, "%u %u 1", (unsigned)uid, (unsigned)uid);
    if (write_text("/proc/self/uid_map", map) != 0) return fail(root, "writing", "/proc/self/uid_map");
    snprintf(map, sizeof map, "%u %u 1", (unsigned)gid, (unsigned)gid);
    if (write_text("/proc/self/gid_map", map) != 0) return fail(root, "writing", "/proc/self/gid_map");
  }
  if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0) return fail(root, "making private", "/");
  return 0;
}

int enter_new_root(const struct container *container, char *error) {
  char path[PATH_MAX];
  struct root root = {.path = path, .fd = -1, .error = error};
  if ((size_t)snprintf(path, sizeof path, "%s/root", container->dir) >= sizeof path) {
    errno = ENAMETOOLONG;
    return fail(&root, "building a root in", container->dir);
  }
  if (mkdir(path, 0755) != 0) return fail(&root, "making", path);
  if (enter_mount_namespace(error) != 0) return -1;
  if (shadow(&root, "", path) != 0) return -1;
  root.fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (root.fd < 0) return fail(&root, "opening", path);

  show_layers(container, path);
  size_t count = container->mount_count;
  int *placed = calloc(count + 1, sizeof *placed);
  if (placed == NULL) return fail(&root, "remembering", "mounts");
  for (size_t i = 0; i < count; i++)
    if (place(&root, container->mounts[i].source, container->mounts[i].target, &placed[i]) != 0) return -1;
  if (container->cwd != NULL) {
    int cwd = make_point(&root, container->cwd, false);
    if (cwd < 0) return -1;
    close(cwd);
  }
  if (container->read_only_root && close_root(&root, container, placed) != 0) return -1;
  /* Only now: a mount inside a read-only volume needed its mount point made first. */
  for (size_t i = 0; i < count; i++) {
    if (container->mounts[i].read_only && make_read_only(&root, placed[i], container->mounts[i].target) != 0) return -1;
    close(placed[i]);
  }

  /* Moved over / rather than pivoted: nothing has to be unmounted, which would wait for the kernel's grace period. */
  if (fchdir(root.fd) != 0 || mount(".", "/", NULL, MS_MOVE, NULL) != 0 || chroot(".") != 0 || chdir("/") != 0)
    return fail(&root, "entering", "the new root");
  close(root.fd);
  free(root.ours);
  free(placed);
  return 0;
}
