// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit suite for the parsing of per-packet information (PPI), included at
 * the end of rndis_filter.c.
 *
 * The host writes what rndis_get_ppi() walks, and the function ran in softirq
 * context for ever on some of it. Every malformed walk therefore runs in a
 * thread of its own. One that has logged more errors than there are records is
 * looping: the record it is stuck on is then made good in place, so that the
 * walk ends and the remaining tests still run. Counting errors, not time, keeps
 * the verdict independent of how busy the machine is.
 */

#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/etherdevice.h>
#include <linux/kmsg_dump.h>
#include <linux/kthread.h>
#include <linux/printk.h>

/* More errors than any walk here has records. */
#define PPI_WALK_ERRORS_MAX	8
/* Where errors cannot be counted, and for a machine too busy to get there. */
#define PPI_WALK_WAIT_MS	60000
#define PPI_HEAL_WAIT_MS	60000

/* A type no record in these tests has. */
#define PPI_TYPE_NONE		0x7fff

#define PPI_HDR_SIZE		sizeof(struct rndis_per_packet_info)
#define PPI_AREA_MAX		256

/*
 * One walk. Allocated apart from the test's managed memory: a thread that
 * cannot be stopped must not see it freed.
 */
struct ppi_walk {
	struct net_device *ndev;
	u32 rpkt_len;
	u32 type;
	u8 internal;
	u32 ppi_size;
	void *ret;
	struct completion done;
	/* What the host sent, and the driver's private copy of it. */
	u8 host[RNDIS_HEADER_SIZE + sizeof(struct rndis_packet) + PPI_AREA_MAX]
		__aligned(8);
	u8 copy[sizeof(struct rndis_packet) + PPI_AREA_MAX] __aligned(8);
};

struct ppi_fixture {
	struct ppi_walk *w;
	u32 ppi_len;
	/* A walk that never ended still uses the fixture. */
	bool lost;
};

static struct rndis_packet *ppi_host_pkt(struct ppi_walk *w)
{
	return (struct rndis_packet *)(w->host + RNDIS_HEADER_SIZE);
}

/* Where record data ends up in the driver's copy, @off into the PPI area. */
static void *ppi_copy_at(struct ppi_walk *w, u32 off)
{
	return w->copy + sizeof(struct rndis_packet) + off;
}

/* Append a record with the given, possibly wrong, header; returns its offset. */
static u32 ppi_add(struct ppi_fixture *f, u32 type, u8 internal, u32 size,
		   u32 ppi_offset, u32 value)
{
	u8 *area = f->w->host + RNDIS_HEADER_SIZE + sizeof(struct rndis_packet);
	struct rndis_per_packet_info *ppi;
	u32 off = f->ppi_len;

	ppi = (struct rndis_per_packet_info *)(area + off);
	ppi->size = size;
	ppi->type = type;
	ppi->internal = internal;
	ppi->ppi_offset = ppi_offset;
	memcpy(area + off + PPI_HDR_SIZE, &value, sizeof(value));
	f->ppi_len += PPI_HDR_SIZE + sizeof(value);

	return off;
}

static u32 ppi_add_good(struct ppi_fixture *f, u32 type, u8 internal, u32 value)
{
	return ppi_add(f, type, internal, PPI_HDR_SIZE + sizeof(value),
		       PPI_HDR_SIZE, value);
}

/* Fill in the packet header the way a host does once all records are there. */
static void ppi_finish(struct ppi_fixture *f)
{
	struct rndis_packet *pkt = ppi_host_pkt(f->w);

	pkt->per_pkt_info_offset = sizeof(*pkt);
	pkt->per_pkt_info_len = f->ppi_len;
	f->w->rpkt_len = sizeof(*pkt) + f->ppi_len;
}

static void *ppi_get(struct ppi_walk *w, u32 type, u8 internal, u32 ppi_size)
{
	/* rndis_filter_receive_data() copies the header before it looks up */
	memcpy(w->copy, ppi_host_pkt(w), sizeof(struct rndis_packet));

	return rndis_get_ppi(w->ndev, (struct rndis_packet *)w->copy,
			     w->rpkt_len, type, internal, ppi_size, w->host);
}

static int ppi_walk_thread(void *arg)
{
	struct ppi_walk *w = arg;

	w->ret = ppi_get(w, w->type, w->internal, w->ppi_size);
	complete(&w->done);

	return 0;
}

