// Counts the packets of a port on an interface for a few seconds, dropping nothing:
//   sudo node examples/watch-port.js eth0 22
import { attachFilter, detachFilter, openKernel, readCounterReports } from 'pktf';

const [interfaceName = 'lo', port = '22', seconds = '3'] = process.argv.slice(2);

const kernel = await openKernel();
attachFilter(kernel, { interface: interfaceName, filter: `tcp port ${port}` });
try {
  await new Promise((resolve) => setTimeout(resolve, Number(seconds) * 1000));
  const [report] = readCounterReports(kernel, interfaceName);
  const seen = report?.rules.find((rule) => rule.name === 'match');
  console.log(`${seen?.packets ?? 0n} packets, ${seen?.bytes ?? 0n} bytes`);
} finally {
  detachFilter(kernel, { interface: interfaceName, hook: 'xdp' });
}
