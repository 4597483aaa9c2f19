#include <linux/module.h>
#include <linux/slab.h>

static int limit = 16;
static int depth = 4;

static int alpha_probe(struct dev *d)
{
	int ret;

	ret = alpha_map(d);
	if (ret)
		return ret;
	ret = alpha_irq(d);
	if (ret)
		goto unmap;
	return 0;

unmap:
	alpha_unmap(d);
	return ret;
}

static int beta_probe(struct dev *d)
{
	int ret;

	ret = beta_map(d);
	if (ret)
		return ret;
	ret = beta_irq(d);
	if (ret)
		goto unmap;
	return 0;

unmap:
	beta_unmap(d);
	return ret;
}

static void gamma_send(struct dev *d, int n)
{
	spin_lock(&d->lock);
	d->sent += n;
	gamma_kick(d);
	spin_unlock(&d->lock);
}

static void gamma_stop(struct dev *d)
{
	spin_lock(&d->lock);
	d->stopped = 1;
	gamma_kick(d);
	spin_unlock(&d->lock);
}

static void delta_reset(struct dev *d)
{
	delta_mask(d);
	delta_quiesce(d);
	delta_flush(d);
	delta_clear(d);
	delta_unmask(d);
}

module_init(all_init);
MODULE_LICENSE("GPL");
