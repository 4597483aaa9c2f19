// SPDX-License-Identifier: GPL-2.0-only
/*
 * Stands for a module that somebody else builds against our kernel and signs
 * with his own key. It uses an exported symbol, so that one built against
 * another kernel would not load.
 */
#include <linux/module.h>
#include <linux/workqueue.h>

static void say_so(struct work_struct *work)
{
	pr_info("customer: loaded\n");
}

static DECLARE_WORK(work, say_so);

static int __init customer_init(void)
{
	schedule_work(&work);
	return 0;
}

static void __exit customer_exit(void)
{
	cancel_work_sync(&work);
}

module_init(customer_init);
module_exit(customer_exit);
MODULE_DESCRIPTION("out-of-tree module of the signature tests");
MODULE_LICENSE("GPL");
