// webtorrent-peer ENTRY METAINFO FOLDER PORT 'offer'|'fetch and leave'|'fetch and stay'
// One WebTorrent client with one file: the tracker alone for discovery, TCP alone. Prints `complete`.
import { register } from 'node:module';
import { pathToFileURL } from 'node:url';

// WebRTC is for browsers and not used here; its native half cannot be had everywhere.
const NO_WEBRTC = `data:text/javascript,
  export const RTCPeerConnection = undefined;
  export const RTCSessionDescription = undefined;
  export const RTCIceCandidate = undefined;`;
const HOOKS = `
  export const resolve = (specifier, context, next) =>
    specifier === 'webrtc-polyfill'
      ? { url: ${JSON.stringify(NO_WEBRTC)}, shortCircuit: true }
      : next(specifier, context);`;
register(`data:text/javascript,${encodeURIComponent(HOOKS)}`);

const [entry, metainfoPath, path, port, job] = process.argv.slice(2);
const { default: Client } = await import(pathToFileURL(entry).href);
const client = new Client({
  dht: false,
  lsd: false,
  utp: false,
  natUpnp: false,
  natPmp: false,
  torrentPort: Number(port),
});
client.on('error', (error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exit(1);
});
const end = () => client.destroy(() => process.exit(0));
process.once('SIGTERM', end);
client.add(metainfoPath, { path }, (added) => {
  added.on('done', () => {
    if (job === 'offer') return;
    process.stdout.write('complete\n');
    if (job === 'fetch and leave') end();
  });
});
