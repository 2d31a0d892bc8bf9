/* A disk between SQLite and the disk, for tests: preloaded (LD_PRELOAD), it sees every write, truncation, sync, creation,
 * rename and removal of this process under one folder. It can record them in order, with their bytes, and it can fail the
 * n-th one, once or for good. Nothing happens until `shim_watch` is called, through ctypes, by whoever forks.
 *
 * The record is a row of entries: kind (1 byte), file (4: a number for each file that was ever opened), offset (8),
 * length (8), then as many bytes. Reads are not seen: an image is built from what was written alone.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#define MOST_FD 4096

static pthread_mutex_t lock = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
static char folder[PATH_MAX];
static size_t folder_length;
static int record = -1;
static uint32_t file_of[MOST_FD]; /* 0: not ours */
static uint32_t files;
static long calls, fail_at;
static int fail_errno, fail_for_good, fail_kinds;

enum { OPEN = 'o', WRITE = 'w', TRUNCATE = 't', SYNC = 's', RENAME = 'r', UNLINK = 'u', LINK = 'l', MARK = 'm' };

/* The C library's own function of that name. */
#define REAL(name, type)             \
    static __typeof__(type) real;    \
    if (!real) real = (__typeof__(type))dlsym(RTLD_NEXT, name)

static ssize_t real_write(int fd, const void *bytes, size_t length) {
    REAL("write", ssize_t (*)(int, const void *, size_t));
    return real(fd, bytes, length);
}

static void put(char kind, uint32_t file, int64_t offset, const void *bytes, int64_t length) {
    if (record < 0) return;
    char head[21];
    head[0] = kind;
    memcpy(head + 1, &file, 4);
    memcpy(head + 5, &offset, 8);
    memcpy(head + 13, &length, 8);
    if (real_write(record, head, sizeof head) != (ssize_t)sizeof head) abort();
    const char *at = bytes;
    while (length > 0) {
        ssize_t done = real_write(record, at, (size_t)length);
        if (done <= 0) abort();
        at += done;
        length -= done;
    }
}

