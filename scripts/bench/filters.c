/*
 * What a C programmer would write for eleven filters, each with the meaning that the filter language gives it: a
 * baseline for `npm run bench -- code`. Built with clang -O2 -target bpf -mcpu=v3; a match is dropped, the rest passed.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

typedef __u8 *bytes;

#define U16(p) (*(__u16 *)(p))
#define U32(p) (*(__u32 *)(p))
#define U64(p) (*(__u64 *)(p))

#define START(c)                                   \
	bytes data = (bytes)(long)(c)->data;           \
	bytes end = (bytes)(long)(c)->data_end;        \
	if (data + 14 > end) return XDP_PASS;          \
	__u16 type = U16(data + 12)
#define NEED(p, n) if ((p) + (n) > end) return XDP_PASS
#define VERDICT(matches) return (matches) ? XDP_DROP : XDP_PASS
#define IPV4 bpf_htons(ETH_P_IP)
#define IPV6 bpf_htons(ETH_P_IPV6)
#define LATER_FRAGMENT bpf_htons(0x1fff)
#define ICMPV6 58
#define FRAGMENT_HEADER 44

SEC("xdp.frags") int empty(struct xdp_md *c)
{
	return XDP_PASS;
}

/* The ports of an IPv4 packet's first fragment or of an IPv6 packet, of one transport protocol; 0: there are none. */
static __always_inline bytes ports_of(bytes data, bytes end, __u16 type, __u8 protocol)
{
	if (type == IPV4) {
		if (data + 34 > end || data[23] != protocol || (U16(data + 20) & LATER_FRAGMENT)) return 0;
		bytes ports = data + 14 + (data[14] & 15) * 4;
		return ports + 4 > end ? 0 : ports;
	}
	if (type != IPV6 || data + 58 > end || data[20] != protocol) return 0;
	return data + 54;
}

static __always_inline int tcp_port_22(struct xdp_md *c)
{
	START(c);
	bytes ports = ports_of(data, end, type, IPPROTO_TCP);
	if (!ports) return XDP_PASS;
	VERDICT(U16(ports) == bpf_htons(22) || U16(ports + 2) == bpf_htons(22));
}

SEC("xdp.frags") int f_tcp_port_22(struct xdp_md *c)
{
	return tcp_port_22(c);
}

struct count {
	__u64 packets, bytes;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, struct count);
} counters SEC(".maps");

/* Counts the bytes that are directly readable, which for packets in one buffer are all. */
SEC("xdp.frags") int f_tcp_port_22_counted(struct xdp_md *c)
{
	int verdict = tcp_port_22(c);
	__u32 index = verdict == XDP_DROP;
	struct count *count = bpf_map_lookup_elem(&counters, &index);
	if (count) {
		count->packets++;
		count->bytes += c->data_end - c->data;
	}
	return verdict;
}

SEC("xdp.frags") int f_udp_port_53(struct xdp_md *c)
{
	START(c);
	bytes ports = ports_of(data, end, type, IPPROTO_UDP);
	if (!ports) return XDP_PASS;
	VERDICT(U16(ports) == bpf_htons(53) || U16(ports + 2) == bpf_htons(53));
}

SEC("xdp.frags") int f_icmp_or_icmp6(struct xdp_md *c)
{
	START(c);
	if (type == IPV4) {
		NEED(data, 24);
		VERDICT(data[23] == IPPROTO_ICMP);
	}
	if (type != IPV6) return XDP_PASS;
	NEED(data, 21);
	if (data[20] == ICMPV6) return XDP_DROP;
	NEED(data, 55);
	VERDICT(data[20] == FRAGMENT_HEADER && data[54] == ICMPV6);
}

SEC("xdp.frags") int f_src_net(struct xdp_md *c)
{
	START(c);
	if (type == IPV4) {
		NEED(data, 30);
		VERDICT((U32(data + 26) & bpf_htonl(0xff000000)) == bpf_htonl(0x0a000000));
	}
	if (type != bpf_htons(ETH_P_ARP) && type != bpf_htons(ETH_P_RARP)) return XDP_PASS;
	NEED(data, 32);
	VERDICT((U32(data + 28) & bpf_htonl(0xff000000)) == bpf_htonl(0x0a000000));
}

SEC("xdp.frags") int f_host(struct xdp_md *c)
{
	const __u32 wanted = bpf_htonl(0x0a000002);
	START(c);
	if (type == IPV4) {
		NEED(data, 34);
		VERDICT(U32(data + 26) == wanted || U32(data + 30) == wanted);
	}
	if (type != bpf_htons(ETH_P_ARP) && type != bpf_htons(ETH_P_RARP)) return XDP_PASS;
	NEED(data, 42);
	VERDICT(U32(data + 28) == wanted || U32(data + 38) == wanted);
}

SEC("xdp.frags") int f_dst_host_ipv6(struct xdp_md *c)
{
	START(c);
	if (type != IPV6) return XDP_PASS;
	NEED(data, 54);
	VERDICT(U32(data + 38) == bpf_htonl(0x20010db8) && U32(data + 42) == 0 && U32(data + 46) == 0 &&
	        U32(data + 50) == bpf_htonl(2));
}

SEC("xdp.frags") int f_tcp_syn(struct xdp_md *c)
{
	START(c);
	if (type != IPV4) return XDP_PASS;
	NEED(data, 34);
	if (data[23] != IPPROTO_TCP || (U16(data + 20) & LATER_FRAGMENT)) return XDP_PASS;
	bytes tcp = data + 14 + (data[14] & 15) * 4;
	NEED(tcp, 14);
	VERDICT((tcp[13] & 3) != 0);
}

SEC("xdp.frags") int f_portrange(struct xdp_md *c)
{
	START(c);
	bytes ports = ports_of(data, end, type, IPPROTO_TCP);
	if (!ports) return XDP_PASS;
	__u16 source = bpf_ntohs(U16(ports)), destination = bpf_ntohs(U16(ports + 2));
	VERDICT((source >= 8000 && source <= 8080) || (destination >= 8000 && destination <= 8080));
}

SEC("xdp.frags") int f_vlan_7(struct xdp_md *c)
{
	START(c);
	if (type != bpf_htons(0x8100) && type != bpf_htons(0x88a8) && type != bpf_htons(0x9100)) return XDP_PASS;
	NEED(data, 16);
	VERDICT((U16(data + 14) & bpf_htons(0xfff)) == bpf_htons(7));
}

SEC("xdp.frags") int f_broadcast_arp(struct xdp_md *c)
{
	START(c);
	if (U32(data) != 0xffffffff || U16(data + 4) != 0xffff) return XDP_PASS;
	VERDICT(type == bpf_htons(ETH_P_ARP));
}

SEC("xdp.frags") int f_dst_web(struct xdp_md *c)
{
	START(c);
	bytes ports = ports_of(data, end, type, IPPROTO_TCP);
	if (!ports) return XDP_PASS;
	__u16 port = U16(ports + 2);
	VERDICT(port == bpf_htons(80) || port == bpf_htons(443) || port == bpf_htons(8080));
}

char _license[] SEC("license") = "Dual MIT/GPL";
