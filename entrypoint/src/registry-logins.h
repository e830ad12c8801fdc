#ifndef REGISTRY_LOGINS_H
#define REGISTRY_LOGINS_H

#include <stdbool.h>
#include <stddef.h>

#include "text.h"

// The `auths` of docker's config.json, put together from several secrets. An entry of a given file is handed on as it
// stands, without looking into it: tokens included.
struct login {
  struct text registry;
  struct text value;  // JSON
};

struct logins {
  struct login *list;
  size_t count;
  bool failed;  // no memory
};

// Each replaces what an earlier one said of the same registry.
void add_login(struct logins *logins, const char *registry, const struct text *user, const struct text *password);
// From a whole file: config.json, or the older one, which is its `auths` alone. False when it is no such JSON.
bool add_logins_of(struct logins *logins, const struct text *file, bool is_config);

// The config.json.
void write_logins(const struct logins *logins, struct text *out);
void free_logins(struct logins *logins);

#endif
