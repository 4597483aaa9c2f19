// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the kernel loads into itself: modules and kexec images, with their
 * signatures, without, and damaged.
 */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/kexec.h>
#include <linux/module.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>
#include <zstd.h>

#include "probes.h"

/* A module of the running kernel that needs no hardware and no other module. */
#define MODULE		"dummy"
#define SIG_MARK	"~Module signature appended~\n"

/* struct module_signature ends with the length of the signature before it */
struct trailer {
	uint8_t algo, hash, id_type, signer_len, key_id_len, pad[3];
	uint32_t sig_len;	/* big endian */
};

static char *module_path(void)
{
	char path[256], *deps, *line, *save = NULL, *found = NULL;
	struct utsname u;
	size_t size;

	uname(&u);
	snprintf(path, sizeof(path), "/lib/modules/%s/modules.dep", u.release);
	deps = slurp(path, &size);
	for (line = deps ? strtok_r(deps, "\n", &save) : NULL; line && !found;
	     line = strtok_r(NULL, "\n", &save)) {
		line[strcspn(line, ":")] = '\0';
		if (!strstr(line, "/" MODULE ".ko"))
			continue;
		if (asprintf(&found, "/lib/modules/%s/%s", u.release,
			     line) < 0)
			found = NULL;
	}
	free(deps);
	return found;
}

/* The module as modprobe would hand it over, uncompressed and signed. */
static unsigned char *module_bytes(size_t *size)
{
	char *path = module_path();
	unsigned char *raw, *ko = NULL;
	unsigned long long plain;
	size_t raw_size;

	if (!path) {
		note("no module " MODULE " in /lib/modules");
		return NULL;
	}
	raw = slurp(path, &raw_size);
	if (raw && !strcmp(path + strlen(path) - 3, ".ko")) {
		*size = raw_size;
		ko = raw;
		raw = NULL;
	} else if (raw) {
		plain = ZSTD_getFrameContentSize(raw, raw_size);
		if (plain < 1 << 26)
			ko = malloc(plain);
		if (ko) {
			*size = ZSTD_decompress(ko, plain, raw, raw_size);
			if (ZSTD_isError(*size)) {
				free(ko);
				ko = NULL;
			}
		}
	}
	if (!ko)
		note("cannot read %s", path);
	free(raw);
	free(path);
	return ko;
}

/* Cuts the signature off; false if there is none. */
static bool strip(const unsigned char *ko, size_t *size)
{
	const size_t mark = sizeof(SIG_MARK) - 1;
	struct trailer t;

	if (*size < mark + sizeof(t) ||
	    memcmp(ko + *size - mark, SIG_MARK, mark))
		return false;
	memcpy(&t, ko + *size - mark - sizeof(t), sizeof(t));
	if (be32toh(t.sig_len) > *size - mark - sizeof(t))
		return false;
	*size -= mark + sizeof(t) + be32toh(t.sig_len);
	return true;
}

enum { AS_IS, UNSIGNED = 1, CORRUPT = 2, COMPRESSED = 4 };

static int load(int how)
{
	unsigned char *ko, *out;
	size_t size;
	int fd, ret;

	ko = module_bytes(&size);
	if (!ko)
		return PROBE_SKIP;
	syscall(SYS_delete_module, MODULE, O_NONBLOCK);
	if ((how & UNSIGNED) && !strip(ko, &size)) {
		note("module " MODULE " is not signed to begin with");
		free(ko);
		return PROBE_SKIP;
	}
	/* the last byte the signature covers: in the section headers */
	if (how & CORRUPT) {
		size_t covered = size;

		if (!strip(ko, &covered)) {
			free(ko);
			return PROBE_SKIP;
		}
		ko[covered - 1] ^= 0x40;
	}
	if (how & COMPRESSED) {
		out = malloc(ZSTD_compressBound(size));
		if (!out) {
			free(ko);
			return -ENOMEM;
		}
		size = ZSTD_compress(out, ZSTD_compressBound(size), ko, size, 3);
		free(ko);
		ko = out;
	}
	note("finit_module " MODULE "%s%s%s", how & UNSIGNED ? " unsigned" : "",
	     how & CORRUPT ? " with one bit turned" : "",
	     how & COMPRESSED ? " MODULE_INIT_COMPRESSED_FILE" : "");
	fd = file_of(ko, size);
	if (fd < 0) {
		free(ko);
		return fd;
	}
	ret = syscall(SYS_finit_module, fd, "",
		      how & COMPRESSED ? MODULE_INIT_COMPRESSED_FILE : 0);
	if (ret < 0)
		ret = -errno;
	close(fd);
	/* the older call has to agree */
	if (ret < 0 && !(how & COMPRESSED)) {
		if (syscall(SYS_init_module, ko, size, "") == 0)
			ret = 0;
		else if (errno != -ret)
			ret = -EPROTO;
	}
	free(ko);
	if (!ret && syscall(SYS_delete_module, MODULE, O_NONBLOCK) < 0)
		ret = -errno;
	return ret;
}

