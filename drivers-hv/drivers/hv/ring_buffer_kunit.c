// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit suite for the layout of packets in a ring, included at the end of
 * ring_buffer.c. One ring is both written and read: what the driver puts in
 * for the host is what it would take out.
 */

#include <kunit/test.h>
#include <linux/gfp.h>

/* One header page and one of data: the smallest ring, so it wraps soon. */
#define RING_TEST_ORDER		1
#define RING_TEST_PAGES		2
#define RING_TEST_PKT_MAX	512

struct ring_fixture {
	struct vmbus_channel *chan;
	struct page *pages;
};

static u8 ring_test_byte(u32 seq, u32 i)
{
	return seq * 31 + i;
}

static int ring_put(struct ring_fixture *f, u32 seq, u32 len)
{
	struct {
		struct vmpacket_descriptor desc;
		u8 data[RING_TEST_PKT_MAX];
	} pkt = {};
	struct kvec vec = {
		.iov_base = &pkt,
		.iov_len = sizeof(pkt.desc) + len,
	};
	u32 i;

	pkt.desc.type = VM_PKT_DATA_INBAND;
	pkt.desc.offset8 = sizeof(pkt.desc) >> 3;
	pkt.desc.len8 = vec.iov_len >> 3;
	for (i = 0; i < len; i++)
		pkt.data[i] = ring_test_byte(seq, i);

	return hv_ringbuffer_write(f->chan, &vec, 1, seq, NULL);
}

static void ring_expect(struct kunit *test, u32 seq, u32 len)
{
	struct ring_fixture *f = test->priv;
	u8 buf[RING_TEST_PKT_MAX];
	u64 id;
	u32 i, got;

	KUNIT_ASSERT_EQ(test, hv_ringbuffer_read(f->chan, buf, sizeof(buf),
						 &got, &id, false), 0);
	KUNIT_ASSERT_EQ(test, got, len);
	KUNIT_EXPECT_EQ(test, id, seq);
	for (i = 0; i < len; i++)
		if (buf[i] != ring_test_byte(seq, i))
			break;
	KUNIT_EXPECT_EQ_MSG(test, i, len, "packet %u differs at byte %u", seq, i);
}

static void ring_copy_straight(struct kunit *test)
{
	struct ring_fixture *f = test->priv;
	struct hv_ring_buffer_info *ring = &f->chan->outbound;
	static const char text[] = "straight";

	KUNIT_EXPECT_EQ(test, hv_copyto_ringbuffer(ring, 40, text, sizeof(text)),
			40 + sizeof(text));
	KUNIT_EXPECT_MEMEQ(test, hv_get_ring_buffer(ring) + 40, text, sizeof(text));
}

static void ring_copy_up_to_the_end(struct kunit *test)
{
	struct ring_fixture *f = test->priv;
	struct hv_ring_buffer_info *ring = &f->chan->outbound;
	u64 v = 0x0123456789abcdefULL;

	KUNIT_EXPECT_EQ(test, hv_copyto_ringbuffer(ring, ring->ring_datasize - 8,
						   &v, 8), 0);
}

static void ring_copy_wraps(struct kunit *test)
{
	struct ring_fixture *f = test->priv;
	struct hv_ring_buffer_info *ring = &f->chan->outbound;
	static const char text[] = "tail-endhead-start-head";
	u32 at = ring->ring_datasize - 8;

	KUNIT_EXPECT_EQ(test, hv_copyto_ringbuffer(ring, at, text, 23), 15);
	KUNIT_EXPECT_MEMEQ(test, hv_get_ring_buffer(ring) + at, text, 8);
	/* the second mapping is the first one's start */
	KUNIT_EXPECT_MEMEQ(test, hv_get_ring_buffer(ring), text + 8, 15);
}

static void ring_availbytes(struct kunit *test)
{
	struct ring_fixture *f = test->priv;
	struct hv_ring_buffer_info *ring = &f->chan->outbound;
	u32 size = ring->ring_datasize;
	const struct {
		u32 read_idx, write_idx, to_read;
	} cases[] = {
		{ 0, 0, 0 },
		{ 64, 64, 0 },
		{ 0, size - 8, size - 8 },
		{ 64, 96, 32 },
		{ size - 8, 24, 32 },
		{ 8, 0, size - 8 },
	};
	u32 r, w;
	int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		ring->ring_buffer->read_index = cases[i].read_idx;
		ring->ring_buffer->write_index = cases[i].write_idx;
		hv_get_ringbuffer_availbytes(ring, &r, &w);
		KUNIT_EXPECT_EQ_MSG(test, r, cases[i].to_read, "case %d", i);
		KUNIT_EXPECT_EQ_MSG(test, r + w, size, "case %d", i);
	}
}

/* Lengths that put the wrap into descriptor, data and trailer in turn. */
static void ring_packets_survive_wrapping(struct kunit *test)
{
	u32 seq, len;

	for (seq = 1; seq < 400; seq++) {
		len = 8 + (seq % 61) * 8;
		KUNIT_ASSERT_EQ(test, ring_put(test->priv, seq, len), 0);
		ring_expect(test, seq, len);
	}
}

