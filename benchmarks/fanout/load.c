// A load client: thousands of viewers over WebSocket, plain, Socket.IO or NATS, and what they get.
//
//   cc -O2 -o load load.c
//   ./load --port 8080 --path /api/live --viewers 5000 --subscribe wishes.txt --stamp tick --seconds 60 --pids 123
//
// Opens the viewers, a bounded number at a time, waits until they are warm, measures, and prints one line of JSON.
// A viewer sends one line of the file as its subscription: the first viewer the first line, and so on, round and
// round. Every frame's delay is taken from a stamp inside it:
//
//   --stamp tick       a DYN1 frame's: wall clock now, less the end of what the frame covers
//   --stamp monotonic  the payload's first 8 bytes: nanoseconds of the monotonic clock, little-endian
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>

#include "usage.h"
#include "websocket.h"

#define LONGEST_REPLY 2048
#define STALLED_BUFFER 4096 // bytes that the kernel takes for a viewer who never reads
#define ACK_EVERY 1.0       // seconds
#define BUCKET_MS 0.1
#define BUCKETS 100000 // delays of up to 10 s are told apart

typedef enum { PLAIN, SOCKETIO, NATS } protocol;
typedef enum { NO_STAMP, TICK_STAMP, MONOTONIC_STAMP } stamp;
typedef enum { CONNECTING, UPGRADING, OPEN, GONE } phase;

typedef struct {
    int fd;
    phase phase;
    bool stalled, subscribed;
    ws_reader reader;
    char reply[LONGEST_REPLY]; // of the handshake; afterwards NATS' lines
    int reply_bytes;
    int64_t nats_left; // bytes of a NATS message's payload still to come
    uint8_t nats_start[8];
    int nats_start_bytes;
    double acked; // when, monotonic seconds
    uint64_t frames;
} viewer;

static struct {
    int port, viewers, stalled, in_flight;
    const char *path;
    protocol protocol;
    stamp stamp;
    bool ack;
    double connect, warm, seconds;
    int pids[MAX_PIDS], pid_count;
    char **wishes;
    size_t wish_count;
} options = {.in_flight = 100, .path = "/", .connect = 120, .warm = 2, .seconds = 10};

static viewer *viewers;
static int poll_fd;

static int subscribed, failed, closed;
static bool measuring;
static uint64_t frames, texts, bytes, acks; // while measuring
static uint64_t delays[BUCKETS], delay_count;
static double longest_delay;

static double clock_seconds(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return now.tv_sec + now.tv_nsec / 1e9;
}

static double now(void) { return clock_seconds(CLOCK_MONOTONIC); }

static void die(const char *what) {
    fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
    exit(2);
}

// ---- Delays

static void note_delay(double ms) {
    int bucket = ms < 0 ? 0 : ms >= BUCKETS * BUCKET_MS ? BUCKETS - 1 : ms / BUCKET_MS;
    delays[bucket]++;
    delay_count++;
    if (ms > longest_delay) longest_delay = ms;
}

static double percentile(double share) {
    uint64_t wanted = delay_count * share, seen = 0;
    for (int bucket = 0; bucket < BUCKETS; bucket++) {
        seen += delays[bucket];
        if (seen > wanted) return (bucket + 0.5) * BUCKET_MS;
    }
    return longest_delay;
}

// A frame has come, of which these are the first bytes.
static void count_frame(viewer *viewer, const uint8_t *start, int n) {
    viewer->frames++;
    if (!measuring) return;
    frames++;
    if (options.stamp == MONOTONIC_STAMP && n >= 8) {
        uint64_t sent;
        memcpy(&sent, start, sizeof sent);
        note_delay((now() - sent / 1e9) * 1e3);
    } else if (options.stamp == TICK_STAMP && n >= 28 && !memcmp(start, "DYN1", 4)) {
        double tick;
        uint32_t covers;
        memcpy(&tick, start + 16, sizeof tick);
        memcpy(&covers, start + 24, sizeof covers);
        note_delay(clock_seconds(CLOCK_REALTIME) * 1e3 - (tick + covers));
    }
}

