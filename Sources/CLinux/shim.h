/* What Linux has and Swift's C library module does not show. */
#ifndef OCHOTONA_CLINUX_H
#define OCHOTONA_CLINUX_H

#include <errno.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* epoll_wait with a time in nanoseconds: epoll_pwait2, which the C library has only since glibc 2.35; OCHOTONA_UNSUPPORTED
   if it fails otherwise than by a signal: kernels before 5.11 do not have it (ENOSYS), and containers that do not know it
   forbid it (EPERM). `seconds` below zero waits for ever. */
#define OCHOTONA_UNSUPPORTED (-2)

static inline int ochotona_epoll_wait_ns(
    int epoll, struct epoll_event *events, int count, long long seconds, long long nanoseconds)
{
#ifdef SYS_epoll_pwait2
    struct { long long seconds, nanoseconds; } time = { seconds, nanoseconds };
    int found = (int)syscall(
        SYS_epoll_pwait2, epoll, events, count, seconds < 0 ? (void *)0 : (void *)&time, (void *)0, (size_t)8);
    return found < 0 && errno != EINTR ? OCHOTONA_UNSUPPORTED : found;
#else
    (void)epoll; (void)events; (void)count; (void)seconds; (void)nanoseconds;
    return OCHOTONA_UNSUPPORTED;
#endif
}

#endif
