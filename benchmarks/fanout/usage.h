// What processes have spent so far, read from /proc: CPU time, and resident memory.
#pragma once
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#define MAX_PIDS 16

typedef struct {
    double cpu_seconds;    // of all threads that live, user and system
    double waited_seconds; // in which they could have run, had others not had the core
    uint64_t resident;     // bytes
} usage;

// The scheduler counts nanoseconds; the ticks of /proc/PID/stat are 10 ms, too coarse for a run of seconds.
static void add_times_of(int pid, usage *sum) {
    char path[320];
    snprintf(path, sizeof path, "/proc/%d/task", pid);
    DIR *tasks = opendir(path);
    if (!tasks) return;
    for (struct dirent *task; (task = readdir(tasks));) {
        if (task->d_name[0] == '.') continue;
        snprintf(path, sizeof path, "/proc/%d/task/%s/schedstat", pid, task->d_name);
        FILE *file = fopen(path, "r");
        if (!file) continue; // the thread has just ended
        unsigned long long ran, waited; // nanoseconds
        if (fscanf(file, "%llu %llu", &ran, &waited) == 2) {
            sum->cpu_seconds += ran / 1e9;
            sum->waited_seconds += waited / 1e9;
        }
        fclose(file);
    }
    closedir(tasks);
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
        add_times_of(pids[i], &sum);
        sum.resident += resident_of(pids[i]);
    }
    return sum;
}