/*
 * A loop over a bad record logs an error each round. Slow logging down while
 * such a walk runs, or the console is busy with it for minutes.
 */
static void ppi_set_printk_delay(int msec)
{
#if defined(CONFIG_PRINTK) && !defined(MODULE)
	printk_delay_msec = msec;
#endif
}

/* How many errors about records were logged since @iter was here last. */
static int ppi_errors(struct kmsg_dump_iter *iter)
{
	char line[128];
	size_t len;
	int n = 0;

	while (kmsg_dump_get_line(iter, false, line, sizeof(line) - 1, &len)) {
		line[len] = '\0';
		if (strstr(line, "Invalid ppi"))
			n++;
	}

	return n;
}

/* Make the record at @off the last one, well formed and of another type. */
static void ppi_heal(struct ppi_fixture *f, u32 off)
{
	struct rndis_per_packet_info *ppi = ppi_copy_at(f->w, off);

	ppi->type = PPI_TYPE_NONE;
	WRITE_ONCE(ppi->ppi_offset, PPI_HDR_SIZE);
	WRITE_ONCE(ppi->size, f->ppi_len - off);
}

/*
 * Look up @type in a list whose record at @bad_off is malformed. The walk has
 * to end by itself, and end with nothing.
 */
static void ppi_expect_rejected(struct kunit *test, u32 type, u32 ppi_size,
				u32 bad_off)
{
	struct ppi_fixture *f = test->priv;
	struct ppi_walk *w = f->w;
	struct kmsg_dump_iter iter;
	struct task_struct *task;
	unsigned long deadline;
	int errors = 0;
	bool ended;

	ppi_finish(f);
	w->type = type;
	w->internal = 0;
	w->ppi_size = ppi_size;
	init_completion(&w->done);

	task = kthread_create(ppi_walk_thread, w, "ppi-walk");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, task);

	kmsg_dump_rewind(&iter);
	ppi_errors(&iter);
	ppi_set_printk_delay(20);
	wake_up_process(task);
	deadline = jiffies + msecs_to_jiffies(PPI_WALK_WAIT_MS);
	do {
		ended = wait_for_completion_timeout(&w->done,
						    msecs_to_jiffies(20));
		errors += ppi_errors(&iter);
	} while (!ended && time_before(jiffies, deadline) &&
		 errors <= PPI_WALK_ERRORS_MAX);

	if (!ended) {
		ppi_heal(f, bad_off);
		f->lost = !wait_for_completion_timeout(&w->done,
						       msecs_to_jiffies(PPI_HEAL_WAIT_MS));
	}
	ppi_set_printk_delay(0);

	KUNIT_EXPECT_TRUE_MSG(test, ended, "rndis_get_ppi() does not end");
	KUNIT_ASSERT_FALSE_MSG(test, f->lost, "and could not be stopped");
	KUNIT_EXPECT_NULL(test, w->ret);
}

static void ppi_valid_single(struct kunit *test)
{
	struct ppi_fixture *f = test->priv;
	u32 off, *val;

	off = ppi_add_good(f, IEEE_8021Q_INFO, 0, 0x1234);
	ppi_finish(f);

	val = ppi_get(f->w, IEEE_8021Q_INFO, 0, sizeof(*val));
	KUNIT_ASSERT_PTR_EQ(test, (void *)val,
			    ppi_copy_at(f->w, off + PPI_HDR_SIZE));
	KUNIT_EXPECT_EQ(test, *val, 0x1234);
}

static void ppi_valid_finds_each_of_many(struct kunit *test)
{
	static const u32 types[] = {
		IEEE_8021Q_INFO, TCPIP_CHKSUM_PKTINFO, NBL_HASH_VALUE,
	};
	struct ppi_fixture *f = test->priv;
	u32 *val;
	int i;

	for (i = 0; i < ARRAY_SIZE(types); i++)
		ppi_add_good(f, types[i], 0, 0x100 + i);
	ppi_add_good(f, RNDIS_PKTINFO_ID, 1, 0x200);
	ppi_finish(f);

	for (i = 0; i < ARRAY_SIZE(types); i++) {
		val = ppi_get(f->w, types[i], 0, sizeof(*val));
		KUNIT_ASSERT_NOT_NULL(test, val);
		KUNIT_EXPECT_EQ(test, *val, 0x100 + i);
	}
	val = ppi_get(f->w, RNDIS_PKTINFO_ID, 1, sizeof(*val));
	KUNIT_ASSERT_NOT_NULL(test, val);
	KUNIT_EXPECT_EQ(test, *val, 0x200);

	KUNIT_EXPECT_NULL(test, ppi_get(f->w, TCP_LARGESEND_PKTINFO, 0, 4));
}

