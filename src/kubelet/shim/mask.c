/*
 * Takes secrets out of a stream of output: src/logs/mask.ts is the same algorithm, and says what it promises. All patterns
 * are looked for at once (Aho-Corasick), what any of them covers becomes one mask, and only the end that may be the
 * beginning of a pattern is held back.
 */
#define _GNU_SOURCE
#include "shim.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define PATTERN_MAX 256
#define READ_MAX 65536
#define MASK "***"

struct node {
  uint32_t first, sibling, fail; /* 0: none, as the root is nobody's child */
  uint16_t depth;                /* so many bytes lead here */
  uint16_t covers;               /* length of the longest pattern that ends here, or 0 */
  uint8_t byte;
};

struct span {
  size_t from, to;
};

struct masker {
  struct node *nodes;
  uint32_t count;
  uint32_t root[256];
  uint8_t pairs[65536 / 8]; /* a bit for each two bytes that begin a pattern */
  uint32_t state;
  char *work; /* what is held back, and behind it what was read */
  size_t held;
  struct span *covered; /* of `work`: apart, in order */
  size_t covered_count;
  bool is_masked; /* the last byte that was shown stood under a mask */
  char *out;
};

static uint32_t child(const struct masker *masker, uint32_t node, uint8_t byte) {
  if (node == 0) return masker->root[byte];
  uint32_t found = masker->nodes[node].first;
  while (found != 0 && masker->nodes[found].byte != byte) found = masker->nodes[found].sibling;
  return found;
}

static void add_pattern(struct masker *masker, const uint8_t *bytes, size_t length) {
  uint32_t at = 0;
  for (size_t i = 0; i < length; i++) {
    uint32_t next = child(masker, at, bytes[i]);
    if (next == 0) {
      next = masker->count++;
      masker->nodes[next] = (struct node){
          .byte = bytes[i], .depth = (uint16_t)(i + 1), .sibling = masker->nodes[at].first};
      masker->nodes[at].first = next;
      if (at == 0) masker->root[bytes[i]] = next;
    }
    at = next;
  }
  masker->nodes[at].covers = (uint16_t)length;
  unsigned pair = (unsigned)bytes[0] << 8 | bytes[1];
  masker->pairs[pair >> 3] |= (uint8_t)(1u << (pair & 7));
}

/* By depth: who is of less depth is known. */
static bool link_nodes(struct masker *masker) {
  uint32_t *order = malloc(masker->count * sizeof *order);
  if (order == NULL) return false;
  size_t known = 1;
  order[0] = 0;
  for (size_t i = 0; i < known; i++) {
    uint32_t node = order[i];
    for (uint32_t next = masker->nodes[node].first; next != 0; next = masker->nodes[next].sibling) {
      struct node *made = &masker->nodes[next];
      order[known++] = next;
      for (uint32_t back = node; back != 0 && made->fail == 0;) {
        back = masker->nodes[back].fail;
        made->fail = child(masker, back, made->byte);
      }
      if (made->covers == 0) made->covers = masker->nodes[made->fail].covers;
    }
  }
  free(order);
  return true;
}

static int digit(char text) {
  if (text >= '0' && text <= '9') return text - '0';
  if (text >= 'a' && text <= 'f') return text - 'a' + 10;
  return -1;
}

/* Bytes in place of pairs of digits. Their number, or -1. */
static ssize_t decode_hex(const char *hex, uint8_t *bytes) {
  size_t length = 0;
  for (const char *at = hex; *at != '\0'; at += 2) {
    int high = digit(at[0]), low = at[1] == '\0' ? -1 : digit(at[1]);
    if (high < 0 || low < 0) return -1;
    bytes[length++] = (uint8_t)(high << 4 | low);
  }
  return (ssize_t)length;
}

