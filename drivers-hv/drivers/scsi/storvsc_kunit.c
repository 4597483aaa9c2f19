// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit suite for storvsc's queue depths and choice of channel, included at
 * the end of storvsc_drv.c.
 */

#include <kunit/test.h>
#include <linux/sbitmap.h>
#include <linux/topology.h>

/* Requests a 128 KiB ring holds, near enough; the tests fix their own. */
#define STORVSC_TEST_REQS	119

struct storvsc_fixture {
	u32 saved_reqs;
	int saved_lowater;
};

static void storvsc_test_host_put(void *host)
{
	scsi_host_put(host);
}

static struct Scsi_Host *storvsc_test_host(struct kunit *test, int max_sub_channels)
{
	struct Scsi_Host *host = storvsc_host_alloc(max_sub_channels);

	KUNIT_ASSERT_NOT_NULL(test, host);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, storvsc_test_host_put,
							host), 0);
	return host;
}

static void storvsc_test_sdev_free(void *sdev)
{
	sbitmap_free(&((struct scsi_device *)sdev)->budget_map);
}

/* A disk on @host, as far as changing its queue depth looks at it. */
static struct scsi_device *storvsc_test_sdev(struct kunit *test,
					     struct Scsi_Host *host)
{
	struct scsi_device *sdev;

	sdev = kunit_kzalloc(test, sizeof(*sdev), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, sdev);
	sdev->host = host;
	sdev->queue_depth = 1;
	KUNIT_ASSERT_EQ(test, sbitmap_init_node(&sdev->budget_map, 4096, -1,
						GFP_KERNEL, NUMA_NO_NODE,
						false, true), 0);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, storvsc_test_sdev_free,
							sdev), 0);
	return sdev;
}

static void can_queue_of_one_channel(struct kunit *test)
{
	struct Scsi_Host *host = storvsc_test_host(test, 0);

	/* a tenth of the ring is kept free */
	KUNIT_EXPECT_EQ(test, host->can_queue, STORVSC_TEST_REQS * 90 / 100);
}

static void can_queue_grows_with_channels(struct kunit *test)
{
	struct Scsi_Host *host = storvsc_test_host(test, 15);

	KUNIT_EXPECT_EQ(test, host->can_queue, STORVSC_TEST_REQS * 16 * 90 / 100);
}

/* Hosts that exist side by side, whichever came first. */
static void can_queue_is_per_host(struct kunit *test)
{
	struct Scsi_Host *scsi = storvsc_test_host(test, 15);
	struct Scsi_Host *ide = storvsc_test_host(test, 0);
	struct Scsi_Host *scsi2 = storvsc_test_host(test, 7);

	KUNIT_EXPECT_EQ(test, scsi->can_queue, STORVSC_TEST_REQS * 16 * 90 / 100);
	KUNIT_EXPECT_EQ(test, ide->can_queue, STORVSC_TEST_REQS * 90 / 100);
	KUNIT_EXPECT_EQ(test, scsi2->can_queue, STORVSC_TEST_REQS * 8 * 90 / 100);
}

static void queue_depth_bounded_by_host(struct kunit *test)
{
	struct Scsi_Host *host = storvsc_test_host(test, 0);
	struct scsi_device *sdev = storvsc_test_sdev(test, host);

	KUNIT_EXPECT_EQ(test, storvsc_change_queue_depth(sdev, 64), 64);
	KUNIT_EXPECT_EQ(test, storvsc_change_queue_depth(sdev, 100000),
			host->can_queue);
	KUNIT_EXPECT_EQ(test, sdev->queue_depth, host->can_queue);
}

/* A controller probed later must not shrink the queues of this one. */
static void queue_depth_ignores_other_hosts(struct kunit *test)
{
	struct Scsi_Host *scsi = storvsc_test_host(test, 15);
	struct scsi_device *sdev = storvsc_test_sdev(test, scsi);

	storvsc_test_host(test, 0);

	KUNIT_EXPECT_EQ(test, storvsc_change_queue_depth(sdev, 1000), 1000);
	KUNIT_EXPECT_EQ(test, storvsc_change_queue_depth(sdev, 100000),
			scsi->can_queue);
}

struct og_fixture {
	struct storvsc_device *stor;
	struct vmbus_channel *primary;
};