static void ring_keeps_order(struct kunit *test)
{
	u32 seq;

	for (seq = 1; seq <= 5; seq++)
		KUNIT_ASSERT_EQ(test, ring_put(test->priv, seq, 8 * seq), 0);
	for (seq = 1; seq <= 5; seq++)
		ring_expect(test, seq, 8 * seq);
}

static void ring_full_is_not_empty(struct kunit *test)
{
	struct ring_fixture *f = test->priv;
	u32 n = 0, r, w;
	int ret;

	do {
		ret = ring_put(f, n + 1, 104);
		n += !ret;
	} while (!ret && n < 10000);

	KUNIT_ASSERT_EQ(test, ret, -EAGAIN);
	/* header 16, data 104, trailer 8; one of them must not fit */
	KUNIT_EXPECT_EQ(test, n, (f->chan->outbound.ring_datasize - 1) / 128);
	hv_get_ringbuffer_availbytes(&f->chan->outbound, &r, &w);
	KUNIT_EXPECT_EQ(test, r, n * 128);
	KUNIT_EXPECT_EQ(test, f->chan->out_full_first, 1);

	ring_expect(test, 1, 104);
	KUNIT_EXPECT_EQ(test, ring_put(f, n + 1, 104), 0);
}

static void ring_empty_reads_nothing(struct kunit *test)
{
	struct ring_fixture *f = test->priv;
	u8 buf[16];
	u32 got = 1;
	u64 id;

	KUNIT_EXPECT_EQ(test, hv_ringbuffer_read(f->chan, buf, sizeof(buf), &got,
						 &id, false), 0);
	KUNIT_EXPECT_EQ(test, got, 0);
}

/* A host may write any length and offset; the copy has to be consistent. */
static void ring_host_lies_about_length(struct kunit *test)
{
	struct ring_fixture *f = test->priv;
	static const u16 lens[] = { 0, 1, 0x1000, 0xffff };
	struct vmpacket_descriptor *raw, *desc;
	u32 avail;
	int i;

	KUNIT_ASSERT_EQ(test, ring_put(f, 1, 64), 0);
	avail = sizeof(*raw) + 64 + VMBUS_PKT_TRAILER;
	raw = hv_get_ring_buffer(&f->chan->inbound);

	for (i = 0; i < ARRAY_SIZE(lens); i++) {
		raw->len8 = lens[i];
		raw->offset8 = 0xffff;
		desc = hv_pkt_iter_first(f->chan);
		KUNIT_ASSERT_NOT_NULL(test, desc);
		KUNIT_EXPECT_LE(test, desc->len8 << 3, avail);
		KUNIT_EXPECT_GE(test, desc->len8 << 3, sizeof(*desc));
		KUNIT_EXPECT_EQ(test, desc->offset8 << 3, sizeof(*desc));
	}
}

static int ring_init(struct kunit *test)
{
	struct ring_fixture *f;
	int ret;

	f = kunit_kzalloc(test, sizeof(*f), GFP_KERNEL);
	if (!f)
		return -ENOMEM;
	test->priv = f;
	f->chan = kunit_kzalloc(test, sizeof(*f->chan), GFP_KERNEL);
	f->pages = alloc_pages(GFP_KERNEL | __GFP_ZERO, RING_TEST_ORDER);
	if (!f->chan || !f->pages)
		return -ENOMEM;

	hv_ringbuffer_pre_init(f->chan);
	ret = hv_ringbuffer_init(&f->chan->outbound, f->pages, RING_TEST_PAGES, 0);
	if (ret)
		return ret;
	ret = hv_ringbuffer_init(&f->chan->inbound, f->pages, RING_TEST_PAGES,
				 2 * RING_TEST_PKT_MAX);
	if (ret)
		return ret;

	/* there is no host to signal */
	f->chan->outbound.ring_buffer->interrupt_mask = 1;

	return 0;
}

static void ring_exit(struct kunit *test)
{
	struct ring_fixture *f = test->priv;

	if (!f)
		return;
	if (f->chan) {
		hv_ringbuffer_cleanup(&f->chan->inbound);
		hv_ringbuffer_cleanup(&f->chan->outbound);
	}
	if (f->pages)
		__free_pages(f->pages, RING_TEST_ORDER);
}

static struct kunit_case ring_cases[] = {
	KUNIT_CASE(ring_copy_straight),
	KUNIT_CASE(ring_copy_up_to_the_end),
	KUNIT_CASE(ring_copy_wraps),
	KUNIT_CASE(ring_availbytes),
	KUNIT_CASE(ring_packets_survive_wrapping),
	KUNIT_CASE(ring_keeps_order),
	KUNIT_CASE(ring_full_is_not_empty),
	KUNIT_CASE(ring_empty_reads_nothing),
	KUNIT_CASE(ring_host_lies_about_length),
	{}
};

static struct kunit_suite ring_suite = {
	.name = "hyperv_ring_buffer",
	.init = ring_init,
	.exit = ring_exit,
	.test_cases = ring_cases,
};

kunit_test_suite(ring_suite);