/* Internal and NDIS types share numbers; the flag tells them apart. */
static void ppi_valid_internal_flag_counts(struct kunit *test)
{
	struct ppi_fixture *f = test->priv;
	u32 *val;

	ppi_add_good(f, RNDIS_PKTINFO_ID, 0, 1);
	ppi_add_good(f, RNDIS_PKTINFO_ID, 1, 2);
	ppi_finish(f);

	val = ppi_get(f->w, RNDIS_PKTINFO_ID, 1, sizeof(*val));
	KUNIT_ASSERT_NOT_NULL(test, val);
	KUNIT_EXPECT_EQ(test, *val, 2);
	val = ppi_get(f->w, RNDIS_PKTINFO_ID, 0, sizeof(*val));
	KUNIT_ASSERT_NOT_NULL(test, val);
	KUNIT_EXPECT_EQ(test, *val, 1);
}

/* What stands before a malformed record is still found. */
static void ppi_valid_before_malformed(struct kunit *test)
{
	struct ppi_fixture *f = test->priv;
	u32 *val;

	ppi_add_good(f, TCPIP_CHKSUM_PKTINFO, 0, 7);
	ppi_add(f, NBL_HASH_VALUE, 0, 0, 0, 0);
	ppi_finish(f);

	val = ppi_get(f->w, TCPIP_CHKSUM_PKTINFO, 0, sizeof(*val));
	KUNIT_ASSERT_NOT_NULL(test, val);
	KUNIT_EXPECT_EQ(test, *val, 7);
}

static void ppi_none_present(struct kunit *test)
{
	struct ppi_fixture *f = test->priv;

	ppi_finish(f);
	ppi_host_pkt(f->w)->per_pkt_info_offset = 0;

	KUNIT_EXPECT_NULL(test, ppi_get(f->w, IEEE_8021Q_INFO, 0, 4));
}

static void ppi_area_out_of_bounds(struct kunit *test)
{
	struct ppi_fixture *f = test->priv;
	struct rndis_packet *pkt = ppi_host_pkt(f->w);

	ppi_add_good(f, IEEE_8021Q_INFO, 0, 1);
	ppi_finish(f);

	pkt->per_pkt_info_offset = sizeof(*pkt) - 4;
	KUNIT_EXPECT_NULL(test, ppi_get(f->w, IEEE_8021Q_INFO, 0, 4));
	pkt->per_pkt_info_offset = f->w->rpkt_len + 4;
	KUNIT_EXPECT_NULL(test, ppi_get(f->w, IEEE_8021Q_INFO, 0, 4));

	pkt->per_pkt_info_offset = sizeof(*pkt);
	pkt->per_pkt_info_len = PPI_HDR_SIZE - 4;
	KUNIT_EXPECT_NULL(test, ppi_get(f->w, IEEE_8021Q_INFO, 0, 4));
	pkt->per_pkt_info_len = f->ppi_len + 4;
	KUNIT_EXPECT_NULL(test, ppi_get(f->w, IEEE_8021Q_INFO, 0, 4));
}

static void ppi_size_beyond_area(struct kunit *test)
{
	u32 off = ppi_add(test->priv, IEEE_8021Q_INFO, 0, 4096, PPI_HDR_SIZE, 1);

	ppi_expect_rejected(test, IEEE_8021Q_INFO, sizeof(u32), off);
}

static void ppi_size_zero(struct kunit *test)
{
	u32 off = ppi_add(test->priv, IEEE_8021Q_INFO, 0, 0, 0, 1);

	ppi_expect_rejected(test, IEEE_8021Q_INFO, sizeof(u32), off);
}

static void ppi_offset_beyond_record(struct kunit *test)
{
	u32 off = ppi_add(test->priv, IEEE_8021Q_INFO, 0, PPI_HDR_SIZE + 4,
			  PPI_HDR_SIZE + 4, 1);

	ppi_expect_rejected(test, IEEE_8021Q_INFO, sizeof(u32), off);
}