// ---- A viewer's connection

static void leave(viewer *viewer, const char *why) {
    if (viewer->phase == GONE) return;
    if (viewer->subscribed) {
        closed++;
    } else {
        if (failed++ == 0) fprintf(stderr, "load: a viewer could not subscribe: %s\n", why);
    }
    viewer->phase = GONE;
    close(viewer->fd);
}

static void send_frame(viewer *viewer, int opcode, const void *payload, size_t n) {
    uint8_t frame[WS_LONGEST_SENT + 8];
    size_t size = ws_frame(frame, opcode, payload, n);
    if (send(viewer->fd, frame, size, MSG_NOSIGNAL) != (ssize_t)size) leave(viewer, strerror(errno));
}

static void subscribe(viewer *viewer) {
    const char *wish = options.wishes[(viewer - viewers) % options.wish_count];
    char message[WS_LONGEST_SENT];
    const char *form = options.protocol == SOCKETIO ? "42%s"
                       : options.protocol == NATS   ? "CONNECT {\"verbose\":false}\r\n%s\r\n"
                                                    : "%s";
    int n = snprintf(message, sizeof message, form, wish);
    send_frame(viewer, options.protocol == NATS ? WS_BINARY : WS_TEXT, message, n);
    if (viewer->phase == GONE) return;
    viewer->subscribed = true;
    viewer->acked = now() + ACK_EVERY * (viewer - viewers) / options.viewers;
    subscribed++;
    if (viewer->stalled) epoll_ctl(poll_fd, EPOLL_CTL_DEL, viewer->fd, NULL);
}

static void connect_viewer(int number) {
    viewer *viewer = &viewers[number];
    int fd = viewer->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (fd < 0) die("a socket for each viewer");
    // The stalled ones are spread evenly among the others.
    viewer->stalled = (long)(number + 1) * options.stalled / options.viewers !=
                      (long)number * options.stalled / options.viewers;
    int on = 1, small = STALLED_BUFFER;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (viewer->stalled) setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    struct linger reset = {1, 0}; // at the end: thousands of ports are free again at once
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    struct sockaddr_in server = {.sin_family = AF_INET, .sin_port = htons(options.port)};
    server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(fd, (struct sockaddr *)&server, sizeof server) < 0 && errno != EINPROGRESS) die("connect");
    struct epoll_event event = {.events = EPOLLOUT, .data.ptr = viewer};
    epoll_ctl(poll_fd, EPOLL_CTL_ADD, fd, &event);
}

static void ask_to_upgrade(viewer *viewer) {
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(viewer->fd, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error) {
        leave(viewer, strerror(error));
        return;
    }
    char request[1024];
    int n = snprintf(request, sizeof request,
                     "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                     "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
                     options.path, options.port);
    if (send(viewer->fd, request, n, MSG_NOSIGNAL) != n) {
        leave(viewer, strerror(errno));
        return;
    }
    viewer->phase = UPGRADING;
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = viewer};
    epoll_ctl(poll_fd, EPOLL_CTL_MOD, viewer->fd, &event);
}

// Reads the answer to the upgrade and returns how many of the bytes belonged to it.
static size_t read_reply(viewer *viewer, const uint8_t *data, size_t n) {
    size_t used = 0;
    while (used < n) {
        viewer->reply[viewer->reply_bytes++] = data[used++];
        viewer->reply[viewer->reply_bytes] = 0;
        if (strstr(viewer->reply + (viewer->reply_bytes > 4 ? viewer->reply_bytes - 4 : 0), "\r\n\r\n")) {
            if (strncmp(viewer->reply, "HTTP/1.1 101", 12)) {
                *strchr(viewer->reply, '\r') = 0;
                leave(viewer, viewer->reply);
                return n;
            }
            viewer->phase = OPEN;
            viewer->reply_bytes = 0;
            if (options.protocol == PLAIN) subscribe(viewer);
            return used;
        }
        if (viewer->reply_bytes == LONGEST_REPLY - 1) {
            leave(viewer, "the handshake's answer has no end");
            return n;
        }
    }
    return used;
}

