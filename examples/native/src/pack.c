#include "pack.h"

#include <brotli/decode.h>
#include <brotli/encode.h>
#include <stdlib.h>

uint8_t *pack(const uint8_t *in, size_t n, size_t *packed)
{
    *packed = BrotliEncoderMaxCompressedSize(n);
    uint8_t *out = malloc(*packed ? *packed : 1);
    if (out && !BrotliEncoderCompress(PACK_QUALITY, BROTLI_DEFAULT_WINDOW, BROTLI_MODE_TEXT, n, in, packed, out)) {
        free(out);
        return NULL;
    }
    return out;
}

uint8_t *unpack(const uint8_t *in, size_t packed, size_t n)
{
    uint8_t *out = malloc(n ? n : 1);
    size_t got = n;
    if (out && (BrotliDecoderDecompress(packed, in, &got, out) != BROTLI_DECODER_RESULT_SUCCESS || got != n)) {
        free(out);
        return NULL;
    }
    return out;
}
