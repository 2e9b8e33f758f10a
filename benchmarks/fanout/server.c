// The bare minimum: an epoll server that writes one ready-made WebSocket frame to every viewer, so many times a second.
//
//   cc -O2 -o server server.c
//   ./server SIZE HZ
//
// Prints its port. A viewer is whoever has sent a message; nothing that it sends is looked at. The payload is SIZE bytes,
// of which the first 8 are the moment of sending: nanoseconds of the monotonic clock, little-endian. A viewer who has
// not taken the frame before gets no other until it has: as careful as a server must be, and no more.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "handshake.h"

#define MOST_FILES 65536

typedef struct {
    bool upgraded, watches;
    int place;     // among the watchers
    uint8_t *rest; // of a frame that the kernel took only in part
    size_t rest_bytes;
} connection;

static connection connections[MOST_FILES]; // by file descriptor
static int watchers[MOST_FILES], watcher_count;
static int poll_fd, listener, timer;
static uint8_t *frame, *payload;
static size_t frame_bytes;

static void die(const char *what) {
    perror(what);
    exit(1);
}

static void watch_for(int operation, int fd, uint32_t events) {
    struct epoll_event event = {.events = events, .data.fd = fd};
    if (epoll_ctl(poll_fd, operation, fd, &event) < 0) die("epoll_ctl");
}

static void make_frame(size_t size) {
    frame = calloc(1, size + 10);
    frame[0] = 0x82;
    size_t header = size < 126 ? 2 : size < 65536 ? 4 : 10;
    frame[1] = header == 2 ? size : header == 4 ? 126 : 127;
    for (size_t i = 2; i < header; i++) frame[i] = size >> 8 * (header - 1 - i);
    payload = frame + header;
    for (size_t i = 0; i < size; i++) payload[i] = rand();
    frame_bytes = header + size;
}

static void listen_on_a_free_port(void) {
    listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    if (bind(listener, (struct sockaddr *)&address, size) < 0 || listen(listener, 4096) < 0) die("listen");
    getsockname(listener, (struct sockaddr *)&address, &size);
    watch_for(EPOLL_CTL_ADD, listener, EPOLLIN);
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
}

static void start_timer(double hz) {
    timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    long nanoseconds = 1e9 / hz;
    struct timespec every = {nanoseconds / 1000000000, nanoseconds % 1000000000};
    timerfd_settime(timer, 0, &(struct itimerspec){every, every}, NULL);
    watch_for(EPOLL_CTL_ADD, timer, EPOLLIN);
}

static void send_to_all(void) {
    uint64_t times;
    if (read(timer, &times, sizeof times) < 0) return;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    uint64_t nanoseconds = now.tv_sec * 1000000000ull + now.tv_nsec;
    memcpy(payload, &nanoseconds, sizeof nanoseconds);
    for (int i = 0; i < watcher_count; i++) {
        int fd = watchers[i];
        connection *to = &connections[fd];
        if (to->rest) continue;
        ssize_t n = send(fd, frame, frame_bytes, MSG_NOSIGNAL);
        if (n < 0 || (size_t)n == frame_bytes) continue; // all of it, or none: then the next one
        to->rest_bytes = frame_bytes - n;
        to->rest = malloc(to->rest_bytes);
        memcpy(to->rest, frame + n, to->rest_bytes);
        watch_for(EPOLL_CTL_MOD, fd, EPOLLIN | EPOLLOUT);
    }
}

static void send_rest(int fd) {
    connection *to = &connections[fd];
    ssize_t n = send(fd, to->rest, to->rest_bytes, MSG_NOSIGNAL);
    if (n <= 0) return;
    to->rest_bytes -= n;
    memmove(to->rest, to->rest + n, to->rest_bytes);
    if (to->rest_bytes) return;
    free(to->rest);
    to->rest = NULL;
    watch_for(EPOLL_CTL_MOD, fd, EPOLLIN);
}

static void welcome(void) {
    for (int fd; (fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0;) {
        if (fd >= MOST_FILES) {
            close(fd);
            continue;
        }
        int on = 1;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        connections[fd] = (connection){0};
        watch_for(EPOLL_CTL_ADD, fd, EPOLLIN);
    }
}

static void forget(int fd) {
    connection *gone = &connections[fd];
    if (gone->watches) {
        int last = watchers[--watcher_count];
        watchers[gone->place] = last;
        connections[last].place = gone->place;
    }
    free(gone->rest);
    *gone = (connection){0};
    close(fd);
}

static void hear(int fd) {
    static char data[1 << 16];
    connection *from = &connections[fd];
    ssize_t n = recv(fd, data, sizeof data - 1, 0);
    if (n < 0 && errno == EAGAIN) return;
    if (n <= 0) {
        forget(fd);
    } else if (!from->upgraded) {
        data[n] = 0;
        char answer[256];
        int size = upgrade(data, answer, sizeof answer);
        from->upgraded = size && send(fd, answer, size, MSG_NOSIGNAL) == size;
        if (!from->upgraded) forget(fd);
    } else if (!from->watches) {
        from->watches = true;
        from->place = watcher_count;
        watchers[watcher_count++] = fd;
    }
}

int main(int count, char **arguments) {
    if (count != 3) {
        fprintf(stderr, "server SIZE HZ\n");
        return 2;
    }
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    poll_fd = epoll_create1(0);
    make_frame(atol(arguments[1]));
    listen_on_a_free_port();
    start_timer(atof(arguments[2]));
    for (;;) {
        static struct epoll_event events[1024];
        int ready = epoll_wait(poll_fd, events, 1024, -1);
        for (int i = 0; i < ready; i++) {
            int fd = events[i].data.fd;
            if (fd == listener) welcome();
            else if (fd == timer) send_to_all();
            else {
                if (events[i].events & EPOLLOUT && connections[fd].rest) send_rest(fd);
                if (events[i].events & ~EPOLLOUT) hear(fd);
            }
        }
    }
}
