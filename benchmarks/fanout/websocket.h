// Reading a server's WebSocket frames as their bytes come in (RFC 6455, section 5.2), and writing a client's.
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { WS_TEXT = 1, WS_BINARY = 2, WS_CLOSE = 8, WS_PING = 9, WS_PONG = 10 };

#define WS_START 512        // so many first bytes of a payload are kept
#define WS_LONGEST_SENT 8192 // bytes of the longest message that is sent

typedef struct {
    uint8_t header[10];
    int header_bytes;
    bool in_payload;
    uint64_t left; // payload bytes still to come

    int opcode;
    uint64_t length;             // of the payload
    uint8_t start[WS_START + 1]; // its first bytes, closed by a 0
    int start_bytes;

    // What the last call of ws_read() found.
    bool whole;           // the frame is complete
    const uint8_t *chunk; // the part of its payload that was in these bytes
    size_t chunk_bytes;
} ws_reader;

// How long the header is, as far as its bytes tell so far.
static int ws_header_size(const ws_reader *reader) {
    if (reader->header_bytes < 2) return 2;
    int length = reader->header[1] & 0x7f;
    return length == 126 ? 4 : length == 127 ? 10 : 2;
}

static void ws_begin_payload(ws_reader *reader) {
    const uint8_t *extended = reader->header + 2;
    int length = reader->header[1] & 0x7f;
    reader->opcode = reader->header[0] & 0x0f;
    reader->length = length;
    if (length >= 126) {
        reader->length = 0;
        for (const uint8_t *byte = extended; byte < reader->header + reader->header_bytes; byte++)
            reader->length = reader->length << 8 | *byte;
    }
    reader->left = reader->length;
    reader->header_bytes = reader->start_bytes = 0;
    reader->in_payload = true;
}

// Reads on, at most to the end of one frame, and returns how many bytes that took (at least 1 of n > 0).
static size_t ws_read(ws_reader *reader, const uint8_t *data, size_t n) {
    size_t used = 0;
    reader->whole = false;
    reader->chunk_bytes = 0;
    while (!reader->in_payload) {
        if (used == n) return used;
        reader->header[reader->header_bytes++] = data[used++];
        if (reader->header_bytes == ws_header_size(reader)) ws_begin_payload(reader);
    }
    size_t take = n - used < reader->left ? n - used : reader->left;
    size_t room = WS_START - reader->start_bytes, keep = take < room ? take : room;
    memcpy(reader->start + reader->start_bytes, data + used, keep);
    reader->start_bytes += keep;
    reader->chunk = data + used;
    reader->chunk_bytes = take;
    reader->left -= take;
    if (reader->left == 0) {
        reader->start[reader->start_bytes] = 0;
        reader->in_payload = false;
        reader->whole = true;
    }
    return used + take;
}

// Writes a client's frame into `out` (n + 8 bytes) and returns its size; n < 65,536. Its mask is 0, which is
// allowed and changes nothing.
static size_t ws_frame(uint8_t *out, int opcode, const void *payload, size_t n) {
    size_t at = 0;
    out[at++] = 0x80 | opcode;
    if (n < 126) {
        out[at++] = 0x80 | n;
    } else {
        out[at++] = 0x80 | 126;
        out[at++] = n >> 8;
        out[at++] = n & 0xff;
    }
    memset(out + at, 0, 4);
    memcpy(out + at + 4, payload, n);
    return at + 4 + n;
}
