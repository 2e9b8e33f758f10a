// What the load client is asked to do.
#pragma once
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "usage.h"
#include "websocket.h"

typedef enum { PLAIN, SOCKETIO, NATS } protocol;
typedef enum { NO_STAMP, TICK_STAMP, MONOTONIC_STAMP } stamp;

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

static void die(const char *what) {
    fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
    exit(2);
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
        {"port", 1, 0, 'p'},      {"viewers", 1, 0, 'n'},  {"stalled", 1, 0, 'k'}, {"in-flight", 1, 0, 'f'},
        {"path", 1, 0, 'u'},      {"protocol", 1, 0, 'm'}, {"stamp", 1, 0, 's'},   {"ack", 0, 0, 'a'},
        {"connect", 1, 0, 'c'},   {"warm", 1, 0, 'w'},     {"seconds", 1, 0, 'd'}, {"pids", 1, 0, 'i'},
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
                for (char *pid = strtok(optarg, ","); pid; pid = strtok(NULL, ","))
                    if (options.pid_count < MAX_PIDS) options.pids[options.pid_count++] = atoi(pid);
                break;
            default: exit(2);
        }
    if (options.port <= 0 || options.viewers <= 0 || !options.wish_count) {
        fprintf(stderr, "load: --port, --viewers and --subscribe FILE are needed\n");
        exit(2);
    }
}
