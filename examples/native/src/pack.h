/* Packing and unpacking of a buffer in memory. */
#ifndef PACK_H
#define PACK_H
#include <stddef.h>
#include <stdint.h>

/* The quality of the packing, 0 (fast) to 11 (small). */
#define PACK_QUALITY 9

/* Packs n bytes; gives a new buffer and its length, or NULL. */
uint8_t *pack(const uint8_t *in, size_t n, size_t *packed);

/* Unpacks to exactly n bytes; gives a new buffer, or NULL. */
uint8_t *unpack(const uint8_t *in, size_t packed, size_t n);
#endif
