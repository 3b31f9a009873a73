/* speech FILE.wav: prints when somebody speaks. Silero's network takes 32 ms of sound at 16 kHz, with 4 ms of what came
 * before, and a state, which this program carries from call to call in two buffers. A 16-bit WAV of any rate is
 * resampled on the way. */
#include "vad.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { rate = 16000, window = 512, context = 64, hold = 8 /* windows of silence that end a stretch */ };

static _Alignas(VAD_ARENA_ALIGN) unsigned char arena[VAD_ARENA_BYTES];
static float state[2][VAD_INPUT_1_SIZE], input[VAD_INPUT_0_SIZE];

typedef struct sound {
  unsigned rate, channels;
  size_t frames;
  short *samples;
} sound;

static unsigned little(const unsigned char *p, int n) { return n ? p[0] | little(p + 1, n - 1) << 8 : 0; }

/* Reads a RIFF file of 16-bit samples; 0 when it is none. */
static int read_wav(const char *path, sound *s) {
  unsigned char head[12], chunk[24];
  FILE *file = fopen(path, "rb");
  if (!file || fread(head, 1, 12, file) != 12 || memcmp(head, "RIFF", 4) || memcmp(head + 8, "WAVE", 4))
    return 0;
  while (fread(chunk, 1, 8, file) == 8) {
    unsigned size = little(chunk + 4, 4);
    if (!memcmp(chunk, "fmt ", 4) && size >= 16 && fread(chunk + 8, 1, 16, file) == 16) {
      if (little(chunk + 8, 2) != 1 || little(chunk + 22, 2) != 16)
        return 0;
      s->channels = little(chunk + 10, 2);
      s->rate = little(chunk + 12, 4);
      size -= 16;
    } else if (!memcmp(chunk, "data", 4) && s->channels && s->rate) {
      s->samples = malloc(size);
      size_t bytes = s->samples ? fread(s->samples, 1, size, file) : 0; /* a streamed file may state too much */
      s->frames = bytes / 2 / s->channels;
      fclose(file);
      return s->samples != NULL;
    }
    fseek(file, (long)(size + (size & 1)), SEEK_CUR);
  }
  return 0;
}

/* The first channel at time i / 16 kHz: a windowed sinc over 16 samples on each side, cut at the lower rate. */
static float sample_at(const sound *s, size_t i) {
  const double pi = 3.14159265358979323846, taps = 16;
  double at = (double)i * s->rate / rate, cut = s->rate > rate ? (double)rate / s->rate : 1, sum = 0;
  long first = (long)ceil(at - taps / cut), last = (long)floor(at + taps / cut);
  for (long k = first < 0 ? 0 : first; k <= last && k < (long)s->frames; k++) {
    double x = (at - (double)k) * cut, sinc = x == 0 ? 1 : sin(pi * x) / (pi * x);
    sum += s->samples[(size_t)k * s->channels] * sinc * (0.5 + 0.5 * cos(pi * x / taps)) * cut;
  }
  return (float)(sum / 32768);
}

int main(int argc, char **argv) {
  static const int64_t sr[1] = {rate};
  sound s = {0};
  if (argc != 2 || !read_wav(argv[1], &s)) {
    fprintf(stderr, "usage: speech FILE.wav (16-bit PCM)\n");
    return 2;
  }
  size_t samples = (size_t)((double)s.frames * rate / s.rate), windows = samples / window, begun = 0, silent = 0;
  int speaking = 0, stretches = 0;
  char *line = calloc(windows + 1, 1);
  for (size_t w = 0; w < windows; w++) {
    float probability;
    memmove(input, input + window, context * sizeof *input);
    for (size_t i = 0; i < window; i++)
      input[context + i] = sample_at(&s, w * window + i);
    int status = vad_run(input, state[w & 1], sr, &probability, state[~w & 1], arena, NULL);
    if (status) {
      fprintf(stderr, "speech: the model returned %d\n", status);
      return 1;
    }
    line[w] = " .:-=+*#%@"[(int)(probability * 9.99f)];
    silent = probability >= 0.5f ? 0 : silent + 1;
    if (!speaking && !silent) {
      speaking = 1;
      begun = w;
    }
    if (speaking && (silent >= hold || w + 1 == windows)) {
      printf("%7.2f s  to %7.2f s\n", (double)(begun * window) / rate, (double)((w + 1 - silent) * window) / rate);
      speaking = 0;
      stretches++;
    }
  }
  for (size_t w = 0; w < windows; w += 100) /* 3.2 s a line, from silence ' ' to speech '@' */
    printf("%6.1f |%.100s|\n", (double)(w * window) / rate, line + w);
  printf("%d spoken stretches in %.2f s\n", stretches, (double)samples / rate);
  free(line);
  free(s.samples);
  return 0;
}
