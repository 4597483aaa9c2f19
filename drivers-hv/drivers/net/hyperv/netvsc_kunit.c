// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit suite for netvsc's send sections and requestor size, included at the
 * end of netvsc.c.
 */

#include <kunit/test.h>

#define SECTIONS_TEST_CNT	170	/* as many as a default send buffer has */

static struct netvsc_device *section_dev(struct kunit *test, u32 cnt)
{
	struct netvsc_device *nvdev;

	nvdev = kunit_kzalloc(test, sizeof(*nvdev), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, nvdev);
	nvdev->send_section_map = kunit_kcalloc(test, BITS_TO_LONGS(cnt),
						sizeof(long), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, nvdev->send_section_map);
	nvdev->send_section_cnt = cnt;

	return nvdev;
}

static void sections_are_distinct(struct kunit *test)
{
	struct netvsc_device *nvdev = section_dev(test, SECTIONS_TEST_CNT);
	DECLARE_BITMAP(seen, SECTIONS_TEST_CNT) = {};
	u32 i, idx;

	for (i = 0; i < SECTIONS_TEST_CNT; i++) {
		idx = netvsc_get_next_send_section(nvdev);
		KUNIT_ASSERT_LT(test, idx, SECTIONS_TEST_CNT);
		KUNIT_ASSERT_FALSE(test, test_and_set_bit(idx, seen));
	}
	KUNIT_EXPECT_TRUE(test, bitmap_full(seen, SECTIONS_TEST_CNT));
}

/* The map has room for more bits than there are sections. */
static void sections_run_out(struct kunit *test)
{
	struct netvsc_device *nvdev = section_dev(test, BITS_PER_LONG + 1);
	u32 i;

	for (i = 0; i < BITS_PER_LONG + 1; i++)
		netvsc_get_next_send_section(nvdev);

	KUNIT_EXPECT_EQ(test, netvsc_get_next_send_section(nvdev),
			(u32)NETVSC_INVALID_INDEX);
	/* and failing must not have marked anything behind the last one */
	KUNIT_EXPECT_EQ(test, bitmap_weight(nvdev->send_section_map,
					    2 * BITS_PER_LONG),
			BITS_PER_LONG + 1);
}

static void sections_freed_are_reused(struct kunit *test)
{
	struct netvsc_device *nvdev = section_dev(test, SECTIONS_TEST_CNT);
	u32 i;

	for (i = 0; i < SECTIONS_TEST_CNT; i++)
		netvsc_get_next_send_section(nvdev);

	netvsc_free_send_slot(nvdev, 77);
	KUNIT_EXPECT_EQ(test, netvsc_get_next_send_section(nvdev), 77);
	KUNIT_EXPECT_EQ(test, netvsc_get_next_send_section(nvdev),
			(u32)NETVSC_INVALID_INDEX);
}

static void sections_none(struct kunit *test)
{
	struct netvsc_device *nvdev = section_dev(test, 1);

	nvdev->send_section_cnt = 0;
	KUNIT_EXPECT_EQ(test, netvsc_get_next_send_section(nvdev),
			(u32)NETVSC_INVALID_INDEX);
	KUNIT_EXPECT_EQ(test, nvdev->send_section_map[0], 0);
}

/*
 * An id is in use from the moment a message is written until its completion
 * was read. Both rings full of the smallest messages need the most of them.
 */
static void rqstor_covers_full_rings(struct kunit *test)
{
	static const unsigned long sizes[] = { SZ_16K, SZ_512K, SZ_2M };
	unsigned long out, in;
	int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		out = sizes[i] / (sizeof(struct vmpacket_descriptor) +
				  sizeof(struct nvsp_message));
		in = sizes[i] / sizeof(struct vmpacket_descriptor);
		KUNIT_EXPECT_EQ(test, netvsc_rqstor_size(sizes[i]), out + in);
	}
}

static void rqstor_grows_with_ring(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, netvsc_rqstor_size(0), 0);
	KUNIT_EXPECT_LT(test, netvsc_rqstor_size(SZ_64K),
			netvsc_rqstor_size(SZ_128K));
}

static struct kunit_case netvsc_cases[] = {
	KUNIT_CASE(sections_are_distinct),
	KUNIT_CASE(sections_run_out),
	KUNIT_CASE(sections_freed_are_reused),
	KUNIT_CASE(sections_none),
	KUNIT_CASE(rqstor_covers_full_rings),
	KUNIT_CASE(rqstor_grows_with_ring),
	{}
};

static struct kunit_suite netvsc_suite = {
	.name = "hyperv_netvsc",
	.test_cases = netvsc_cases,
};

kunit_test_suite(netvsc_suite);
