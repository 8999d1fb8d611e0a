// Tells which packets of a capture match a filter:
//   node examples/count-matches.js traffic.pcap 'tcp port 22'
import { DiagnosticError, renderDiagnostic, replayFilter } from 'pktf';

const [capture = '', filter = ''] = process.argv.slice(2);

try {
  const { packets, matched } = await replayFilter([capture], filter, ({ number, length }) => {
    console.log(`packet ${number}: ${length} bytes`);
  });
  console.log(`${matched} of ${packets} packets match`);
} catch (error) {
  if (!(error instanceof DiagnosticError)) throw error;
  for (const diagnostic of error.diagnostics) console.error(renderDiagnostic(diagnostic));
  process.exitCode = 1;
}
