// A server's answer to the request for a WebSocket (RFC 6455, section 4.2.2), which takes SHA-1 and base64.
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define LONGEST_KEY 64

static uint32_t rotated(uint32_t word, int bits) { return word << bits | word >> (32 - bits); }

static void sha1_block(uint32_t state[5], const uint8_t *block) {
    uint32_t words[80], a = state[0], b = state[1], c = state[2], d = state[3], e = state[4];
    for (int i = 0; i < 16; i++)
        words[i] = (uint32_t)block[4 * i] << 24 | block[4 * i + 1] << 16 | block[4 * i + 2] << 8 | block[4 * i + 3];
    for (int i = 16; i < 80; i++)
        words[i] = rotated(words[i - 3] ^ words[i - 8] ^ words[i - 14] ^ words[i - 16], 1);
    for (int i = 0; i < 80; i++) {
        uint32_t mixed, constant;
        if (i < 20) mixed = (b & c) | (~b & d), constant = 0x5a827999;
        else if (i < 40) mixed = b ^ c ^ d, constant = 0x6ed9eba1;
        else if (i < 60) mixed = (b & c) | (b & d) | (c & d), constant = 0x8f1bbcdc;
        else mixed = b ^ c ^ d, constant = 0xca62c1d6;
        uint32_t next = rotated(a, 5) + mixed + e + constant + words[i];
        e = d;
        d = c;
        c = rotated(b, 30);
        b = a;
        a = next;
    }
    state[0] += a;
    state[1] += b;
    state[2] += c;
    state[3] += d;
    state[4] += e;
}

// Of n < 2^29 bytes.
static void sha1(const uint8_t *data, size_t n, uint8_t digest[20]) {
    uint32_t state[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
    size_t at = 0;
    for (; n - at >= 64; at += 64) sha1_block(state, data + at);
    uint8_t last[128] = {0};
    size_t rest = n - at, size = rest < 56 ? 64 : 128;
    memcpy(last, data + at, rest);
    last[rest] = 0x80;
    for (int i = 0; i < 4; i++) last[size - 1 - i] = (uint32_t)(n * 8) >> (8 * i);
    for (size_t block = 0; block < size; block += 64) sha1_block(state, last + block);
    for (int i = 0; i < 20; i++) digest[i] = state[i / 4] >> (24 - 8 * (i % 4));
}

// `text` takes 4 characters for every 3 bytes begun, and a 0.
static void base64(const uint8_t *data, int n, char *text) {
    static const char *letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (int i = 0; i < n; i += 3) {
        uint32_t three = data[i] << 16 | (i + 1 < n ? data[i + 1] << 8 : 0) | (i + 2 < n ? data[i + 2] : 0);
        *text++ = letters[three >> 18];
        *text++ = letters[three >> 12 & 63];
        *text++ = i + 1 < n ? letters[three >> 6 & 63] : '=';
        *text++ = i + 2 < n ? letters[three & 63] : '=';
    }
    *text = 0;
}

// Writes the answer to a whole request and returns its size, or 0 when the request has no key.
static int upgrade(const char *request, char *answer, size_t room) {
    static const char *name = "\r\nSec-WebSocket-Key: ";
    const char *key = strstr(request, name);
    if (!key) return 0;
    key += strlen(name);
    size_t n = strcspn(key, "\r");
    if (n > LONGEST_KEY) return 0;
    char salted[LONGEST_KEY + 40];
    int size = snprintf(salted, sizeof salted, "%.*s258EAFA5-E914-47DA-95CA-C5AB0DC85B11", (int)n, key);
    uint8_t digest[20];
    char accept[32];
    sha1((uint8_t *)salted, size, digest);
    base64(digest, sizeof digest, accept);
    return snprintf(answer, room,
                    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                    "Sec-WebSocket-Accept: %s\r\n\r\n",
                    accept);
}
