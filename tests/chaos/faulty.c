/* Put before libc (LD_PRELOAD), counts what a process does to files under one directory and lets the n-th fail.

   Covers Python's own calls and SQLite's. Nothing is counted before arm() is called; reads are not counted.
   The action at the n-th: 0 it fails with `error`; 1 the process is killed before it; 2 half of a write reaches the
   file and the process is killed; 3 half of a write reaches the file and the rest fails with `error`. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

enum { FAIL, KILL, TEAR, HALF };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char root[PATH_MAX];
static char seen[512];
static size_t root_length;
static long nth, count, hits;
static int sticky, error_number, action, armed;

void faulty_arm(const char *directory, long n, int from_then_on, int error, int what)
{
    snprintf(root, sizeof root, "%s", directory);
    root_length = strlen(root);
    nth = n, sticky = from_then_on, error_number = error, action = what;
    count = hits = 0, seen[0] = 0, armed = 1;
}

void faulty_disarm(void) { armed = 0; }
long faulty_hits(void) { return hits; }
long faulty_count(void) { return count; }
const char *faulty_seen(void) { return seen; }

static int below(const char *path)
{
    char full[2 * PATH_MAX];
    if (!armed || path == NULL)
        return 0;
    if (path[0] != '/') {
        char here[PATH_MAX];
        if (getcwd(here, sizeof here) == NULL)
            return 0;
        snprintf(full, sizeof full, "%s/%s", here, path);
        path = full;
    }
    return strncmp(path, root, root_length) == 0 && (path[root_length] == '/' || path[root_length] == 0);
}

static const char *path_of(int descriptor, char *into)
{
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, into, PATH_MAX - 1);
    into[length < 0 ? 0 : length] = 0;
    return into;
}

/* What is to become of this call: -1 it is made, else the action. */
static int fate(const char *name, const char *path)
{
    int found = -1;
    if (!below(path))
        return found;
    pthread_mutex_lock(&lock);
    count++;
    if (nth && (count == nth || (sticky && count > nth))) {
        if (!hits++)
            snprintf(seen, sizeof seen, "%s %s", name, path + (path[0] == '/' ? root_length : 0));
        found = action;
    }
    pthread_mutex_unlock(&lock);
    if (found == KILL)
        kill(getpid(), SIGKILL);
    return found;
}

#define REAL(name) static __typeof__(name) *real; if (!real) real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)
#define FAILED(name, path) (fate(name, path) >= 0 ? (errno = error_number, 1) : 0)
#define ON_PATH(name, parameters, arguments, path) \
    int name parameters { REAL(name); return FAILED(#name, path) ? -1 : real arguments; }
#define ON_DESCRIPTOR(name, parameters, arguments) \
    int name parameters { REAL(name); char path[PATH_MAX]; \
        return armed && FAILED(#name, path_of(descriptor, path)) ? -1 : real arguments; }
#define ON_WRITE(name, parameters, whole, half) \
    ssize_t name parameters { REAL(name); char path[PATH_MAX]; \
        int found = armed ? fate(#name, path_of(descriptor, path)) : -1; \
        if (found < 0) return real whole; \
        if (found == TEAR) { if (real half < 0) {} kill(getpid(), SIGKILL); } \
        if (found == HALF && hits == 1 && size > 1) return real half; \
        errno = error_number; return -1; }
#define ON_OPEN(name, first, path, pass) \
    int name(first int flags, ...) { REAL(name); mode_t mode = 0; va_list rest; \
        va_start(rest, flags); mode = va_arg(rest, mode_t); va_end(rest); \
        return FAILED("open", path) ? -1 : real(pass flags, mode); }
#define COMMA ,

ON_OPEN(open, const char *path COMMA, path, path COMMA)
ON_OPEN(open64, const char *path COMMA, path, path COMMA)
ON_OPEN(openat, int at COMMA const char *path COMMA, path, at COMMA path COMMA)
ON_OPEN(openat64, int at COMMA const char *path COMMA, path, at COMMA path COMMA)
ON_WRITE(write, (int descriptor, const void *bytes, size_t size), (descriptor, bytes, size), (descriptor, bytes, size / 2))
ON_WRITE(pwrite, (int descriptor, const void *bytes, size_t size, off_t at), (descriptor, bytes, size, at),
         (descriptor, bytes, size / 2, at))
ON_WRITE(pwrite64, (int descriptor, const void *bytes, size_t size, off64_t at), (descriptor, bytes, size, at),
         (descriptor, bytes, size / 2, at))
ON_DESCRIPTOR(fsync, (int descriptor), (descriptor))
ON_DESCRIPTOR(fdatasync, (int descriptor), (descriptor))
ON_DESCRIPTOR(ftruncate, (int descriptor, off_t length), (descriptor, length))
ON_DESCRIPTOR(ftruncate64, (int descriptor, off64_t length), (descriptor, length))
ON_DESCRIPTOR(fchmod, (int descriptor, mode_t mode), (descriptor, mode))
ON_PATH(rename, (const char *old, const char *path), (old, path), path)
ON_PATH(renameat, (int from, const char *old, int to, const char *path), (from, old, to, path), path)
ON_PATH(unlink, (const char *path), (path), path)
ON_PATH(unlinkat, (int at, const char *path, int flags), (at, path, flags), path)
ON_PATH(mkdir, (const char *path, mode_t mode), (path, mode), path)
ON_PATH(mkdirat, (int at, const char *path, mode_t mode), (at, path, mode), path)
ON_PATH(rmdir, (const char *path), (path), path)
ON_PATH(chmod, (const char *path, mode_t mode), (path, mode), path)
ON_PATH(fchmodat, (int at, const char *path, mode_t mode, int flags), (at, path, mode, flags), path)
ON_PATH(truncate, (const char *path, off_t length), (path, length), path)
