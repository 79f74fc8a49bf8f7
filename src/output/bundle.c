#include "output/bundle.h"

#include "base/memory.h"

#include <assert.h>
#include <string.h>
#include <time.h>
#include <zstd.h>

#define FOLDER        "perf-profile-bundle/"
#define NAME_SIZE_MAX 90

/** zstd's range ends at 22; beyond this it takes seconds for a few per cent. */
#define COMPRESSION_LEVEL 15

#define TAR_BLOCK_BYTES 512

/** SOURCE: POSIX.1-2017, pax, "ustar Interchange Format". Texts of digits are octal. */
struct tar_header {
	char name[100];
	char mode[8];
	char uid[8];
	char gid[8];
	char size[12];
	char mtime[12];
	char checksum[8];
	char type;
	char link[100];
	char magic[6];
	char version[2];
	char user[32];
	char group[32];
	char major[8];
	char minor[8];
	char prefix[155];
	char zero[12];
};

_Static_assert(sizeof(struct tar_header) == TAR_BLOCK_BYTES, "a header is one block");

struct bundle_writer {
	FILE *file;
	ZSTD_CCtx *context;
	uint8_t *buffer;
	size_t buffer_size;
};

struct error *bundle_writer_create(FILE *file, struct bundle_writer **ret)
{
	struct bundle_writer *writer = memory_allocate(1, sizeof(*writer));

	writer->file = file;
	writer->context = ZSTD_createCCtx();
	if (!writer->context) {
		free(writer);
		return error_new(ERROR_SYSTEM, "cannot compress: no memory");
	}
	ZSTD_CCtx_setParameter(writer->context, ZSTD_c_compressionLevel, COMPRESSION_LEVEL);
	ZSTD_CCtx_setParameter(writer->context, ZSTD_c_checksumFlag, 1);
	writer->buffer_size = ZSTD_CStreamOutSize();
	writer->buffer = memory_allocate(writer->buffer_size, 1);
	*ret = writer;
	return NULL;
}

void bundle_writer_destroy(struct bundle_writer *writer)
{
	if (!writer)
		return;
	ZSTD_freeCCtx(writer->context);
	free(writer->buffer);
	free(writer);
}

static struct error *compress(struct bundle_writer *writer, const void *bytes, size_t size,
			      ZSTD_EndDirective end)
{
	ZSTD_inBuffer input = { bytes, size, 0 };
	size_t left;

	do {
		ZSTD_outBuffer output = { writer->buffer, writer->buffer_size, 0 };

		left = ZSTD_compressStream2(writer->context, &output, &input, end);
		if (ZSTD_isError(left))
			return error_new(ERROR_SYSTEM, "cannot compress: %s",
					 ZSTD_getErrorName(left));
		fwrite(writer->buffer, 1, output.pos, writer->file);
	} while (end == ZSTD_e_end ? left > 0 : input.pos < input.size);
	return NULL;
}

static void set_octal(char *field, size_t size, uint64_t value)
{
	for (size_t i = size - 1; i-- > 0; value >>= 3)
		field[i] = (char)('0' + (value & 7));
}

static struct tar_header header_make(const char *name, size_t size)
{
	struct tar_header header = { .type = '0', .magic = "ustar", .version = { '0', '0' } };
	uint64_t sum = 0;

	snprintf(header.name, sizeof(header.name), "%s%s", FOLDER, name);
	set_octal(header.mode, sizeof(header.mode), 0644);
	set_octal(header.uid, sizeof(header.uid), 0);
	set_octal(header.gid, sizeof(header.gid), 0);
	set_octal(header.size, sizeof(header.size), size);
	set_octal(header.mtime, sizeof(header.mtime), (uint64_t)time(NULL));
	/* The sum of all bytes, with blanks where it will stand itself. */
	memset(header.checksum, ' ', sizeof(header.checksum));
	for (size_t i = 0; i < sizeof(header); i++)
		sum += ((const unsigned char *)&header)[i];
	set_octal(header.checksum, sizeof(header.checksum) - 1, sum);
	header.checksum[6] = '\0';
	return header;
}

struct error *bundle_writer_add(struct bundle_writer *writer, const char *name,
				struct bytes content)
{
	static const uint8_t zeros[TAR_BLOCK_BYTES];
	struct tar_header header = header_make(name, content.size);
	size_t beyond = content.size % TAR_BLOCK_BYTES;

	assert(strlen(name) < NAME_SIZE_MAX - strlen(FOLDER));
	RETURN_IF_ERROR(compress(writer, &header, sizeof(header), ZSTD_e_continue));
	if (content.size)
		RETURN_IF_ERROR(compress(writer, content.data, content.size, ZSTD_e_continue));
	if (beyond)
		return compress(writer, zeros, TAR_BLOCK_BYTES - beyond, ZSTD_e_continue);
	return NULL;
}

struct error *bundle_writer_finish(struct bundle_writer *writer)
{
	static const uint8_t zeros[2 * TAR_BLOCK_BYTES];

	return compress(writer, zeros, sizeof(zeros), ZSTD_e_end);
}
