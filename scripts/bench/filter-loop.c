// Times libpcap's bpf_filter over the packets of a little-endian pcap file in memory: filter-loop FILE FILTER ROUNDS.
// Prints the matches, then nanoseconds per packet, a line for each round.
#include <fcntl.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>

int main(int argc, char **argv) {
  struct bpf_program program;
  struct stat facts;
  if (argc != 4) return 2;
  int file = open(argv[1], O_RDONLY);
  if (file < 0 || fstat(file, &facts) != 0) return 1;
  const u_char *bytes = mmap(NULL, facts.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, file, 0);
  pcap_t *dead = pcap_open_dead(DLT_EN10MB, 262144);
  if (bytes == MAP_FAILED || pcap_compile(dead, &program, argv[2], 1, PCAP_NETMASK_UNKNOWN) != 0) return 1;
  for (int round = 0; round < atoi(argv[3]); round++) {
    struct timespec start, end;
    unsigned long packets = 0, matches = 0;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &start);
    for (const u_char *at = bytes + 24; at + 16 <= bytes + facts.st_size; packets++) {
      const bpf_u_int32 *lengths = (const bpf_u_int32 *)(at + 8);
      matches += bpf_filter(program.bf_insns, at + 16, lengths[1], lengths[0]) != 0;
      at += 16 + lengths[0];
    }
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
    if (round == 0) printf("%lu\n", matches);
    printf("%f\n", ((end.tv_sec - start.tv_sec) * 1e9 + (end.tv_nsec - start.tv_nsec)) / packets);
  }
  return 0;
}
