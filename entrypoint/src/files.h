#ifndef FILES_H
#define FILES_H

#include <stdbool.h>
#include <sys/types.h>

#include "text.h"

// Functions that return bool leave the cause in errno when false.

// The directory and its parents, as `mkdir -p`.
bool make_directory(const char *path, mode_t mode);
bool make_parent_directory(const char *path);

// The whole file or nothing: written under another name in the same directory, then renamed. Replaces whatever is at
// `path`, a symbolic link included, without following it. Makes the parent directory.
bool write_whole(const char *path, const char *content);

// The same, for its owner only.
bool write_private(const char *path, const struct text *content);

// The same, for everybody to run.
bool write_program(const char *path, const struct text *content);

// Adds a file of at most `limit` bytes to `content`, through links: one that the kubelet mounted.
bool read_followed(const char *path, size_t limit, struct text *content);

// An empty directory of our own at `path`. What was there is removed; a symbolic link goes without what it points at.
bool make_empty_directory(const char *path);

// What a hostile file can be, told apart before it is read.
enum file_read { FILE_READ, FILE_ABSENT, FILE_TOO_LARGE, FILE_NOT_REGULAR, FILE_FAILED };

// Adds a regular file of at most `limit` bytes to `content`. Never follows a symbolic link in the last two parts of the
// path, never blocks on a FIFO. `size` is what the file system says, for messages. FILE_FAILED leaves the cause in errno.
enum file_read read_regular(const char *path, size_t limit, struct text *content, off_t *size);

#endif