static void ppi_too_small_for_type(struct kunit *test)
{
	u32 off = ppi_add_good(test->priv, IEEE_8021Q_INFO, 0, 1);

	ppi_expect_rejected(test, IEEE_8021Q_INFO, 2 * sizeof(u32), off);
}

/* A good record first: the loop has to end wherever the bad one stands. */
static void ppi_malformed_after_valid(struct kunit *test)
{
	u32 off;

	ppi_add_good(test->priv, TCPIP_CHKSUM_PKTINFO, 0, 1);
	off = ppi_add(test->priv, NBL_HASH_VALUE, 0, 4096, PPI_HDR_SIZE, 1);

	ppi_expect_rejected(test, IEEE_8021Q_INFO, sizeof(u32), off);
}

/* Data that would overlap the record's own header. */
static void ppi_offset_inside_header(struct kunit *test)
{
	struct ppi_fixture *f = test->priv;

	ppi_add(f, IEEE_8021Q_INFO, 0, PPI_HDR_SIZE + 4, 4, 1);
	ppi_finish(f);
	KUNIT_EXPECT_NULL(test, ppi_get(f->w, IEEE_8021Q_INFO, 0, 4));
}

/* The next record would start at an address its fields may not have. */
static void ppi_size_unaligned(struct kunit *test)
{
	struct ppi_fixture *f = test->priv;

	ppi_add(f, TCPIP_CHKSUM_PKTINFO, 0, PPI_HDR_SIZE + 2, PPI_HDR_SIZE, 1);
	ppi_add_good(f, IEEE_8021Q_INFO, 0, 1);
	ppi_finish(f);
	KUNIT_EXPECT_NULL(test, ppi_get(f->w, TCPIP_CHKSUM_PKTINFO, 0, 2));
}

/*
 * The area ends in the middle of a record's header. What follows it in the
 * driver's buffer is left from an earlier packet, not part of this one.
 */
static void ppi_area_ends_in_header(struct kunit *test)
{
	struct ppi_fixture *f = test->priv;
	struct rndis_per_packet_info *stale;
	u32 off;

	ppi_add_good(f, NBL_HASH_VALUE, 0, 1);
	off = ppi_add(f, IEEE_8021Q_INFO, 0, 8, 0, 0);
	f->ppi_len = off + offsetof(struct rndis_per_packet_info, ppi_offset);
	ppi_finish(f);
	stale = ppi_copy_at(f->w, off);
	stale->ppi_offset = 4;

	KUNIT_EXPECT_NULL(test, ppi_get(f->w, IEEE_8021Q_INFO, 0, 4));
}

static int ppi_init(struct kunit *test)
{
	struct ppi_fixture *f;

	f = kunit_kzalloc(test, sizeof(*f), GFP_KERNEL);
	if (!f)
		return -ENOMEM;

	f->w = kzalloc(sizeof(*f->w), GFP_KERNEL);
	if (!f->w)
		return -ENOMEM;

	f->w->ndev = alloc_etherdev(sizeof(struct net_device_context));
	if (!f->w->ndev) {
		kfree(f->w);
		return -ENOMEM;
	}
	test->priv = f;

	return 0;
}

static void ppi_exit(struct kunit *test)
{
	struct ppi_fixture *f = test->priv;

	if (!f || f->lost)
		return;

	free_netdev(f->w->ndev);
	kfree(f->w);
}

static struct kunit_case ppi_cases[] = {
	KUNIT_CASE(ppi_valid_single),
	KUNIT_CASE(ppi_valid_finds_each_of_many),
	KUNIT_CASE(ppi_valid_internal_flag_counts),
	KUNIT_CASE(ppi_valid_before_malformed),
	KUNIT_CASE(ppi_none_present),
	KUNIT_CASE(ppi_area_out_of_bounds),
	KUNIT_CASE(ppi_size_beyond_area),
	KUNIT_CASE(ppi_size_zero),
	KUNIT_CASE(ppi_offset_beyond_record),
	KUNIT_CASE(ppi_too_small_for_type),
	KUNIT_CASE(ppi_malformed_after_valid),
	KUNIT_CASE(ppi_offset_inside_header),
	KUNIT_CASE(ppi_size_unaligned),
	KUNIT_CASE(ppi_area_ends_in_header),
	{}
};

static struct kunit_suite ppi_suite = {
	.name = "hyperv_rndis_ppi",
	.init = ppi_init,
	.exit = ppi_exit,
	.test_cases = ppi_cases,
};

kunit_test_suite(ppi_suite);