// ---- What the protocols say

// DynMap: a mark is acknowledged about once a second.
static void hear_text(viewer *viewer) {
    if (!options.ack || now() - viewer->acked < ACK_EVERY) return;
    char *text = (char *)viewer->reader.start;
    if (!strstr(text, "\"type\":\"mark\"")) return;
    char *cursor = strstr(text, "\"cursor\":\"");
    if (!cursor) return;
    cursor += strlen("\"cursor\":\"");
    char message[256];
    int n = snprintf(message, sizeof message, "{\"type\":\"ack\",\"cursor\":\"%.*s\"}",
                     (int)strcspn(cursor, "\""), cursor);
    send_frame(viewer, WS_TEXT, message, n);
    viewer->acked = now();
    acks += measuring;
}

// Engine.IO 4 under Socket.IO: 0 open, 2 ping, 40 connected, 42 an event, 451- an event whose payload follows as binary.
static void hear_socketio(viewer *viewer) {
    const char *text = (const char *)viewer->reader.start;
    if (text[0] == '0') send_frame(viewer, WS_TEXT, "40", 2);
    if (text[0] == '2') send_frame(viewer, WS_TEXT, "3", 1);
    if (text[0] == '4' && text[1] == '0') subscribe(viewer);
    if (text[0] == '4' && text[1] == '2') count_frame(viewer, NULL, 0);
}

static void hear_nats_line(viewer *viewer) {
    char *line = viewer->reply;
    if (!strncmp(line, "MSG ", 4)) {
        viewer->nats_left = atol(strrchr(line, ' ') + 1) + 2; // its line end too
        viewer->nats_start_bytes = 0;
    } else if (!strncmp(line, "INFO ", 5) && !viewer->subscribed) {
        subscribe(viewer);
    } else if (!strncmp(line, "PING", 4)) {
        send_frame(viewer, WS_BINARY, "PONG\r\n", 6);
    } else if (!strncmp(line, "-ERR", 4)) {
        leave(viewer, line);
    }
}

// NATS is a stream of lines and payloads, cut into frames wherever it comes.
static void hear_nats(viewer *viewer, const uint8_t *data, size_t n) {
    while (n && viewer->phase == OPEN) {
        if (viewer->nats_left) {
            size_t take = n < (size_t)viewer->nats_left ? n : (size_t)viewer->nats_left;
            for (size_t i = 0; i < take && viewer->nats_start_bytes < 8; i++)
                viewer->nats_start[viewer->nats_start_bytes++] = data[i];
            viewer->nats_left -= take;
            data += take;
            n -= take;
            if (!viewer->nats_left) count_frame(viewer, viewer->nats_start, viewer->nats_start_bytes);
            continue;
        }
        if (*data != '\n' && viewer->reply_bytes < LONGEST_REPLY - 1)
            viewer->reply[viewer->reply_bytes++] = *data;
        if (*data == '\n') {
            viewer->reply[viewer->reply_bytes] = 0;
            viewer->reply_bytes = 0;
            hear_nats_line(viewer);
        }
        data++;
        n--;
    }
}

static void hear_frame(viewer *viewer) {
    ws_reader *reader = &viewer->reader;
    if (reader->opcode == WS_PING) {
        send_frame(viewer, WS_PONG, reader->start, reader->start_bytes);
    } else if (reader->opcode == WS_CLOSE) {
        leave(viewer, "the server closed it");
    } else if (reader->opcode == WS_BINARY && options.protocol != NATS) {
        count_frame(viewer, reader->start, reader->start_bytes);
    } else if (reader->opcode == WS_TEXT) {
        texts += measuring;
        if (options.protocol == SOCKETIO) hear_socketio(viewer);
        if (options.protocol == PLAIN) hear_text(viewer);
    }
}