int try_unsigned_module(void)
{
	return load(UNSIGNED);
}

int try_unsigned_module_compressed(void)
{
	return load(UNSIGNED | COMPRESSED);
}

int try_corrupt_module(void)
{
	return load(CORRUPT);
}

int try_corrupt_module_compressed(void)
{
	return load(CORRUPT | COMPRESSED);
}

int works_signed_module(void)
{
	int ret = load(AS_IS);

	return ret ? ret : load(COMPRESSED);
}

/* The running kernel's own image; LOCKDOWN_KERNEL names another one. */
static unsigned char *image_bytes(size_t *size)
{
	static const char * const places[] = {
		"/lib/modules/%s/vmlinuz", "/boot/vmlinuz-%s"
	};
	const char *given = getenv("LOCKDOWN_KERNEL");
	char path[256];
	struct utsname u;
	void *image;
	size_t i;

	if (given)
		return slurp(given, size);
	uname(&u);
	for (i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		snprintf(path, sizeof(path), places[i], u.release);
		image = slurp(path, size);
		if (image)
			return image;
	}
	note("no image of kernel %s", u.release);
	return NULL;
}

/*
 * The entry of the certificate table in a PE image: data directory 4 of a
 * PE32+ optional header (Microsoft's PE format, "Optional Header Data
 * Directories"). NULL if this is none.
 */
static uint32_t *certificates(unsigned char *pe, size_t size)
{
	const size_t coff = 24, directories = 112, entry = 8;
	uint32_t at;

	if (size < 0x40 || memcmp(pe, "MZ", 2))
		return NULL;
	memcpy(&at, pe + 0x3c, 4);
	at = le32toh(at);
	if (at > size || size - at < coff + directories + 5 * entry ||
	    memcmp(pe + at, "PE\0", 4))
		return NULL;
	return (uint32_t *)(pe + at + coff + directories + 4 * entry);
}

static int kexec(int how)
{
	static const char cmdline[] = "panic=1";
	unsigned char *image;
	uint32_t dir[2], *where;
	size_t size;
	int fd, ret;

	image = image_bytes(&size);
	if (!image)
		return PROBE_SKIP;
	where = certificates(image, size);
	if (!where) {
		note("the kernel image is no PE file");
		free(image);
		return PROBE_SKIP;
	}
	memcpy(dir, where, sizeof(dir));
	if (!(how & UNSIGNED) && !dir[1]) {
		note("the kernel image is not signed");
		free(image);
		return PROBE_SKIP;
	}
	if ((how & UNSIGNED) && dir[1]) {
		size = le32toh(dir[0]);
		memset(where, 0, sizeof(dir));
	}
	/* in the middle of the compressed kernel */
	if (how & CORRUPT)
		image[size / 2] ^= 1;
	note("kexec_file_load of this kernel%s%s",
	     how & UNSIGNED ? ", unsigned" : ", signed",
	     how & CORRUPT ? ", with one bit turned" : "");
	fd = file_of(image, size);
	free(image);
	if (fd < 0)
		return fd;
	ret = syscall(SYS_kexec_file_load, fd, -1, sizeof(cmdline), cmdline,
		      KEXEC_FILE_NO_INITRAMFS);
	if (ret < 0)
		ret = -errno;
	else
		syscall(SYS_kexec_file_load, -1, -1, 0, NULL,
			KEXEC_FILE_UNLOAD);
	close(fd);
	return ret;
}

int try_unsigned_kexec(void)
{
	return kexec(UNSIGNED);
}

int try_corrupt_kexec(void)
{
	return kexec(CORRUPT);
}

int try_signed_kexec(void)
{
	return kexec(AS_IS);
}

int works_kexec_unload(void)
{
	note("kexec_file_load, KEXEC_FILE_UNLOAD");
	return syscall(SYS_kexec_file_load, -1, -1, 0, NULL,
		       KEXEC_FILE_UNLOAD) < 0 ? -errno : 0;
}

/* The call whose segments nobody can verify is not in this kernel. */
int absent_kexec_load(void)
{
	return syscall(SYS_kexec_load, 0, 0, NULL, 0) < 0 &&
	       errno == ENOSYS ? 0 : -EEXIST;
}
