/* libev, and its macros as functions, which Swift can call. Each does what the macro of the name without `clib` does:
   clibev_io_init is ev_io_init. */
#ifndef OCHOTONA_CLIBEV_H
#define OCHOTONA_CLIBEV_H

#include <ev.h>

typedef void (*clibev_io_callback)(struct ev_loop *loop, ev_io *watcher, int events);
typedef void (*clibev_timer_callback)(struct ev_loop *loop, ev_timer *watcher, int events);
typedef void (*clibev_async_callback)(struct ev_loop *loop, ev_async *watcher, int events);
typedef void (*clibev_prepare_callback)(struct ev_loop *loop, ev_prepare *watcher, int events);
typedef void (*clibev_check_callback)(struct ev_loop *loop, ev_check *watcher, int events);
typedef void (*clibev_cleanup_callback)(struct ev_loop *loop, ev_cleanup *watcher, int events);

static inline void clibev_io_init(ev_io *watcher, clibev_io_callback callback, int descriptor, int events)
{
    ev_io_init(watcher, callback, descriptor, events);
}

/* Only while the watcher is stopped. */
static inline void clibev_io_set(ev_io *watcher, int descriptor, int events)
{
    ev_io_set(watcher, descriptor, events);
}

static inline void clibev_timer_init(
    ev_timer *watcher, clibev_timer_callback callback, ev_tstamp after, ev_tstamp repeat)
{
    ev_timer_init(watcher, callback, after, repeat);
}

/* Only while the watcher is stopped. */
static inline void clibev_timer_set(ev_timer *watcher, ev_tstamp after, ev_tstamp repeat)
{
    ev_timer_set(watcher, after, repeat);
}

static inline void clibev_async_init(ev_async *watcher, clibev_async_callback callback)
{
    ev_async_init(watcher, callback);
}

static inline void clibev_prepare_init(ev_prepare *watcher, clibev_prepare_callback callback)
{
    ev_prepare_init(watcher, callback);
}

static inline void clibev_check_init(ev_check *watcher, clibev_check_callback callback)
{
    ev_check_init(watcher, callback);
}

static inline void clibev_cleanup_init(ev_cleanup *watcher, clibev_cleanup_callback callback)
{
    ev_cleanup_init(watcher, callback);
}

/* Only while the watcher is neither started nor pending. EV_MINPRI and EV_MAXPRI are the limits. */
static inline void clibev_set_priority(void *watcher, int priority)
{
    ev_set_priority(watcher, priority);
}

static inline int clibev_is_active(const void *watcher)
{
    return ev_is_active(watcher);
}

static inline int clibev_is_pending(const void *watcher)
{
    return ev_is_pending(watcher);
}

/* The lowest priority, whose callbacks come last in an iteration. */
static inline int clibev_lowest_priority(void)
{
    return EV_MINPRI;
}

#endif