static void hear(viewer *viewer, const uint8_t *data, size_t n) {
    if (measuring) bytes += n;
    if (viewer->phase == UPGRADING) {
        size_t used = read_reply(viewer, data, n);
        data += used;
        n -= used;
    }
    while (n && viewer->phase == OPEN) {
        size_t used = ws_read(&viewer->reader, data, n);
        if (options.protocol == NATS && viewer->reader.opcode < WS_CLOSE)
            hear_nats(viewer, viewer->reader.chunk, viewer->reader.chunk_bytes);
        if (viewer->reader.whole) hear_frame(viewer);
        data += used;
        n -= used;
    }
}

// ---- The run

// Serves all viewers for whom something came, waiting for at most so many ms.
static void serve(int ms) {
    static uint8_t data[1 << 18];
    struct epoll_event events[1024];
    int ready = epoll_wait(poll_fd, events, 1024, ms);
    for (int i = 0; i < ready; i++) {
        viewer *viewer = events[i].data.ptr;
        if (viewer->phase == CONNECTING) {
            ask_to_upgrade(viewer);
            continue;
        }
        ssize_t n = recv(viewer->fd, data, sizeof data, 0);
        if (n > 0)
            hear(viewer, data, n);
        else if (n == 0 || errno != EAGAIN)
            leave(viewer, n ? strerror(errno) : "the server cut the connection");
    }
}

static void serve_for(double seconds) {
    for (double end = now() + seconds; now() < end;) serve(20);
}

static void connect_all(void) {
    double end = now() + options.connect;
    for (int opened = 0; subscribed + failed < options.viewers && now() < end;) {
        while (opened < options.viewers && opened - subscribed - failed < options.in_flight)
            connect_viewer(opened++);
        serve(5);
    }
    if (subscribed + failed < options.viewers)
        fprintf(stderr, "load: %d of %d viewers had no answer in %.0f s\n",
                options.viewers - subscribed - failed, options.viewers, options.connect);
}

static double own_cpu_seconds(void) { return clock_seconds(CLOCK_PROCESS_CPUTIME_ID); }

static void report_delays(void) {
    if (delay_count)
        printf("\"p50_ms\":%.1f,\"p99_ms\":%.1f,\"max_ms\":%.1f,", percentile(0.50), percentile(0.99),
               longest_delay);
    else
        printf("\"p50_ms\":null,\"p99_ms\":null,\"max_ms\":null,");
}

static void run(void) {
    usage idle = usage_of(options.pids, options.pid_count);
    double began = now();
    connect_all();
    double connected = now() - began;
    usage full = usage_of(options.pids, options.pid_count);
    serve_for(options.warm);

    for (int i = 0; i < options.viewers; i++) viewers[i].frames = 0;
    usage before = usage_of(options.pids, options.pid_count);
    double own_before = own_cpu_seconds(), start = now();
    measuring = true;
    serve_for(options.seconds);
    measuring = false;
    double seconds = now() - start, own = own_cpu_seconds() - own_before;
    usage after = usage_of(options.pids, options.pid_count);

    uint64_t least = UINT64_MAX, most = 0;
    for (int i = 0; i < options.viewers; i++) {
        if (viewers[i].stalled || viewers[i].phase != OPEN) continue;
        if (viewers[i].frames < least) least = viewers[i].frames;
        if (viewers[i].frames > most) most = viewers[i].frames;
    }
    printf("{\"viewers\":%d,\"stalled\":%d,\"failed\":%d,\"closed\":%d,", options.viewers, options.stalled,
           options.viewers - subscribed, closed);
    printf("\"connect_seconds\":%.3f,\"connect_cpu\":%.4f,", connected, full.cpu_seconds - idle.cpu_seconds);
    printf("\"seconds\":%.3f,\"frames\":%lu,\"least\":%lu,\"most\":%lu,", seconds, frames,
           least == UINT64_MAX ? 0 : least, most);
    printf("\"texts\":%lu,\"acks\":%lu,\"bytes\":%lu,", texts, acks, bytes);
    report_delays();
    printf("\"cpu\":%.6f,\"resident_before\":%lu,\"resident_after\":%lu,\"own_cpu\":%.4f}\n",
           after.cpu_seconds - before.cpu_seconds, idle.resident, after.resident, own);
}

