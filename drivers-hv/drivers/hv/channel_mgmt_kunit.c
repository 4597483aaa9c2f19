// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit suite for the choice of a channel's CPU, included at the end of
 * channel_mgmt.c.
 *
 * The tests use the CPUs and NUMA nodes the kernel runs on. The cases about
 * nodes need two of them, the case about offline housekeeping CPUs needs a
 * CPU that is possible but not online; where those are missing they are
 * skipped, saying so.
 */

#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/kthread.h>
#include <linux/sched/task.h>
#include <linux/slab.h>

/*
 * CPU time the choice of a CPU cannot need. Generous, since the time a busy
 * host takes away from an emulated CPU counts.
 */
#define VP_BUDGET_NS	(5ULL * NSEC_PER_SEC)
/* Wall clock limit, for a machine too busy to run the thread. */
#define VP_WAIT_MS	60000

/*
 * Allocated apart from the test's managed memory: a thread that cannot be
 * stopped must not see it freed.
 */
struct vp_ctx {
	struct vmbus_channel *chan;
	int first_node;
	struct completion done;
	struct cpumask hk;
	struct cpumask numa_map[];
};

struct vp_fixture {
	struct vp_ctx *ctx;
	bool lost;
};

/*
 * Choose a CPU for @chan against the test's own allocation map, and leave the
 * driver's state as it was: there may be a real VMBus underneath.
 */
static void vp_choose(struct vp_ctx *ctx, struct vmbus_channel *chan)
{
	struct cpumask *map;
	int node;

	cpus_read_lock();
	mutex_lock(&vmbus_connection.channel_mutex);
	map = hv_context.hv_numa_map;
	node = next_numa_node_id;
	hv_context.hv_numa_map = ctx->numa_map;
	next_numa_node_id = ctx->first_node;

	__init_vp_index(chan, &ctx->hk);

	ctx->first_node = next_numa_node_id;
	next_numa_node_id = node;
	hv_context.hv_numa_map = map;
	mutex_unlock(&vmbus_connection.channel_mutex);
	cpus_read_unlock();
}

static int vp_thread(void *arg)
{
	struct vp_ctx *ctx = arg;

	vp_choose(ctx, ctx->chan);
	complete(&ctx->done);

	return 0;
}

/* Choose in a thread with a bounded amount of CPU time. */
static void vp_choose_bounded(struct kunit *test, struct vmbus_channel *chan)
{
	struct vp_fixture *f = test->priv;
	struct vp_ctx *ctx = f->ctx;
	struct task_struct *task;
	unsigned long deadline;
	bool ended;

	ctx->chan = chan;
	init_completion(&ctx->done);
	task = kthread_create(vp_thread, ctx, "vp-index");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, task);
	get_task_struct(task);

	wake_up_process(task);
	deadline = jiffies + msecs_to_jiffies(VP_WAIT_MS);
	do {
		ended = wait_for_completion_timeout(&ctx->done,
						    msecs_to_jiffies(20));
	} while (!ended && time_before(jiffies, deadline) &&
		 READ_ONCE(task->se.sum_exec_runtime) < VP_BUDGET_NS);

	if (!ended) {
		/* It waits for a CPU that can never come; let one come. */
		cpumask_copy(&ctx->hk, cpu_online_mask);
		f->lost = !wait_for_completion_timeout(&ctx->done,
						       msecs_to_jiffies(VP_WAIT_MS));
	}
	put_task_struct(task);

	KUNIT_ASSERT_TRUE_MSG(test, ended, "init_vp_index() does not end%s",
			      f->lost ? " and could not be stopped" : "");
}

static struct vmbus_channel *vp_channel(struct kunit *test, u16 device_id)
{
	struct vmbus_channel *chan;

	/* leaked with the fixture if a thread is lost in it */
	chan = kzalloc(sizeof(*chan), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, chan);
	INIT_LIST_HEAD(&chan->sc_list);
	chan->device_id = device_id;
	chan->target_cpu = U32_MAX;

	return chan;
}

/* The node after @node which has online CPUs, or MAX_NUMNODES. */
static int vp_next_node(int node)
{
	for (node++; node < nr_node_ids; node++)
		if (!cpumask_empty(cpumask_of_node(node)))
			return node;

	return MAX_NUMNODES;
}

