#ifndef MESSAGE_H
#define MESSAGE_H

#include <stdbool.h>

#include "options.h"
#include "text.h"

// The termination message: what the engine learns about a step beyond its exit code. A JSON array of
// {"key","value","type"}, as Tekton's pkg/termination writes it.
struct message {
  struct text entries;  // without the brackets
};

// `value` as a JSON string. A byte that is no part of well-formed UTF-8 becomes U+FFFD.
void add_json_string(struct text *out, const char *value, size_t length);

void message_add(struct message *message, const char *key, const char *value, size_t length, enum entry_type type);
// `StartedAt`, `Reason` and their like.
void message_add_internal(struct message *message, const char *key, const char *value);

// Adds the entries that the file at `path` holds already, except internal ones: those are ours to say, and a step must
// not be able to state its own exit code. Anything that is not such an array is dropped, as Tekton drops what it cannot
// parse. False when the file alone is over the limit.
bool message_add_existing(struct message *message, const char *path, size_t limit);

// Bytes of the whole array.
size_t message_size(const struct message *message);

// It is within -max_termination_bytes, as README.md counts them.
bool message_fits(const struct message *message, size_t limit);

// Overwrites the file in place, because the kubelet mounts it as a single file that cannot be renamed over.
// False with the cause in errno.
bool message_write(const struct message *message, const char *path);

#endif
