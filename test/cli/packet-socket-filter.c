// Attaches a classic program, as tcpdump -ddd prints it, to a packet socket and shows what comes through, one line of
// hexadecimal digits for each frame with its tag back in place. Knows nothing of pktf.
//   packet-socket-filter INTERFACE < program
#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static volatile sig_atomic_t ending;

static void end(int signal) { ending = 1; }

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static struct sock_fprog read_program(void) {
  unsigned count, code, jt, jf, k;
  if (scanf("%u", &count) != 1 || count == 0 || count > BPF_MAXINSNS) exit(2);
  struct sock_filter *filter = calloc(count, sizeof *filter);
  for (unsigned i = 0; i < count; i++) {
    if (scanf("%u %u %u %u", &code, &jt, &jf, &k) != 4) exit(2);
    filter[i] = (struct sock_filter){code, jt, jf, k};
  }
  return (struct sock_fprog){count, filter};
}

static void show(const uint8_t *bytes, size_t length) {
  for (size_t i = 0; i < length; i++) printf("%02x", bytes[i]);
}

static void show_frame(const uint8_t *frame, size_t length, const struct tpacket_auxdata *extra) {
  if (extra == NULL || !(extra->tp_status & TP_STATUS_VLAN_VALID) || length < 12) {
    show(frame, length);
  } else {
    uint16_t type = extra->tp_status & TP_STATUS_VLAN_TPID_VALID ? extra->tp_vlan_tpid : 0x8100;
    uint16_t tag[2] = {htons(type), htons(extra->tp_vlan_tci)};
    show(frame, 12);
    show((uint8_t *)tag, 4);
    show(frame + 12, length - 12);
  }
  putchar('\n');
}

static int receive(int descriptor) {
  static uint8_t frame[1 << 16];
  char control[CMSG_SPACE(sizeof(struct tpacket_auxdata))];
  struct iovec data = {frame, sizeof frame};
  struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  ssize_t length = recvmsg(descriptor, &message, ending ? MSG_DONTWAIT : 0);
  if (length < 0) {
    if (errno == EINTR) return 1;
    if (errno == EAGAIN) return 0;
    fail("recvmsg");
  }
  struct cmsghdr *extra = CMSG_FIRSTHDR(&message);
  show_frame(frame, length, extra == NULL ? NULL : (struct tpacket_auxdata *)CMSG_DATA(extra));
  return 1;
}

int main(int count, char **words) {
  struct sock_fprog program = read_program();
  int descriptor = socket(AF_PACKET, SOCK_RAW, 0), on = 1, room = 4 << 20;
  if (count != 2 || descriptor < 0) fail("socket");
  if (setsockopt(descriptor, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program)) fail("SO_ATTACH_FILTER");
  if (setsockopt(descriptor, SOL_PACKET, PACKET_AUXDATA, &on, sizeof on)) fail("PACKET_AUXDATA");
  if (setsockopt(descriptor, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof on)) fail("PACKET_IGNORE_OUTGOING");
  setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
  struct packet_mreq promiscuous = {.mr_ifindex = if_nametoindex(words[1]), .mr_type = PACKET_MR_PROMISC};
  if (setsockopt(descriptor, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &promiscuous, sizeof promiscuous)) fail("promiscuous");
  struct sockaddr_ll address = {
      .sll_family = AF_PACKET, .sll_protocol = htons(0x0003), .sll_ifindex = if_nametoindex(words[1])};
  if (bind(descriptor, (struct sockaddr *)&address, sizeof address)) fail("bind");

  // Without SA_RESTART: a receive that waits is interrupted, and what has arrived is taken without waiting.
  struct sigaction action = {.sa_handler = end};
  sigaction(SIGTERM, &action, NULL);
  puts("ready");
  fflush(stdout);
  while (receive(descriptor)) continue;
  return 0;
}
