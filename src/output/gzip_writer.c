#include "output/gzip_writer_internal.h"

#include "base/memory.h"

#include <assert.h>
#include <zlib.h>

#define PIECE_SIZE_BYTES (64 * 1024)

/** zlib.h, deflateInit2(): the largest window (15), plus 16 for a gzip header. */
#define WINDOW_BITS_GZIP (15 + 16)
#define MEMORY_LEVEL     8 /* zlib's default */

struct gzip_writer {
	FILE *file;
	z_stream stream;
	unsigned char piece[PIECE_SIZE_BYTES];
};

struct gzip_writer *gzip_writer_create(FILE *file)
{
	struct gzip_writer *writer = memory_allocate(1, sizeof(*writer));
	int status = deflateInit2(&writer->stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED,
				  WINDOW_BITS_GZIP, MEMORY_LEVEL, Z_DEFAULT_STRATEGY);

	assert(status == Z_OK); /* else out of memory, which ends the program everywhere */
	writer->file = file;
	return writer;
}

/** Deflate the pending input; with Z_FINISH also all that zlib holds back. */
static void gzip_writer_run(struct gzip_writer *writer, int flush)
{
	do {
		writer->stream.next_out = writer->piece;
		writer->stream.avail_out = sizeof(writer->piece);
		deflate(&writer->stream, flush);
		fwrite(writer->piece, 1, sizeof(writer->piece) - writer->stream.avail_out,
		       writer->file);
	} while (writer->stream.avail_out == 0);
}

void gzip_writer_write(struct gzip_writer *writer, const void *bytes, size_t size_bytes)
{
	const unsigned char *data = bytes;

	while (size_bytes > 0) {
		uInt n_now = (uInt)MIN(size_bytes, (size_t)1 << 30); /* avail_in has 32 bits */

		writer->stream.next_in = (unsigned char *)data;
		writer->stream.avail_in = n_now;
		gzip_writer_run(writer, Z_NO_FLUSH);
		data += n_now;
		size_bytes -= n_now;
	}
}

void gzip_writer_finish(struct gzip_writer *writer)
{
	gzip_writer_run(writer, Z_FINISH);
}

void gzip_writer_destroy(struct gzip_writer *writer)
{
	if (!writer)
		return;
	deflateEnd(&writer->stream);
	free(writer);
}
