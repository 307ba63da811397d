// Makes calls of a program fail while it runs: preloaded, and told what to do by a file of three numbers, mapped into
// memory.
//
//   word 0  every so-manieth allocation fails (0: none)
//   word 1  every so-manieth system call of the network or a file fails (0: none)
//   word 2  how many have failed
//
// Each call counts for itself, on all threads together, so that what fails differs from run to run.
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

static struct control* told;
static _Atomic unsigned counted;

__attribute__((constructor)) static void begin(void) {
  const char* file = getenv("TEST_FAULTS");
  const int fd = file ? open(file, O_RDWR | O_CLOEXEC) : -1;
  if (fd < 0) return;
  void* at = mmap(NULL, sizeof(struct control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  if (at != MAP_FAILED) told = at;
}

static int due(unsigned every) {
  if (every == 0 || atomic_fetch_add(&counted, 1) % every != every - 1) return 0;
  atomic_fetch_add(&told->failed, 1);
  return 1;
}

extern void* __libc_malloc(size_t);
extern void* __libc_calloc(size_t, size_t);
extern void* __libc_realloc(void*, size_t);

void* malloc(size_t size) {
  if (told && due(told->allocations)) return errno = ENOMEM, NULL;
  return __libc_malloc(size);
}

void* calloc(size_t count, size_t size) {
  if (told && due(told->allocations)) return errno = ENOMEM, NULL;
  return __libc_calloc(count, size);
}

void* realloc(void* old, size_t size) {
  if (told && due(told->allocations)) return errno = ENOMEM, NULL;
  return __libc_realloc(old, size);
}

#define CALL(result, name, error, parameters, arguments)                \
  result name parameters {                                              \
    static result(*real) parameters;                                    \
    if (!real) *(void**)&real = dlsym(RTLD_NEXT, #name);                \
    if (told && due(told->calls)) return errno = (error), (result) - 1; \
    return real arguments;                                              \
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
