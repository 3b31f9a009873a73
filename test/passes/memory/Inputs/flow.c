// Runs flow.onnxtxt and compares every output with plain loops; inputs must be left as they were.
#include "flow.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

static int compare(const char *name, const float *got, const float *expected, int n) {
  for (int i = 0; i < n; i++)
    if (!(fabsf(got[i] - expected[i]) <= 1e-5f * (1 + fabsf(expected[i]))))
      return printf("%s[%d] is %g, expected %g\n", name, i, got[i], expected[i]), 1;
  return 0;
}

static int check(float sign) {
  static _Alignas(FLOW_ARENA_ALIGN) unsigned char arena[FLOW_ARENA_BYTES];
  float x[32], h[8], g[8], before[48];
  for (int i = 0; i < 32; i++)
    x[i] = sinf(i);
  for (int i = 0; i < 8; i++) {
    h[i] = sign * (0.1f + 0.2f * i);
    g[i] = cosf(i);
  }
  memcpy(before, x, sizeof x);
  memcpy(before + 32, h, sizeof h);
  memcpy(before + 40, g, sizeof g);

  float rows[24], hl[8], gl[8], xr[32], sum[32], all[112], chosen[32];
  memcpy(hl, h, sizeof h);
  memcpy(gl, g, sizeof g);
  for (int t = 0; t < 3; t++)
    for (int i = 0; i < 8; i++) {
      float s = tanhf(hl[i]) + gl[i];
      hl[i] = gl[i];
      gl[i] = s;
      rows[8 * t + i] = s * 0.5f;
    }
  for (int i = 0; i < 32; i++)
    xr[i] = x[i] > 0 ? x[i] : 0;
  float square[16], residual[32], mixed[32];
  for (int i = 0; i < 4; i++)
    for (int k = 0; k < 4; k++) {
      square[4 * i + k] = 0;
      for (int l = 0; l < 8; l++)
        square[4 * i + k] += xr[8 * i + l] * x[8 * k + l];
    }
  for (int i = 0; i < 32; i++) {
    sum[i] = xr[i];
    float exponents = 0;
    for (int l = 0; l < 8; l++)
      exponents += expf(x[i / 8 * 8 + l]);
    residual[i] = expf(x[i]) / exponents;
    for (int k = 0; k < 4; k++) {
      sum[i] += square[i / 8 * 4 + k] * x[8 * k + i % 8];
      residual[i] += square[i / 8 * 4 + k] * xr[8 * k + i % 8];
    }
  }
  for (int i = 0; i < 32; i++) {
    mixed[i] = 0;
    for (int k = 0; k < 4; k++)
      mixed[i] += square[i / 8 * 4 + k] * residual[8 * k + i % 8];
  }
  const float *parts[] = {sum, rows, hl, hl, x, hl};
  const int sizes[] = {32, 24, 8, 8, 32, 8};
  for (int i = 0, at = 0; i < 6; at += sizes[i++])
    memcpy(all + at, parts[i], sizes[i] * sizeof(float));
  for (int i = 0; i < 32; i++)
    chosen[i] = sign > 0 ? sum[i] - x[i] : sum[i];
  float negated[8];
  for (int i = 0; i < 8; i++)
    negated[i] = -gl[i];

  float rows2[24], hn2[8], gn2[8], all2[112], chosen2[32], same2[8], mixed2[32];
  int status = flow_run(x, h, g, rows2, hn2, gn2, all2, chosen2, same2, mixed2, arena, NULL);
  if (status)
    return printf("status %d\n", status), 1;
  int wrong = compare("rows", rows2, rows, 24) + compare("hn", hn2, hl, 8) + compare("gn", gn2, negated, 8) +
              compare("all", all2, all, 112) + compare("chosen", chosen2, chosen, 32) + compare("same", same2, g, 8) +
              compare("mixed", mixed2, mixed, 32);
  if (memcmp(before, x, sizeof x) || memcmp(before + 32, h, sizeof h) || memcmp(before + 40, g, sizeof g))
    wrong += printf("an input was overwritten\n") > 0;
  return wrong;
}

int main(void) {
  if (check(1) || check(-1))
    return 1;
  puts("as expected");
  return 0;
}