struct masker *make_masker(const char *hex) {
  size_t room = strlen(hex) / 2 + 1;
  uint8_t *bytes = malloc(room);
  struct masker *masker = calloc(1, sizeof *masker);
  if (bytes == NULL || masker == NULL) return NULL;
  ssize_t length = decode_hex(hex, bytes);
  masker->nodes = calloc(room, sizeof *masker->nodes); /* a node for each byte at most, and the root */
  masker->work = malloc(PATTERN_MAX + READ_MAX);
  masker->out = malloc(2 * (PATTERN_MAX + READ_MAX));
  masker->covered = malloc((PATTERN_MAX + READ_MAX) * sizeof *masker->covered);
  if (length < 0 || masker->nodes == NULL || masker->work == NULL || masker->out == NULL || masker->covered == NULL) return NULL;
  masker->count = 1;
  for (ssize_t at = 0; at < length;) {
    if (length - at < 2) return NULL;
    ssize_t size = bytes[at] << 8 | bytes[at + 1];
    at += 2;
    if (size < 2 || size > PATTERN_MAX || size > length - at) return NULL;
    add_pattern(masker, bytes + at, (size_t)size);
    at += size;
  }
  memset(bytes, 0, room);
  free(bytes);
  return link_nodes(masker) ? masker : NULL;
}

static void cover(struct masker *masker, size_t from, size_t to) {
  while (masker->covered_count > 0 && masker->covered[masker->covered_count - 1].to >= from) {
    masker->covered_count--;
    if (masker->covered[masker->covered_count].from < from) from = masker->covered[masker->covered_count].from;
  }
  masker->covered[masker->covered_count++] = (struct span){from, to};
}

static void look(struct masker *masker, size_t from, size_t end) {
  const uint8_t *bytes = (const uint8_t *)masker->work;
  uint32_t state = masker->state;
  for (size_t at = from; at < end; at++) {
    if (state == 0) {
      /* Most of an output: two bytes that begin nothing. */
      for (; at + 1 < end; at++) {
        unsigned pair = (unsigned)bytes[at] << 8 | bytes[at + 1];
        if (masker->pairs[pair >> 3] & 1u << (pair & 7)) break;
      }
      state = masker->root[bytes[at]];
      continue;
    }
    uint32_t next = child(masker, state, bytes[at]);
    while (next == 0 && state != 0) {
      state = masker->nodes[state].fail;
      next = child(masker, state, bytes[at]);
    }
    state = next;
    size_t length = masker->nodes[state].covers;
    /* Its beginning may have been shown, in a pause. */
    if (length > 0) cover(masker, at + 1 > length ? at + 1 - length : 0, at + 1);
  }
  masker->state = state;
}

/* The first `to` of `end` bytes, masked; the rest is held. */
static struct shown show(struct masker *masker, size_t to, size_t end) {
  size_t length = 0, at = 0, rest = 0;
  for (size_t i = 0; i < masker->covered_count; i++) {
    struct span span = masker->covered[i];
    if (span.to > to) masker->covered[rest++] = (struct span){span.from > to ? span.from - to : 0, span.to - to};
    if (span.from >= to) continue;
    if (span.from > at) {
      memcpy(masker->out + length, masker->work + at, span.from - at);
      length += span.from - at;
      masker->is_masked = false;
    }
    if (!masker->is_masked) {
      memcpy(masker->out + length, MASK, sizeof MASK - 1);
      length += sizeof MASK - 1;
    }
    masker->is_masked = true;
    at = span.to < to ? span.to : to;
  }
  if (at < to) {
    memcpy(masker->out + length, masker->work + at, to - at);
    length += to - at;
    masker->is_masked = false;
  }
  masker->covered_count = rest;
  masker->held = end - to;
  memmove(masker->work, masker->work + to, masker->held);
  return (struct shown){masker->out, length};
}

char *mask_room(struct masker *masker, size_t *room) {
  *room = READ_MAX;
  return masker->work + masker->held;
}

struct shown mask_written(struct masker *masker, size_t length) {
  size_t end = masker->held + length;
  look(masker, masker->held, end);
  size_t depth = masker->nodes[masker->state].depth;
  return show(masker, end > depth ? end - depth : 0, end);
}

static size_t held_lines(const struct masker *masker) {
  const char *newline = memrchr(masker->work, '\n', masker->held);
  return newline == NULL ? 0 : (size_t)(newline - masker->work) + 1;
}

bool mask_holds_line(const struct masker *masker) { return held_lines(masker) > 0; }

struct shown mask_paused(struct masker *masker) { return show(masker, held_lines(masker), masker->held); }

struct shown mask_ended(struct masker *masker) {
  masker->state = 0;
  return show(masker, masker->held, masker->held);
}
