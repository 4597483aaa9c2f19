/*
 * Hyper-V synthetic network adapter: Ethernet frames
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/units.h"
#include "net/checksum.h"
#include "net/eth.h"
#include "hv-net.h"

/* Find the upper-layer header behind the IPv6 extension headers. */
static uint32_t skip_ipv6_extensions(const uint8_t *buf, uint32_t end,
                                     uint32_t off, uint8_t *proto)
{
    while (off + 8 <= end) {
        switch (*proto) {
        case IP6_HOP_BY_HOP:
        case IP6_ROUTING:
        case IP6_DESTINATON:
            *proto = buf[off];
            off += (buf[off + 1] + 1) * 8;
            break;
        case IP6_FRAGMENT:
            *proto = 0;         /* nothing behind it can be relied on */
            return off;
        default:
            return off;
        }
    }
    return off;
}

void hv_net_parse(const uint8_t *buf, uint32_t len, bool big, HvNetFrame *f)
{
    uint32_t l3 = ETH_HLEN, l4, hdr;
    uint8_t proto;

    *f = (HvNetFrame) { .end = len };
    if (len < ETH_HLEN) {
        return;
    }
    switch (lduw_be_p(buf + 12)) {
    case ETH_P_IP:
        if (len < l3 + 20 || buf[l3] >> 4 != 4) {
            return;
        }
        l4 = l3 + (buf[l3] & 15) * 4;
        if (l4 < l3 + 20 || l4 > len) {
            return;
        }
        if (!big) {
            f->end = l3 + lduw_be_p(buf + l3 + 2);
            if (f->end < l4 || f->end > len) {
                f->end = len;
                return;
            }
        }
        f->version = 4;
        f->ip_ok = net_raw_checksum((uint8_t *)buf + l3, l4 - l3) == 0;
        proto = lduw_be_p(buf + l3 + 6) & 0x3fff ? 0 : buf[l3 + 9];
        break;
    case ETH_P_IPV6:
        if (len < l3 + 40 || buf[l3] >> 4 != 6) {
            return;
        }
        if (!big) {
            f->end = l3 + 40 + lduw_be_p(buf + l3 + 4);
            if (f->end > len) {
                f->end = len;
                return;
            }
        }
        f->version = 6;
        f->ip_ok = true;
        proto = buf[l3 + 6];
        l4 = skip_ipv6_extensions(buf, f->end, l3 + 40, &proto);
        break;
    default:
        return;
    }
    f->l3 = l3;

    switch (proto) {
    case IPPROTO_TCP:
        if (l4 + 20 > f->end) {
            return;
        }
        hdr = (buf[l4 + 12] >> 4) * 4;
        if (hdr < 20) {
            return;
        }
        break;
    case IPPROTO_UDP:
        hdr = 8;
        break;
    default:
        return;
    }
    if (l4 + hdr > f->end) {
        return;
    }
    f->proto = proto;
    f->l4 = l4;
    f->payload = l4 + hdr;
}

/* Sum over addresses, length and protocol, RFC 793 and RFC 8200 8.1 */
static uint32_t pseudo_header_sum(const uint8_t *buf, const HvNetFrame *f)
{
    uint32_t len = f->end - f->l4;
    uint32_t sum = f->proto + (len >> 16) + (len & 0xffff);

    if (f->version == 4) {
        return sum + net_checksum_add(8, (uint8_t *)buf + f->l3 + 12);
    }
    return sum + net_checksum_add(32, (uint8_t *)buf + f->l3 + 8);
}

static uint16_t csum_offset(const HvNetFrame *f)
{
    return f->l4 + (f->proto == IPPROTO_TCP ? 16 : 6);
}

uint16_t hv_net_l4_checksum(const uint8_t *buf, const HvNetFrame *f)
{
    uint16_t field = lduw_be_p(buf + csum_offset(f));
    uint32_t sum = pseudo_header_sum(buf, f);

    sum += net_checksum_add(f->end - f->l4, (uint8_t *)buf + f->l4);
    sum += (uint16_t)~field;
    return net_checksum_finish(sum);
}

bool hv_net_l4_checksum_ok(const uint8_t *buf, const HvNetFrame *f)
{
    uint32_t sum = pseudo_header_sum(buf, f);

    sum += net_checksum_add(f->end - f->l4, (uint8_t *)buf + f->l4);
    return net_checksum_finish(sum) == 0;
}

void hv_net_fix_l4_checksum(uint8_t *buf, const HvNetFrame *f)
{
    uint16_t sum;

    stw_be_p(buf + csum_offset(f), 0);
    sum = hv_net_l4_checksum(buf, f);
    if (f->proto == IPPROTO_UDP && !sum) {
        sum = 0xffff;           /* 0 would mean that there is none */
    }
    stw_be_p(buf + csum_offset(f), sum);
}

void hv_net_fix_ip_checksum(uint8_t *buf, const HvNetFrame *f)
{
    uint8_t *ip = buf + f->l3;

    if (f->version == 4) {
        stw_be_p(ip + 10, 0);
        stw_be_p(ip + 10, net_raw_checksum(ip, (ip[0] & 15) * 4));
    }
}

/*
 * The fields in the order in which NDIS hashes them: addresses, then ports,
 * source before destination ("RSS Hashing Types", Windows driver
 * documentation).
 */
bool hv_net_hash(const uint8_t *buf, const HvNetFrame *f, uint32_t hash_info,
                 const uint8_t *key, uint32_t *hash)
{
    uint32_t ip_type = f->version == 4 ? NDIS_HASH_IPV4 : NDIS_HASH_IPV6;
    uint32_t l4_type = 0, addr_len = f->version == 4 ? 8 : 32;
    uint8_t padded_key[NDIS_RSS_KEY_SIZE + 4] = { 0 };
    net_toeplitz_key k;
    uint8_t data[36];

    if (!f->version || !hash_info) {
        return false;
    }
    if (f->proto == IPPROTO_TCP) {
        l4_type = f->version == 4 ? NDIS_HASH_TCP_IPV4 : NDIS_HASH_TCP_IPV6;
    } else if (f->proto == IPPROTO_UDP) {
        l4_type = f->version == 4 ? NDIS_HASH_UDP_IPV4 : NDIS_HASH_UDP_IPV6;
    }
    if (!(hash_info & (ip_type | l4_type))) {
        return false;
    }

    memcpy(data, buf + f->l3 + (f->version == 4 ? 12 : 8), addr_len);
    if (hash_info & l4_type) {
        memcpy(data + addr_len, buf + f->l4, 4);
        addr_len += 4;
    }
    memcpy(padded_key, key, NDIS_RSS_KEY_SIZE);
    net_toeplitz_key_init(&k, padded_key);
    *hash = 0;
    net_toeplitz_add(hash, data, addr_len, &k);
    return true;
}