/* Begin: everything of `under` (an absolute path) is recorded into the file `log` ("" for nowhere). */
int shim_watch(const char *under, const char *log) {
    pthread_mutex_lock(&lock);
    folder_length = strlen(under);
    memcpy(folder, under, folder_length + 1);
    memset(file_of, 0, sizeof file_of);
    calls = fail_at = 0;
    if (record >= 0) close(record);
    record = -1;
    if (*log) record = open(log, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
    int well = !*log || record >= 0;
    pthread_mutex_unlock(&lock);
    return well ? 0 : -1;
}

void shim_mark(const char *words) {
    pthread_mutex_lock(&lock);
    put(MARK, 0, 0, words, (int64_t)strlen(words));
    pthread_mutex_unlock(&lock);
}

/* The n-th call from now fails with `number`; n = 0 never. Kinds: 1 writes and truncations, 2 syncs, 3 both. */
void shim_fail(long n, int number, int for_good, int kinds) {
    pthread_mutex_lock(&lock);
    calls = 0;
    fail_at = n;
    fail_errno = number;
    fail_for_good = for_good;
    fail_kinds = kinds;
    pthread_mutex_unlock(&lock);
}

/* How many calls of the chosen kinds were seen since `shim_fail`. */
long shim_calls(void) { return calls; }

static int fails(int kind) {
    if (!(fail_kinds & kind)) return 0;
    calls++;
    if (fail_at && (calls == fail_at || (fail_for_good && calls > fail_at))) {
        errno = fail_errno;
        return 1;
    }
    return 0;
}

static int inside(const char *path, char *whole) {
    if (!folder_length) return 0;
    if (path[0] == '/') {
        if (strlen(path) >= PATH_MAX) return 0;
        strcpy(whole, path);
    } else {
        char here[PATH_MAX];
        if (!getcwd(here, sizeof here) || snprintf(whole, PATH_MAX, "%s/%s", here, path) >= PATH_MAX) return 0;
    }
    return !strncmp(whole, folder, folder_length) && (whole[folder_length] == '/' || !whole[folder_length]);
}

static uint32_t ours(int fd) { return fd >= 0 && fd < MOST_FD ? file_of[fd] : 0; }

static void opened(int fd, const char *path, int flags, int was_there) {
    char whole[PATH_MAX];
    if (fd < 0 || fd >= MOST_FD) return;
    file_of[fd] = 0;
    if (!inside(path, whole)) return;
    pthread_mutex_lock(&lock);
    file_of[fd] = ++files;
    /* offset 1: made by this call; length and bytes: the name within the folder */
    const char *name = whole + folder_length + (whole[folder_length] == '/');
    put(OPEN, files, !was_there, name, (int64_t)strlen(name));
    if (was_there && (flags & O_TRUNC)) put(TRUNCATE, files, 0, "", 0);
    pthread_mutex_unlock(&lock);
}

#define OPENER(NAME)                                                              \
    int NAME(const char *path, int flags, ...) {                                  \
        REAL(#NAME, int (*)(const char *, int, ...));                             \
        mode_t mode = 0;                                                          \
        if (flags & (O_CREAT | __O_TMPFILE)) {                                    \
            va_list rest;                                                         \
            va_start(rest, flags);                                                \
            mode = va_arg(rest, mode_t);                                          \
            va_end(rest);                                                         \
        }                                                                         \
        struct stat known;                                                        \
        int was_there = stat(path, &known) == 0;                                  \
        int fd = real(path, flags, mode);                                         \
        opened(fd, path, flags, was_there);                                       \
        return fd;                                                                \
    }
OPENER(open)
OPENER(open64)

#define OPENER_AT(NAME)                                                           \
    int NAME(int at, const char *path, int flags, ...) {                          \
        REAL(#NAME, int (*)(int, const char *, int, ...));                        \
        mode_t mode = 0;                                                          \
        if (flags & (O_CREAT | __O_TMPFILE)) {                                    \
            va_list rest;                                                         \
            va_start(rest, flags);                                                \
            mode = va_arg(rest, mode_t);                                          \
            va_end(rest);                                                         \
        }                                                                         \
        struct stat known;                                                        \
        int was_there = fstatat(at, path, &known, 0) == 0;                        \
        int fd = real(at, path, flags, mode);                                     \
        if (at == AT_FDCWD || path[0] == '/') opened(fd, path, flags, was_there); \
        return fd;                                                                \
    }
OPENER_AT(openat)
OPENER_AT(openat64)

int close(int fd) {
    REAL("close", int (*)(int));
    if (fd >= 0 && fd < MOST_FD) file_of[fd] = 0;
    return real(fd);
}

#define POSITIONED(NAME, OFFSET)                                                  \
    ssize_t NAME(int fd, const void *bytes, size_t length, OFFSET offset) {       \
        REAL(#NAME, ssize_t (*)(int, const void *, size_t, OFFSET));              \
        if (!ours(fd)) return real(fd, bytes, length, offset);                    \
        pthread_mutex_lock(&lock);                                                \
        ssize_t done = fails(1) ? -1 : real(fd, bytes, length, offset);           \
        if (done > 0) put(WRITE, ours(fd), offset, bytes, done);                  \
        pthread_mutex_unlock(&lock);                                              \
        return done;                                                              \
    }
POSITIONED(pwrite, off_t)
POSITIONED(pwrite64, off64_t)

ssize_t write(int fd, const void *bytes, size_t length) {
    if (!ours(fd)) return real_write(fd, bytes, length);
    pthread_mutex_lock(&lock);
    ssize_t done = fails(1) ? -1 : real_write(fd, bytes, length);
    if (done > 0) put(WRITE, ours(fd), lseek(fd, 0, SEEK_CUR) - done, bytes, done);
    pthread_mutex_unlock(&lock);
    return done;
}

ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t offset) {
    if (!ours(fd)) {
        REAL("pwritev", ssize_t (*)(int, const struct iovec *, int, off_t));
        return real(fd, parts, count, offset);
    }
    ssize_t total = 0;
    for (int i = 0; i < count; i++) {
        ssize_t done = pwrite(fd, parts[i].iov_base, parts[i].iov_len, offset + total);
        if (done < 0) return total ? total : -1;
        total += done;
        if ((size_t)done < parts[i].iov_len) break;
    }
    return total;
}

/* What `shutil.copyfile` uses: done here by reading and writing, so that the bytes are seen. */
ssize_t sendfile(int to, int from, off_t *offset, size_t length) {
    REAL("sendfile", ssize_t (*)(int, int, off_t *, size_t));
    if (!ours(to)) return real(to, from, offset, length);
    char bytes[65536];
    size_t most = length < sizeof bytes ? length : sizeof bytes;
    ssize_t got = offset ? pread(from, bytes, most, *offset) : read(from, bytes, most);
    ssize_t done = got > 0 ? write(to, bytes, (size_t)got) : got;
    if (offset && done > 0) *offset += done;
    return done;
}

#define TRUNCATER(NAME, OFFSET)                                                   \
    int NAME(int fd, OFFSET length) {                                             \
        REAL(#NAME, int (*)(int, OFFSET));                                        \
        if (!ours(fd)) return real(fd, length);                                   \
        pthread_mutex_lock(&lock);                                                \
        int done = fails(1) ? -1 : real(fd, length);                              \
        if (!done) put(TRUNCATE, ours(fd), length, "", 0);                        \
        pthread_mutex_unlock(&lock);                                              \
        return done;                                                              \
    }
TRUNCATER(ftruncate, off_t)
TRUNCATER(ftruncate64, off64_t)

#define SYNCER(NAME)                                                              \
    int NAME(int fd) {                                                            \
        REAL(#NAME, int (*)(int));                                                \
        if (!ours(fd)) return real(fd);                                           \
        pthread_mutex_lock(&lock);                                                \
        int done = fails(2) ? -1 : 0; /* the record is the disk: the real one need not wait */ \
        if (!done) put(SYNC, ours(fd), 0, "", 0);                                 \
        pthread_mutex_unlock(&lock);                                              \
        return done;                                                              \
    }
SYNCER(fsync)
SYNCER(fdatasync)

static int moved(char kind, const char *from, const char *to, int done) {
    char old[PATH_MAX], new[PATH_MAX], both[2 * PATH_MAX];
    if (done || !inside(from, old)) return done;
    if (to && !inside(to, new)) return done;
    pthread_mutex_lock(&lock);
    int length = snprintf(both, sizeof both, "%s%s%s", old + folder_length + 1, to ? "\n" : "",
                          to ? new + folder_length + 1 : "");
    put(kind, 0, 0, both, length);
    pthread_mutex_unlock(&lock);
    return done;
}

int rename(const char *from, const char *to) {
    REAL("rename", int (*)(const char *, const char *));
    return moved(RENAME, from, to, real(from, to));
}

int link(const char *from, const char *to) {
    REAL("link", int (*)(const char *, const char *));
    return moved(LINK, from, to, real(from, to));
}

int unlink(const char *path) {
    REAL("unlink", int (*)(const char *));
    return moved(UNLINK, path, NULL, real(path));
}
