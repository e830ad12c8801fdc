/* Runs the shim's masker: patterns on the first line of stdin, then a line for each call; answers each with what is shown. */
#define _GNU_SOURCE
#include "../../src/kubelet/shim/shim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(void) {
  char *line = NULL;
  size_t room = 0;
  struct masker *masker = NULL;
  for (ssize_t length; (length = getline(&line, &room, stdin)) > 0;) {
    line[length - 1] = '\0';
    struct shown shown = {NULL, 0};
    if (line[0] == 'm') {
      masker = make_masker(line + 1);
      if (masker == NULL) return 1;
    } else if (line[0] == 'w') {
      size_t most, size = (size_t)(length - 2) / 2;
      char *into = mask_room(masker, &most);
      if (size > most) return 2;
      for (size_t i = 0; i < size; i++) {
        char pair[3] = {line[1 + 2 * i], line[2 + 2 * i], '\0'};
        into[i] = (char)strtoul(pair, NULL, 16);
      }
      shown = mask_written(masker, size);
    } else if (line[0] == 'p') {
      if (mask_holds_line(masker)) shown = mask_paused(masker);
    } else shown = mask_ended(masker);
    for (size_t i = 0; i < shown.length; i++) printf("%02x", (unsigned char)shown.bytes[i]);
    putchar('\n');
  }
  free(line);
  return 0;
}
