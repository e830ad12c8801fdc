#include "git-hosts.h"

#include <string.h>

#include "format.h"

// ---- over http ----------------------------------------------------------------------------------------------------

// Behind the scheme, or all of it.
static const char *authority_of(const char *url) {
  const char *scheme = strstr(url, "://");
  return scheme == NULL ? url : scheme + 3;
}

bool url_has_path(const char *url) {
  const char *slash = strchr(authority_of(url), '/');
  return slash != NULL && slash[1] != '\0' && slash[1] != '?' && slash[1] != '#';
}

static void add_quoted(struct text *out, const char *value, size_t length) {
  text_add_char(out, '"');
  for (size_t i = 0; i < length; i++) {
    if (value[i] == '"' || value[i] == '\\') text_add_char(out, '\\');
    text_add_char(out, value[i]);
  }
  text_add_char(out, '"');
}

void add_git_config(struct text *config, const char *url, const struct text *user) {
  text_add_string(config, "[credential ");
  add_quoted(config, url, strlen(url));
  text_add_string(config, "]\n\tusername = ");
  bool special = false;  // starts a comment, or would be taken for the end of the value
  for (size_t i = 0; i < user->length; i++) special = special || strchr("#;\"", user->data[i]) != NULL;
  if (special) {
    add_quoted(config, user->data, user->length);
  } else {
    for (size_t i = 0; i < user->length; i++) {
      if (user->data[i] == '\\') text_add_char(config, '\\');
      text_add_char(config, user->data[i]);
    }
  }
  text_add_string(config, url_has_path(url) ? "\n\tuseHttpPath = true\n" : "\n");
}

// As Go's url.UserPassword: what could end a name or a password in a URL is escaped.
static void add_escaped(struct text *out, const struct text *value) {
  static const char digits[] = "0123456789ABCDEF";
  for (size_t i = 0; i < value->length; i++) {
    unsigned char byte = (unsigned char)value->data[i];
    bool letter = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9');
    if (letter || (byte != 0 && strchr("-_.~$&+,;=", byte) != NULL)) {
      text_add_char(out, (char)byte);
      continue;
    }
    text_add_char(out, '%');
    text_add_char(out, digits[byte >> 4]);
    text_add_char(out, digits[byte & 15]);
  }
}

void add_git_login(struct text *logins, const char *url, const struct text *user, const struct text *password) {
  const char *authority = authority_of(url);
  if (authority == url) text_add_string(logins, "//");
  else text_add(logins, url, (size_t)(authority - url));
  add_escaped(logins, user);
  text_add_char(logins, ':');
  add_escaped(logins, password);
  text_add_char(logins, '@');
  // A user that the annotation names has no say: the secret knows better.
  const char *at = strchr(authority, '@'), *slash = strchr(authority, '/');
  text_add_string(logins, at != NULL && (slash == NULL || at < slash) ? at + 1 : authority);
  text_add_char(logins, '\n');
}

// ---- over ssh -----------------------------------------------------------------------------------------------------

static void copy(char *to, size_t size, const char *from, size_t length) {
  if (length >= size) length = size - 1;
  memcpy(to, from, length);
  to[length] = '\0';
}

void parse_ssh_host(const char *text, struct ssh_host *host) {
  size_t length = strcspn(text, "/");
  const char *path = text + length + (text[length] == '/');
  copy(host->path, sizeof host->path, path, strlen(path));
  copy(host->port, sizeof host->port, "22", 2);

  const char *name = text, *colon = memchr(text, ':', length);
  size_t name_length = length;
  if (length > 0 && text[0] == '[') {  // [::1]:2222
    const char *bracket = memchr(text, ']', length);
    if (bracket != NULL && bracket[1] == ':') {
      name = text + 1;
      name_length = (size_t)(bracket - name);
      colon = bracket + 1;
    } else {
      colon = NULL;
    }
  } else if (colon != NULL && memchr(colon + 1, ':', (size_t)(text + length - colon - 1)) != NULL) {
    colon = NULL;  // an IPv6 address without brackets has no port
  } else if (colon != NULL) {
    name_length = (size_t)(colon - text);
  }
  copy(host->name, sizeof host->name, name, name_length);
  if (colon != NULL) copy(host->port, sizeof host->port, colon + 1, (size_t)(text + length - colon - 1));
}

// `github.com--org--repo`.
static void add_alias(struct text *out, const struct ssh_host *host) {
  text_add_string(out, host->name);
  if (host->path[0] == '\0') return;
  text_add_string(out, "--");
  for (const char *at = host->path; *at != '\0'; at++) {
    if (*at == '/') text_add_string(out, "--");
    else text_add_char(out, *at);
  }
}

static void add_all(struct text *out, const char *const *parts, size_t count) {
  for (size_t i = 0; i < count; i++) text_add_string(out, parts[i]);
}

void add_ssh_config(struct text *config, const struct ssh_host *host) {
  text_add_string(config, "Host ");
  add_alias(config, host);
  const char *const rest[] = {"\n    HostName ", host->name, "\n    Port ", host->port, "\n"};
  add_all(config, rest, sizeof rest / sizeof rest[0]);
}

void add_ssh_aliases(struct text *config, const struct ssh_host *host) {
  text_add_string(config, "[url \"git@");
  add_alias(config, host);
  const char *const scp[] = {":", host->path, ".git\"]\n\tinsteadOf = git@", host->name, ":", host->path, ".git\n"};
  add_all(config, scp, sizeof scp / sizeof scp[0]);
  text_add_string(config, "[url \"ssh://");
  add_alias(config, host);
  bool usual = strcmp(host->port, "22") == 0;
  const char *const ssh[] = {"/", host->path, ".git\"]\n\tinsteadOf = ssh://", host->name, usual ? "" : ":",
                             usual ? "" : host->port, "/", host->path, ".git\n"};
  add_all(config, ssh, sizeof ssh / sizeof ssh[0]);
}