static void read_wishes(const char *path) {
    FILE *file = fopen(path, "r");
    if (!file) die(path);
    char *line = NULL;
    size_t room = 0;
    for (ssize_t n; (n = getline(&line, &room, file)) >= 0;) {
        line[strcspn(line, "\r\n")] = 0;
        if (n > WS_LONGEST_SENT - 64) {
            fprintf(stderr, "load: %s: a line of over %d bytes\n", path, WS_LONGEST_SENT - 64);
            exit(2);
        }
        options.wishes = realloc(options.wishes, (options.wish_count + 1) * sizeof *options.wishes);
        options.wishes[options.wish_count++] = strdup(line);
    }
    free(line);
    fclose(file);
}

static int one_of(const char *name, const char *value, const char *const *known, int count) {
    for (int i = 0; i < count; i++)
        if (!strcmp(value, known[i])) return i;
    fprintf(stderr, "load: --%s: there is no %s\n", name, value);
    exit(2);
}

static void read_options(int count, char **arguments) {
    static const char *const protocols[] = {"plain", "socketio", "nats"};
    static const char *const stamps[] = {"none", "tick", "monotonic"};
    static const struct option known[] = {
        {"port", 1, 0, 'p'},    {"viewers", 1, 0, 'n'},   {"stalled", 1, 0, 'k'},   {"in-flight", 1, 0, 'f'},
        {"path", 1, 0, 'u'},    {"protocol", 1, 0, 'm'},  {"stamp", 1, 0, 's'},     {"ack", 0, 0, 'a'},
        {"connect", 1, 0, 'c'}, {"warm", 1, 0, 'w'},      {"seconds", 1, 0, 'd'},   {"pids", 1, 0, 'i'},
        {"subscribe", 1, 0, 'l'}, {0}};
    for (int option; (option = getopt_long(count, arguments, "", known, NULL)) != -1;) switch (option) {
            case 'p': options.port = atoi(optarg); break;
            case 'n': options.viewers = atoi(optarg); break;
            case 'k': options.stalled = atoi(optarg); break;
            case 'f': options.in_flight = atoi(optarg); break;
            case 'u': options.path = optarg; break;
            case 'm': options.protocol = one_of("protocol", optarg, protocols, 3); break;
            case 's': options.stamp = one_of("stamp", optarg, stamps, 3); break;
            case 'a': options.ack = true; break;
            case 'c': options.connect = atof(optarg); break;
            case 'w': options.warm = atof(optarg); break;
            case 'd': options.seconds = atof(optarg); break;
            case 'l': read_wishes(optarg); break;
            case 'i':
                for (char *pid = strtok(optarg, ","); pid && options.pid_count < MAX_PIDS; pid = strtok(NULL, ","))
                    options.pids[options.pid_count++] = atoi(pid);
                break;
            default: exit(2);
        }
    if (options.port <= 0 || options.viewers <= 0 || !options.wish_count) {
        fprintf(stderr, "load: --port, --viewers and --subscribe FILE are needed\n");
        exit(2);
    }
}

int main(int count, char **arguments) {
    read_options(count, arguments);
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    viewers = calloc(options.viewers, sizeof *viewers);
    poll_fd = epoll_create1(0);
    if (!viewers || poll_fd < 0) die("start");
    run();
    return subscribed ? 0 : 1;
}
