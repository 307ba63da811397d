// A preloaded library that makes calls of a running program fail, controlled by a memory-mapped file of three numbers.
//
//   word 0  every n-th allocation fails (0: none)
//   word 1  every n-th network or file system call fails (0: none)
//   word 2  the number of failures so far
//
// One counter is shared by all calls on all threads, so that different calls fail from run to run.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

struct control {
  _Atomic unsigned allocations, calls, failed;
};

static struct control* control_file;
static _Atomic unsigned counted;

__attribute__((constructor)) static void begin(void) {
  const char* file = getenv("TEST_FAULTS");
  const int fd = file ? open(file, O_RDWR | O_CLOEXEC) : -1;
  if (fd < 0) return;
  void* at = mmap(NULL, sizeof(struct control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  if (at != MAP_FAILED) control_file = at;
}

static int due(unsigned every) {
  if (every == 0 || atomic_fetch_add(&counted, 1) % every != every - 1) return 0;
  atomic_fetch_add(&control_file->failed, 1);
  return 1;
}

extern void* __libc_malloc(size_t);
extern void* __libc_calloc(size_t, size_t);
extern void* __libc_realloc(void*, size_t);

void* malloc(size_t size) {
  if (control_file && due(control_file->allocations)) return errno = ENOMEM, NULL;
  return __libc_malloc(size);
}

void* calloc(size_t count, size_t size) {
  if (control_file && due(control_file->allocations)) return errno = ENOMEM, NULL;
  return __libc_calloc(count, size);
}

void* realloc(void* old, size_t size) {
  if (control_file && due(control_file->allocations)) return errno = ENOMEM, NULL;
  return __libc_realloc(old, size);
}

#define CALL(result, name, error, parameters, arguments)                                \
  result name parameters {                                                              \
    static result(*real) parameters;                                                    \
    if (!real) *(void**)&real = dlsym(RTLD_NEXT, #name);                                \
    if (control_file && due(control_file->calls)) return errno = (error), (result) - 1; \
    return real arguments;                                                              \
  }

CALL(int, socket, EMFILE, (int domain, int type, int protocol), (domain, type, protocol))
CALL(int, connect, ECONNREFUSED, (int fd, const struct sockaddr* to, socklen_t size), (fd, to, size))
CALL(int, accept4, ECONNABORTED, (int fd, struct sockaddr* from, socklen_t* size, int flags), (fd, from, size, flags))
CALL(int, accept, EMFILE, (int fd, struct sockaddr* from, socklen_t* size), (fd, from, size))
CALL(int, setsockopt, EINVAL, (int fd, int level, int name, const void* value, socklen_t size),
     (fd, level, name, value, size))
CALL(ssize_t, recvmsg, ECONNRESET, (int fd, struct msghdr* message, int flags), (fd, message, flags))
CALL(ssize_t, recv, ECONNRESET, (int fd, void* to, size_t size, int flags), (fd, to, size, flags))
CALL(ssize_t, sendmsg, EPIPE, (int fd, const struct msghdr* message, int flags), (fd, message, flags))
CALL(ssize_t, send, EPIPE, (int fd, const void* from, size_t size, int flags), (fd, from, size, flags))
