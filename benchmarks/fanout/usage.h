// What processes have spent so far: CPU time and resident memory, read from /proc.
#pragma once
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#define MAX_PIDS 16

typedef struct {
    double cpu_seconds; // of all threads that live, user and system
    uint64_t resident;  // bytes
} usage;

// The scheduler counts nanoseconds; the ticks of /proc/PID/stat are 10 ms, too coarse for a run of seconds.
static double cpu_seconds_of(int pid) {
    char path[320];
    snprintf(path, sizeof path, "/proc/%d/task", pid);
    DIR *tasks = opendir(path);
    if (!tasks) return 0;
    double seconds = 0;
    for (struct dirent *task; (task = readdir(tasks));) {
        if (task->d_name[0] == '.') continue;
        snprintf(path, sizeof path, "/proc/%d/task/%s/schedstat", pid, task->d_name);
        FILE *file = fopen(path, "r");
        if (!file) continue; // the thread has just ended
        unsigned long long nanoseconds;
        if (fscanf(file, "%llu", &nanoseconds) == 1) seconds += nanoseconds / 1e9;
        fclose(file);
    }
    closedir(tasks);
    return seconds;
}

static uint64_t resident_of(int pid) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/statm", pid);
    FILE *file = fopen(path, "r");
    if (!file) return 0;
    unsigned long long all, resident = 0;
    if (fscanf(file, "%llu %llu", &all, &resident) != 2) resident = 0;
    fclose(file);
    return resident * sysconf(_SC_PAGESIZE);
}

static usage usage_of(const int *pids, int count) {
    usage sum = {0};
    for (int i = 0; i < count; i++) {
        sum.cpu_seconds += cpu_seconds_of(pids[i]);
        sum.resident += resident_of(pids[i]);
    }
    return sum;
}