/* A device with a sub-channel bound to each CPU in @cpus. */
static void og_setup(struct kunit *test, struct og_fixture *f,
		     const struct cpumask *cpus)
{
	struct vmbus_channel *chan;
	int cpu;

	f->stor = kunit_kzalloc(test, sizeof(*f->stor), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, f->stor);
	f->stor->device = kunit_kzalloc(test, sizeof(*f->stor->device), GFP_KERNEL);
	f->stor->stor_chns = kunit_kcalloc(test, nr_cpu_ids, sizeof(void *),
					   GFP_KERNEL);
	f->primary = kunit_kzalloc(test, sizeof(*f->primary), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, f->stor->device);
	KUNIT_ASSERT_NOT_NULL(test, f->stor->stor_chns);
	KUNIT_ASSERT_NOT_NULL(test, f->primary);
	f->stor->device->channel = f->primary;

	for_each_cpu(cpu, cpus) {
		chan = kunit_kzalloc(test, sizeof(*chan), GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, chan);
		chan->target_cpu = cpu;
		f->stor->stor_chns[cpu] = chan;
		cpumask_set_cpu(cpu, &f->stor->alloced_cpus);
		f->stor->num_sc++;
	}
}

static void channel_without_subchannels(struct kunit *test)
{
	struct og_fixture f;

	og_setup(test, &f, cpu_none_mask);
	KUNIT_EXPECT_PTR_EQ(test, get_og_chn(f.stor, 0), f.primary);
	KUNIT_EXPECT_PTR_EQ(test, f.stor->stor_chns[0], f.primary);
}

static void channel_of_own_cpu(struct kunit *test)
{
	struct og_fixture f;
	int cpu;

	og_setup(test, &f, cpu_online_mask);
	for_each_online_cpu(cpu)
		KUNIT_EXPECT_EQ(test, get_og_chn(f.stor, cpu)->target_cpu, cpu);
}

/* A CPU without a channel shares one of its node and remembers which. */
static void channel_of_same_node(struct kunit *test)
{
	const struct cpumask *node = cpumask_of_node(cpu_to_node(0));
	struct vmbus_channel *chan;
	struct og_fixture f;
	struct cpumask *cpus;
	int cpu = cpumask_last(node);

	if (cpumask_weight(node) < 2)
		kunit_skip(test, "needs a node with two CPUs");

	cpus = kunit_kzalloc(test, sizeof(*cpus), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, cpus);
	cpumask_copy(cpus, cpu_online_mask);
	cpumask_clear_cpu(cpu, cpus);
	og_setup(test, &f, cpus);

	chan = get_og_chn(f.stor, cpu);
	KUNIT_ASSERT_PTR_NE(test, chan, f.primary);
	KUNIT_EXPECT_EQ(test, cpu_to_node(chan->target_cpu), cpu_to_node(cpu));
	KUNIT_EXPECT_PTR_EQ(test, f.stor->stor_chns[cpu], chan);
}

/* No channel in the node: the primary one, not one far away. */
static void channel_of_other_node_not_taken(struct kunit *test)
{
	const struct cpumask *node = cpumask_of_node(cpu_to_node(0));
	struct og_fixture f;
	struct cpumask *cpus;

	cpus = kunit_kzalloc(test, sizeof(*cpus), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, cpus);
	if (!cpumask_andnot(cpus, cpu_online_mask, node))
		kunit_skip(test, "needs two NUMA nodes with CPUs");

	og_setup(test, &f, cpus);
	KUNIT_EXPECT_PTR_EQ(test, get_og_chn(f.stor, 0), f.primary);
}

static int storvsc_test_init(struct kunit *test)
{
	struct storvsc_fixture *f;

	f = kunit_kzalloc(test, sizeof(*f), GFP_KERNEL);
	if (!f)
		return -ENOMEM;
	f->saved_reqs = max_outstanding_req_per_channel;
	f->saved_lowater = ring_avail_percent_lowater;
	max_outstanding_req_per_channel = STORVSC_TEST_REQS;
	ring_avail_percent_lowater = 10;
	test->priv = f;

	return 0;
}

static void storvsc_test_exit(struct kunit *test)
{
	struct storvsc_fixture *f = test->priv;

	if (!f)
		return;
	max_outstanding_req_per_channel = f->saved_reqs;
	ring_avail_percent_lowater = f->saved_lowater;
}

static struct kunit_case storvsc_cases[] = {
	KUNIT_CASE(can_queue_of_one_channel),
	KUNIT_CASE(can_queue_grows_with_channels),
	KUNIT_CASE(can_queue_is_per_host),
	KUNIT_CASE(queue_depth_bounded_by_host),
	KUNIT_CASE(queue_depth_ignores_other_hosts),
	KUNIT_CASE(channel_without_subchannels),
	KUNIT_CASE(channel_of_own_cpu),
	KUNIT_CASE(channel_of_same_node),
	KUNIT_CASE(channel_of_other_node_not_taken),
	{}
};

static struct kunit_suite storvsc_suite = {
	.name = "hyperv_storvsc",
	.init = storvsc_test_init,
	.exit = storvsc_test_exit,
	.test_cases = storvsc_cases,
};

kunit_test_suite(storvsc_suite);
