// SPDX-License-Identifier: GPL-2.0-only
/*
 * uefi-vars TEMPLATE OUT NAME=FILE.der[,FILE.der...] ...: a variable store for
 * OVMF with certificates enrolled, as if its owner had done so at the screen.
 * NAME is PK, KEK, db or MokList. With a PK Secure Boot is on. Shim tells the
 * kernel to trust a MokList unless its owner said otherwise (mokutil
 * --untrust-mok), so nothing is written about that.
 *
 * TEMPLATE is the distribution's empty store. What is written follows edk2:
 * MdePkg/Include/Pi/PiFirmwareVolume.h for the volume's header and
 * MdeModulePkg/Include/Guid/VariableFormat.h for store and variables; the
 * signature lists follow UEFI 2.10, section 32.4.1. All little endian.
 */
#include <endian.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NV	0x01	/* non-volatile */
#define BS	0x02	/* for boot services */
#define RT	0x04	/* and at run time */
#define AUTH	0x20	/* time-based authenticated write access */

#define VARIABLE_START	0x55aa
#define VARIABLE_ADDED	0x3f
#define MAX_CERT	8192

typedef struct {
	uint8_t b[16];
} guid;

#define GUID(a, b_, c, ...) { { \
	(a) & 255, (a) >> 8 & 255, (a) >> 16 & 255, (uint32_t)(a) >> 24, \
	(b_) & 255, (b_) >> 8, (c) & 255, (c) >> 8, __VA_ARGS__ } }

static const guid global = GUID(0x8be4df61, 0x93ca, 0x11d2,
	0xaa, 0x0d, 0x00, 0xe0, 0x98, 0x03, 0x2b, 0x8c);
static const guid database = GUID(0xd719b2cb, 0x3d3a, 0x4596,
	0xa3, 0xbc, 0xda, 0xd0, 0x0e, 0x67, 0x65, 0x6f);
static const guid shim = GUID(0x605dab50, 0xe046, 0x4300,
	0xab, 0xb6, 0x3d, 0xd8, 0x10, 0xdd, 0x8b, 0x23);
/* edk2's own switch; SecureBoot itself is computed from it and from the PK */
static const guid enable = GUID(0xf0a30bc7, 0xaf08, 0x4556,
	0x99, 0xc4, 0x00, 0x10, 0x09, 0xc9, 0x3a, 0x44);
static const guid x509 = GUID(0xa5c059a1, 0x94e4, 0x4aa7,
	0x87, 0xb5, 0xab, 0x15, 0x5c, 0x2b, 0xf0, 0x72);
static const guid authenticated = GUID(0xaaf32c78, 0x947b, 0x439a,
	0xa1, 0x80, 0x2e, 0x14, 0x4e, 0xc3, 0x77, 0x92);
/* whom a signature belongs to; nothing looks at it */
static const guid owner = GUID(0x2f6b4e3a, 0x51c7, 0x4d0e,
	0x9a, 0x44, 0x61, 0x7a, 0x6b, 0x74, 0x73, 0x74);

/* VARIABLE_STORE_HEADER */
struct store {
	guid signature;
	uint32_t size;
	uint8_t format, state;
	uint16_t reserved;
	uint32_t reserved1;
} __attribute__((packed));

/* AUTHENTICATED_VARIABLE_HEADER */
struct variable {
	uint16_t start;
	uint8_t state, reserved;
	uint32_t attributes;
	uint64_t monotonic;
	uint8_t timestamp[16];
	uint32_t key_index, name_size, data_size;
	guid vendor;
} __attribute__((packed));

/* EFI_SIGNATURE_LIST with its one EFI_SIGNATURE_DATA up to the certificate */
struct siglist {
	guid type;
	uint32_t list_size, header_size, signature_size;
	guid owner;
} __attribute__((packed));

static const struct {
	const char *name;
	const guid *vendor;
	uint32_t attributes;
} known[] = {
	{ "PK",		&global,	NV | BS | RT | AUTH },
	{ "KEK",	&global,	NV | BS | RT | AUTH },
	{ "db",		&database,	NV | BS | RT | AUTH },
	{ "MokList",	&shim,		NV | BS },
};

static uint8_t *at, *end;	/* where the next variable goes, and must not pass */

static void __attribute__((noreturn)) die(const char *what, const char *why)
{
	fprintf(stderr, "uefi-vars: %s: %s\n", what, why);
	exit(2);
}