static bool vp_nodes_are_equal(void)
{
	int node = vp_next_node(-1);
	unsigned int n = cpumask_weight(cpumask_of_node(node));

	while ((node = vp_next_node(node)) < MAX_NUMNODES)
		if (cpumask_weight(cpumask_of_node(node)) != n)
			return false;

	return true;
}

static void vp_slow_channel_takes_connect_cpu(struct kunit *test)
{
	struct vp_fixture *f = test->priv;
	struct vmbus_channel *chan = vp_channel(test, HV_SHUTDOWN);

	vp_choose(f->ctx, chan);
	KUNIT_EXPECT_EQ(test, chan->target_cpu, VMBUS_CONNECT_CPU);
	KUNIT_EXPECT_TRUE(test, cpumask_empty(&f->ctx->numa_map[0]));
	kfree(chan);
}

static void vp_empty_housekeeping_takes_connect_cpu(struct kunit *test)
{
	struct vp_fixture *f = test->priv;
	struct vmbus_channel *chan = vp_channel(test, HV_NIC);

	cpumask_clear(&f->ctx->hk);
	vp_choose(f->ctx, chan);
	KUNIT_EXPECT_EQ(test, chan->target_cpu, VMBUS_CONNECT_CPU);
	KUNIT_EXPECT_TRUE(test,
			  cpumask_test_cpu(VMBUS_CONNECT_CPU,
					   &f->ctx->numa_map[cpu_to_node(VMBUS_CONNECT_CPU)]));
	kfree(chan);
}

static void vp_every_cpu_gets_a_channel(struct kunit *test)
{
	struct vp_fixture *f = test->priv;
	struct vmbus_channel *chan;
	struct cpumask *seen;
	int i, ncpu = num_online_cpus();

	if (!vp_nodes_are_equal())
		kunit_skip(test, "nodes of different size");

	seen = kunit_kzalloc(test, sizeof(*seen), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, seen);
	for (i = 0; i < ncpu; i++) {
		chan = vp_channel(test, HV_SCSI);
		vp_choose(f->ctx, chan);
		KUNIT_ASSERT_TRUE(test, cpu_online(chan->target_cpu));
		KUNIT_EXPECT_FALSE(test, cpumask_test_and_set_cpu(chan->target_cpu, seen));
		kfree(chan);
	}

	/* the round after that starts again with a CPU already used */
	chan = vp_channel(test, HV_SCSI);
	vp_choose(f->ctx, chan);
	KUNIT_EXPECT_TRUE(test, cpumask_test_cpu(chan->target_cpu, seen));
	kfree(chan);
}

static void vp_nodes_take_turns(struct kunit *test)
{
	struct vp_fixture *f = test->priv;
	int node, first = vp_next_node(-1);
	struct vmbus_channel *chan;

	if (vp_next_node(first) == MAX_NUMNODES)
		kunit_skip(test, "needs two NUMA nodes with CPUs");

	for (node = first; node < MAX_NUMNODES; node = vp_next_node(node)) {
		chan = vp_channel(test, HV_NIC);
		vp_choose(f->ctx, chan);
		KUNIT_EXPECT_EQ(test, cpu_to_node(chan->target_cpu), node);
		kfree(chan);
	}
	chan = vp_channel(test, HV_NIC);
	vp_choose(f->ctx, chan);
	KUNIT_EXPECT_EQ(test, cpu_to_node(chan->target_cpu), first);
	kfree(chan);
}

/* One housekeeping CPU a node: nothing lands on an isolated one. */
static void vp_isolated_cpus_are_left_alone(struct kunit *test)
{
	struct vp_fixture *f = test->priv;
	struct vmbus_channel *chan;
	int i, node;

	cpumask_clear(&f->ctx->hk);
	for (node = vp_next_node(-1); node < MAX_NUMNODES; node = vp_next_node(node))
		cpumask_set_cpu(cpumask_last(cpumask_of_node(node)), &f->ctx->hk);

	for (i = 0; i < 2 * num_online_cpus(); i++) {
		chan = vp_channel(test, HV_NIC);
		vp_choose(f->ctx, chan);
		KUNIT_EXPECT_TRUE(test, cpumask_test_cpu(chan->target_cpu, &f->ctx->hk));
		kfree(chan);
	}
}

