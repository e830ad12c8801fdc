#include "files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "format.h"

bool make_directory(const char *path, mode_t mode) {
  char part[PATH_MAX];
  size_t length = strlen(path);
  if (length == 0 || length >= sizeof part) {
    errno = length == 0 ? ENOENT : ENAMETOOLONG;
    return false;
  }
  for (size_t at = 1; at <= length; at++) {
    if (path[at] != '/' && path[at] != '\0') continue;
    memcpy(part, path, at);
    part[at] = '\0';
    if (mkdir(part, mode) == 0 || errno == EEXIST) continue;
    // A parent that is there already may refuse mkdir for another reason, such as a read-only file system.
    int error = errno;
    struct stat status;
    if (stat(part, &status) == 0 && S_ISDIR(status.st_mode)) continue;
    errno = error;
    return false;
  }
  struct stat status;
  if (stat(path, &status) != 0) return false;
  if (S_ISDIR(status.st_mode)) return true;
  errno = ENOTDIR;
  return false;
}

// Splits at the last slash. `directory` holds PATH_MAX bytes; "." when there is no slash.
static bool split(const char *path, char *directory, const char **name) {
  const char *slash = strrchr(path, '/');
  size_t length = slash == NULL ? 1 : slash == path ? 1 : (size_t)(slash - path);
  if (length >= PATH_MAX) {
    errno = ENAMETOOLONG;
    return false;
  }
  memcpy(directory, slash == NULL ? "." : path, length);
  directory[length] = '\0';
  *name = slash == NULL ? path : slash + 1;
  return true;
}

bool make_parent_directory(const char *path) {
  char directory[PATH_MAX];
  const char *name;
  return split(path, directory, &name) && make_directory(directory, 0777);
}

static bool write_all(int file, const char *content, size_t length) {
  while (length > 0) {
    ssize_t written = write(file, content, length);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    content += written;
    length -= (size_t)written;
  }
  return true;
}

static bool write_as(const char *path, const char *content, size_t content_length, mode_t mode) {
  char directory[PATH_MAX], draft[PATH_MAX];
  const char *name;
  if (!split(path, directory, &name)) return false;
  // Unique enough: two steps never post under one name, and each container counts its processes from 1.
  if (!format(draft, sizeof draft, "%s/.%s.draft", directory, name)) {
    errno = ENAMETOOLONG;
    return false;
  }
  unlink(draft);
  int file = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
  if (file < 0 && errno == ENOENT) {
    if (!make_directory(directory, 0777)) return false;
    file = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
  }
  if (file < 0) return false;
  bool good = write_all(file, content, content_length);
  int error = errno;
  // NFS and quotas report a full disk here.
  if (close(file) != 0 && good) {
    good = false;
    error = errno;
  }
  if (good && rename(draft, path) == 0) return true;
  if (good) error = errno;
  unlink(draft);
  errno = error;
  return false;
}

bool write_whole(const char *path, const char *content) { return write_as(path, content, strlen(content), 0666); }

bool write_private(const char *path, const struct text *content) {
  return write_as(path, content->data, content->length, 0600);
}

bool write_program(const char *path, const struct text *content) {
  return write_as(path, content->data, content->length, 0555);
}

bool read_followed(const char *path, size_t limit, struct text *content) {
  int file = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (file < 0) return false;
  char buffer[4096];
  ssize_t got;
  while ((got = read(file, buffer, sizeof buffer)) > 0 || (got < 0 && errno == EINTR)) {
    if (got > 0) text_add(content, buffer, (size_t)got);
    if (content->length > limit) break;
  }
  int error = got < 0 ? errno : content->length > limit ? EFBIG : content->failed ? ENOMEM : 0;
  close(file);
  errno = error;
  return error == 0;
}

// Deeper trees are only built to exhaust us.
enum { MAX_DEPTH = 64 };

static bool remove_children(int directory, int depth) {
  if (depth > MAX_DEPTH) {
    close(directory);
    errno = ENOTEMPTY;
    return false;
  }
  DIR *stream = fdopendir(directory);
  if (stream == NULL) {
    close(directory);
    return false;
  }
  bool good = true;
  struct dirent *entry;
  while (good && (entry = readdir(stream)) != NULL) {
    const char *name = entry->d_name;
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0) continue;
    if (unlinkat(directory, name, 0) == 0 || errno == ENOENT) continue;
    // Which error a directory gives differs between file systems, so it is found out by opening it as one.
    int error = errno;
    int child = openat(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (child < 0) {
      errno = error;
      good = false;
    } else {
      good = remove_children(child, depth + 1) && (unlinkat(directory, name, AT_REMOVEDIR) == 0 || errno == ENOENT);
    }
  }
  int error = errno;
  closedir(stream);
  errno = error;
  return good;
}

bool make_empty_directory(const char *path) {
  if (mkdir(path, 0777) == 0) return true;
  if (errno != EEXIST) return false;
  int directory = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (directory >= 0) return remove_children(directory, 0);
  if (errno != ENOTDIR && errno != ELOOP) return false;
  return unlink(path) == 0 && mkdir(path, 0777) == 0;
}

enum file_read read_regular(const char *path, size_t limit, struct text *content, off_t *size) {
  char directory[PATH_MAX];
  const char *name;
  *size = 0;
  if (!split(path, directory, &name)) return FILE_FAILED;
  int parent = open(directory, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (parent < 0) return errno == ENOENT ? FILE_ABSENT : errno == ENOTDIR || errno == ELOOP ? FILE_NOT_REGULAR : FILE_FAILED;

  // Looked at before it is opened, because opening a device can already do something; and again afterwards, because it
  // can be swapped in between. O_NONBLOCK is for a FIFO, or a lease, that is swapped in.
  struct stat status;
  int file = -1;
  enum file_read result = FILE_FAILED;
  if (fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) != 0) {
    if (errno == ENOENT) result = FILE_ABSENT;
  } else if (!S_ISREG(status.st_mode)) {
    result = FILE_NOT_REGULAR;
  } else {
    file = openat(parent, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (file < 0) result = errno == ENOENT ? FILE_ABSENT : errno == ELOOP ? FILE_NOT_REGULAR : FILE_FAILED;
  }
  int error = errno;
  close(parent);
  if (file < 0) {
    errno = error;
    return result;
  }

  if (fstat(file, &status) == 0) {
    *size = status.st_size;
    if (!S_ISREG(status.st_mode)) {
      result = FILE_NOT_REGULAR;
    } else {
      // The size above is not trusted: the file may grow while it is read, and /proc files say 0.
      size_t total = 0;
      char buffer[4096];
      ssize_t got;
      while ((got = read(file, buffer, sizeof buffer)) > 0 || (got < 0 && errno == EINTR)) {
        if (got < 0) continue;
        total += (size_t)got;
        if (total > limit) break;
        text_add(content, buffer, (size_t)got);
      }
      if (total > limit) {
        if (*size < (off_t)total) *size = (off_t)total;
        result = FILE_TOO_LARGE;
      } else if (got == 0 && !content->failed) {
        result = FILE_READ;
      } else if (content->failed) {
        errno = ENOMEM;
      }
    }
  }
  error = errno;
  close(file);
  errno = error;
  return result;
}