static void add(const char *name, const guid *vendor, uint32_t attributes,
		const void *data, size_t size)
{
	/* a year the firmware takes for plausible; only order matters */
	static const uint8_t when[16] = { 2025 & 255, 2025 >> 8, 1, 1 };
	struct variable v = {
		.start = htole16(VARIABLE_START),
		.state = VARIABLE_ADDED,
		.attributes = htole32(attributes),
		.name_size = htole32(2 * (strlen(name) + 1)),
		.data_size = htole32(size),
		.vendor = *vendor,
	};
	size_t total = sizeof(v) + 2 * (strlen(name) + 1) + size, i;

	if (attributes & AUTH)
		memcpy(v.timestamp, when, sizeof(when));
	if ((size_t)(end - at) < total + 4)
		die(name, "the store is full");
	memcpy(at, &v, sizeof(v));
	at += sizeof(v);
	for (i = 0; i <= strlen(name); i++) {
		*at++ = name[i];
		*at++ = 0;
	}
	memcpy(at, data, size);
	at += size;
	/* headers start at multiples of 4; what is between stays erased */
	at += -total & 3;
}

static size_t append_cert(uint8_t *to, size_t room, const char *path)
{
	static uint8_t cert[MAX_CERT];
	struct siglist l = { .type = x509, .owner = owner };
	FILE *f = fopen(path, "rb");
	size_t n;

	if (!f)
		die(path, strerror(errno));
	n = fread(cert, 1, sizeof(cert), f);
	fclose(f);
	/* DER: a SEQUENCE with its length in two bytes */
	if (n < 64 || n == sizeof(cert) || cert[0] != 0x30 || cert[1] != 0x82)
		die(path, "no certificate in DER form");
	if (room < sizeof(l) + n)
		die(path, "too many certificates");
	l.signature_size = htole32(sizeof(l.owner) + n);
	l.list_size = htole32(sizeof(l) + n);
	memcpy(to, &l, sizeof(l));
	memcpy(to + sizeof(l), cert, n);
	return sizeof(l) + n;
}

static void enrol(char *arg)
{
	static const uint8_t one = 1;
	static uint8_t lists[8 * MAX_CERT];
	char *files = strchr(arg, '='), *file, *save = NULL;
	size_t used = 0, i;

	if (!files)
		die(arg, "not of the form NAME=FILE");
	*files++ = '\0';
	for (file = strtok_r(files, ",", &save); file;
	     file = strtok_r(NULL, ",", &save))
		used += append_cert(lists + used, sizeof(lists) - used, file);
	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (!strcmp(arg, known[i].name))
			break;
	if (i == sizeof(known) / sizeof(known[0]))
		die(arg, "not PK, KEK, db or MokList");
	add(arg, known[i].vendor, known[i].attributes, lists, used);
	if (!strcmp(arg, "PK"))
		add("SecureBootEnable", &enable, NV | BS, &one, 1);
}

int main(int argc, char **argv)
{
	const size_t fv_signature = 40, fv_header_length = 48;
	static uint8_t image[1 << 20];
	struct store s;
	size_t size, header;
	uint16_t word;
	FILE *f;
	int i;

	if (argc < 4) {
		fprintf(stderr, "usage: uefi-vars TEMPLATE OUT NAME=FILE.der[,FILE.der...] ...\n");
		return 2;
	}
	f = fopen(argv[1], "rb");
	if (!f)
		die(argv[1], strerror(errno));
	size = fread(image, 1, sizeof(image), f);
	fclose(f);
	if (size < 4096 || size == sizeof(image) ||
	    memcmp(image + fv_signature, "_FVH", 4))
		die(argv[1], "no firmware volume");
	memcpy(&word, image + fv_header_length, 2);
	header = le16toh(word);
	if (header > size - sizeof(s))
		die(argv[1], "damaged header");
	memcpy(&s, image + header, sizeof(s));
	if (memcmp(&s.signature, &authenticated, sizeof(guid)) ||
	    le32toh(s.size) > size - header)
		die(argv[1], "no store of authenticated variables");
	at = image + header + sizeof(s);
	end = image + header + le32toh(s.size);
	if (at[0] != 0xff || at[1] != 0xff)
		die(argv[1], "holds variables already");

	for (i = 3; i < argc; i++)
		enrol(argv[i]);

	f = fopen(argv[2], "wb");
	if (!f)
		die(argv[2], strerror(errno));
	if (fwrite(image, 1, size, f) != size || fclose(f))
		die(argv[2], "cannot write it whole");
	return 0;
}
