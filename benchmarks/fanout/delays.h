// How long frames were under way: a histogram.
#pragma once
#include <stdint.h>
#include <stdio.h>

#define BUCKET_MS 0.1
#define BUCKETS 100000 // delays of up to 10 s are told apart

static uint64_t delays[BUCKETS], delay_count;
static double longest_delay;

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

static void report_delays(void) {
    if (delay_count)
        printf("\"p50_ms\":%.1f,\"p99_ms\":%.1f,\"max_ms\":%.1f,", percentile(0.50), percentile(0.99),
               longest_delay);
    else
        printf("\"p50_ms\":null,\"p99_ms\":null,\"max_ms\":null,");
}
