/* filetype FILE...: says what kind of file each argument is. Magika's network reads 1024 bytes from the beginning and
 * 1024 from the end of a file, without the white space around them, and gives a probability for each label. The network
 * is in this program: nothing is loaded, nothing is allocated. */
#include "labels.h" /* made from the model's configuration: label names and the least probability of each */
#include "magika.h"
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { part = 1024, block = 4096, padding = 256, smallest = 8 };

static _Alignas(MAGIKA_ARENA_ALIGN) unsigned char arena[MAGIKA_ARENA_BYTES];
static int32_t tokens[MAGIKA_INPUT_0_SIZE];
static float probability[MAGIKA_OUTPUT_0_SIZE];

static int is_space(int c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

/* Reads up to `block` bytes from `at` on; returns how many. */
static size_t read_at(FILE *file, long at, unsigned char *bytes) {
  return fseek(file, at, SEEK_SET) ? 0 : fread(bytes, 1, block, file);
}

/* Fills `tokens`; returns the file's size, or -1. */
static long read_features(const char *path) {
  static unsigned char bytes[block];
  FILE *file = fopen(path, "rb");
  if (!file || fseek(file, 0, SEEK_END))
    return -1;
  long size = ftell(file);
  for (size_t i = 0; i < 2 * part; i++)
    tokens[i] = padding;
  size_t n = read_at(file, 0, bytes), from = 0;
  while (from < n && is_space(bytes[from]))
    from++;
  if (size <= block) /* one block is both ends */
    while (n > from && is_space(bytes[n - 1]))
      n--;
  for (size_t i = 0; i < part && from + i < n; i++)
    tokens[i] = bytes[from + i];
  n = read_at(file, size > block ? size - block : 0, bytes);
  from = 0;
  if (size <= block)
    while (from < n && is_space(bytes[from]))
      from++;
  while (n > from && is_space(bytes[n - 1]))
    n--;
  for (size_t i = 1; i <= part && i <= n - from; i++)
    tokens[2 * part - i] = bytes[n - i];
  fclose(file);
  return size;
}

static int is_text(const char *path) {
  int c = 0;
  FILE *file = fopen(path, "rb");
  while (file && (c = fgetc(file)) != EOF)
    if (!isprint(c) && !is_space(c))
      break;
  if (file)
    fclose(file);
  return c == EOF;
}

static const char *classify(const char *path, float *score) {
  *score = 1;
  long size = read_features(path);
  if (size < 0)
    return NULL;
  if (size == 0)
    return "empty";
  if (size < smallest)
    return is_text(path) ? "txt" : "unknown";
  if (magika_run(tokens, probability, arena, NULL))
    return NULL;
  size_t best = 0;
  for (size_t i = 1; i < MAGIKA_OUTPUT_0_SIZE; i++)
    if (probability[i] > probability[best])
      best = i;
  *score = probability[best];
  if (*score < threshold[best]) /* not sure enough of this label */
    return is_text(path) ? "txt" : "unknown";
  return label[best];
}

int main(int argc, char **argv) {
  struct timespec begin, end;
  int failures = 0;
  clock_gettime(CLOCK_MONOTONIC, &begin);
  for (int i = 1; i < argc; i++) {
    float score;
    const char *kind = classify(argv[i], &score);
    failures += !kind;
    printf("%-16s %3.0f %%  %s\n", kind ? kind : "unreadable", kind ? 100 * score : 0, argv[i]);
  }
  clock_gettime(CLOCK_MONOTONIC, &end);
  double ms = (double)(end.tv_sec - begin.tv_sec) * 1e3 + (double)(end.tv_nsec - begin.tv_nsec) * 1e-6;
  if (argc > 1)
    printf("%d files, %.2f ms a file\n", argc - 1, ms / (argc - 1));
  return failures ? 1 : 0;
}