static void vp_subchannels_avoid_each_other(struct kunit *test)
{
	struct vp_fixture *f = test->priv;
	struct vmbus_channel *primary, *sc, *tmp;
	int i, ncpu = num_online_cpus();
	struct cpumask *seen;

	if (!vp_nodes_are_equal())
		kunit_skip(test, "nodes of different size");

	seen = kunit_kzalloc(test, sizeof(*seen), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, seen);
	primary = vp_channel(test, HV_NIC);
	vp_choose(f->ctx, primary);
	cpumask_set_cpu(primary->target_cpu, seen);

	for (i = 1; i < ncpu; i++) {
		sc = vp_channel(test, HV_NIC);
		sc->primary_channel = primary;
		sc->offermsg.offer.sub_channel_index = i;
		list_add_tail(&sc->sc_list, &primary->sc_list);
		vp_choose(f->ctx, sc);
		KUNIT_EXPECT_FALSE(test, cpumask_test_and_set_cpu(sc->target_cpu, seen));
	}

	list_for_each_entry_safe(sc, tmp, &primary->sc_list, sc_list)
		kfree(sc);
	kfree(primary);
}

/* isolcpus=managed_irq with all CPUs of a node in it */
static void vp_node_without_housekeeping(struct kunit *test)
{
	struct vp_fixture *f = test->priv;
	int i, second, first = vp_next_node(-1);
	struct vmbus_channel *chan;

	second = vp_next_node(first);
	if (second == MAX_NUMNODES)
		kunit_skip(test, "needs two NUMA nodes with CPUs");

	cpumask_copy(&f->ctx->hk, cpumask_of_node(first));
	f->ctx->first_node = second;
	for (i = 0; i < 3; i++) {
		chan = vp_channel(test, HV_NIC);
		vp_choose_bounded(test, chan);
		KUNIT_EXPECT_TRUE(test, cpumask_test_cpu(chan->target_cpu, &f->ctx->hk));
		kfree(chan);
	}
}

/* All housekeeping CPUs were taken offline later. */
static void vp_housekeeping_offline(struct kunit *test)
{
	struct vp_fixture *f = test->priv;
	struct vmbus_channel *chan;

	cpumask_andnot(&f->ctx->hk, cpu_possible_mask, cpu_online_mask);
	if (cpumask_empty(&f->ctx->hk))
		kunit_skip(test, "needs a CPU that is possible and not online");

	chan = vp_channel(test, HV_NIC);
	vp_choose_bounded(test, chan);
	KUNIT_EXPECT_EQ(test, chan->target_cpu, VMBUS_CONNECT_CPU);
	kfree(chan);
}

static int vp_init(struct kunit *test)
{
	struct vp_fixture *f;

	f = kunit_kzalloc(test, sizeof(*f), GFP_KERNEL);
	if (!f)
		return -ENOMEM;
	f->ctx = kzalloc(struct_size(f->ctx, numa_map, nr_node_ids), GFP_KERNEL);
	if (!f->ctx)
		return -ENOMEM;
	cpumask_copy(&f->ctx->hk, cpu_online_mask);
	test->priv = f;

	return 0;
}

static void vp_exit(struct kunit *test)
{
	struct vp_fixture *f = test->priv;

	if (f && !f->lost)
		kfree(f->ctx);
}

static struct kunit_case vp_cases[] = {
	KUNIT_CASE(vp_slow_channel_takes_connect_cpu),
	KUNIT_CASE(vp_empty_housekeeping_takes_connect_cpu),
	KUNIT_CASE(vp_every_cpu_gets_a_channel),
	KUNIT_CASE(vp_nodes_take_turns),
	KUNIT_CASE(vp_isolated_cpus_are_left_alone),
	KUNIT_CASE(vp_subchannels_avoid_each_other),
	KUNIT_CASE(vp_node_without_housekeeping),
	KUNIT_CASE(vp_housekeeping_offline),
	{}
};

static struct kunit_suite vp_suite = {
	.name = "hyperv_vp_index",
	.init = vp_init,
	.exit = vp_exit,
	.test_cases = vp_cases,
};

kunit_test_suite(vp_suite);
