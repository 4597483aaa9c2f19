// SPDX-License-Identifier: GPL-2.0-only
/* ethtool's ioctls, as far as they concern this driver. */
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net.h"

static int call(const char *name, void *data)
{
	struct ifreq ifr = { .ifr_data = data };
	int fd, ret;

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	ret = ioctl(fd, SIOCETHTOOL, &ifr) < 0 ? -errno : 0;
	close(fd);
	return ret;
}

int eth_driver(const char *name, char *driver, size_t size)
{
	struct ethtool_drvinfo info = { .cmd = ETHTOOL_GDRVINFO };
	int ret = call(name, &info);

	if (!ret)
		snprintf(driver, size, "%s", info.driver);
	return ret;
}

int eth_get_channels(const char *name, unsigned int *now, unsigned int *max)
{
	struct ethtool_channels c = { .cmd = ETHTOOL_GCHANNELS };
	int ret = call(name, &c);

	*now = c.combined_count;
	*max = c.max_combined;
	return ret;
}

int eth_set_channels(const char *name, unsigned int n)
{
	struct ethtool_channels c = { .cmd = ETHTOOL_GCHANNELS };
	int ret = call(name, &c);

	if (ret)
		return ret;
	c.cmd = ETHTOOL_SCHANNELS;
	c.combined_count = n;
	return call(name, &c);
}

int eth_get_rings(const char *name, unsigned int *rx, unsigned int *tx)
{
	struct ethtool_ringparam r = { .cmd = ETHTOOL_GRINGPARAM };
	int ret = call(name, &r);

	*rx = r.rx_pending;
	*tx = r.tx_pending;
	return ret;
}

int eth_set_rings(const char *name, unsigned int rx, unsigned int tx)
{
	struct ethtool_ringparam r = { .cmd = ETHTOOL_GRINGPARAM };
	int ret = call(name, &r);

	if (ret)
		return ret;
	r.cmd = ETHTOOL_SRINGPARAM;
	r.rx_pending = rx;
	r.tx_pending = tx;
	return call(name, &r);
}

int eth_speed(const char *name, unsigned int *mbit)
{
	struct {
		struct ethtool_link_settings s;
		__u32 masks[3 * 127];
	} l = { .s.cmd = ETHTOOL_GLINKSETTINGS };
	int ret = call(name, &l);

	if (ret)
		return ret;
	l.s.link_mode_masks_nwords = -l.s.link_mode_masks_nwords;
	ret = call(name, &l);
	*mbit = l.s.speed;
	return ret;
}

int eth_set_value(const char *name, unsigned int what, unsigned int value)
{
	struct ethtool_value v = { .cmd = what, .data = value };

	return call(name, &v);
}

int eth_get_value(const char *name, unsigned int what, unsigned int *value)
{
	struct ethtool_value v = { .cmd = what };
	int ret = call(name, &v);

	*value = v.data;
	return ret;
}

long long eth_counter(const char *name, const char *counter)
{
	struct {
		struct ethtool_sset_info i;
		__u32 count;
	} sset = { .i.cmd = ETHTOOL_GSSET_INFO, .i.sset_mask = 1ULL << ETH_SS_STATS };
	struct ethtool_gstrings *names;
	struct ethtool_stats *stats;
	long long value = -1;

	if (call(name, &sset) || !sset.i.sset_mask)
		return -1;
	names = calloc(1, sizeof(*names) + sset.count * ETH_GSTRING_LEN);
	stats = calloc(1, sizeof(*stats) + sset.count * sizeof(__u64));
	if (names && stats) {
		names->cmd = ETHTOOL_GSTRINGS;
		names->string_set = ETH_SS_STATS;
		names->len = sset.count;
		stats->cmd = ETHTOOL_GSTATS;
		stats->n_stats = sset.count;
		if (!call(name, names) && !call(name, stats)) {
			for (unsigned int i = 0; i < sset.count; i++) {
				if (!strncmp((char *)names->data + i * ETH_GSTRING_LEN, counter,
					     ETH_GSTRING_LEN))
					value = stats->data[i];
			}
		}
	}
	free(names);
	free(stats);
	return value;
}

long long eth_queue_packets(const char *name, const char *dir, int q)
{
	char counter[ETH_GSTRING_LEN];

	snprintf(counter, sizeof(counter), "%s_queue_%d_packets", dir, q);
	return eth_counter(name, counter);
}

/* The structure with table and key; NULL with errno set. */
static struct ethtool_rxfh *get_rxfh(const char *name)
{
	struct ethtool_rxfh sizes = { .cmd = ETHTOOL_GRSSH }, *r;
	int ret = call(name, &sizes);

	if (!ret) {
		r = calloc(1, sizeof(*r) + sizes.indir_size * sizeof(__u32) + sizes.key_size);
		if (r) {
			*r = sizes;
			ret = call(name, r);
			if (!ret)
				return r;
			free(r);
		}
	}
	errno = ret ? -ret : ENOMEM;
	return NULL;
}

int eth_steer(const char *name, int queue)
{
	struct ethtool_rxfh *r = get_rxfh(name);
	int ret;

	if (!r)
		return -errno;
	for (unsigned int i = 0; i < r->indir_size; i++)
		r->rss_config[i] = queue;
	if (queue < 0)
		r->indir_size = 0;	/* back to the driver's choice */
	r->cmd = ETHTOOL_SRSSH;
	r->key_size = 0;
	r->hfunc = 0;
	ret = call(name, r);
	free(r);
	return ret;
}

int eth_get_key(const char *name, uint8_t *key, unsigned int *size)
{
	struct ethtool_rxfh *r = get_rxfh(name);

	if (!r)
		return -errno;
	*size = r->key_size > 256 ? 256 : r->key_size;
	memcpy(key, &r->rss_config[r->indir_size], *size);
	free(r);
	return 0;
}

int eth_set_key(const char *name, const uint8_t *key, unsigned int size)
{
	struct ethtool_rxfh *r = get_rxfh(name);
	int ret;

	if (!r)
		return -errno;
	if (r->key_size != size) {
		free(r);
		return -EINVAL;
	}
	memcpy(r->rss_config, key, size);
	r->indir_size = ETH_RXFH_INDIR_NO_CHANGE;
	r->cmd = ETHTOOL_SRSSH;
	r->hfunc = 0;
	ret = call(name, r);
	free(r);
	return ret;
}
