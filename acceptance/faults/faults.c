/*
 * Faults of the machine, for one process: preloaded into the gate by the tests, switched on and off by files while it runs.
 *
 * FAULT_SYNC   names a file. While it is there and not empty, fsync and fdatasync of files whose path has its first line in it fail with EIO.
 * FAULT_CLOCK  names a file. The wall clock is off by the seconds that stand in it; the monotonic clocks are not.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static ssize_t read_line(const char *variable, char *line, size_t size) {
  const char *path = getenv(variable);
  if (path == NULL) return -1;
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return -1;
  ssize_t length = read(file, line, size - 1);
  close(file);
  if (length < 0) length = 0;
  line[length] = 0;
  line[strcspn(line, "\n")] = 0;
  return (ssize_t)strlen(line);
}

static int sync_fails(int descriptor) {
  char wanted[512], link[64], path[4096];
  if (read_line("FAULT_SYNC", wanted, sizeof wanted) <= 0) return 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return 0;
  path[length] = 0;
  return strstr(path, wanted) != NULL;
}

#define SYNC(name)                                                        \
  int name(int descriptor) {                                              \
    static int (*real)(int);                                              \
    if (real == NULL) real = (int (*)(int))dlsym(RTLD_NEXT, #name);       \
    if (!sync_fails(descriptor)) return real(descriptor);                 \
    errno = EIO;                                                          \
    return -1;                                                            \
  }

SYNC(fsync)
SYNC(fdatasync)

/* Looked at every few milliseconds only: the clock is read all the time. */
static long clock_offset(void) {
  static long offset, looked_at;
  struct timespec now;
  static int (*real)(clockid_t, struct timespec *);
  if (real == NULL) real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
  real(CLOCK_MONOTONIC, &now);
  long tick = now.tv_sec * 100 + now.tv_nsec / 10000000;
  if (tick == looked_at) return offset;
  looked_at = tick;
  char line[64];
  offset = read_line("FAULT_CLOCK", line, sizeof line) > 0 ? atol(line) : 0;
  return offset;
}

int clock_gettime(clockid_t clock, struct timespec *time) {
  static int (*real)(clockid_t, struct timespec *);
  if (real == NULL) real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
  int result = real(clock, time);
  if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) time->tv_sec += clock_offset();
  return result;
}

int gettimeofday(struct timeval *restrict time, void *restrict zone) {
  static int (*real)(struct timeval *, void *);
  if (real == NULL) real = (int (*)(struct timeval *, void *))dlsym(RTLD_NEXT, "gettimeofday");
  int result = real(time, zone);
  if (result == 0) time->tv_sec += clock_offset();
  return result;
}
