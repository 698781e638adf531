// The rival, bittorrent-tracker from npm, in a process of its own. The argument is its folder.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

interface AnnounceServer {
  readonly http: { address(): { port: number } };
  on(event: 'error', listener: (error: Error) => void): void;
  listen(port: number, host: string, whenListening: () => void): void;
}

const path = join(process.argv[2]!, 'server.js');
const { default: Rival } = (await import(pathToFileURL(path).href)) as {
  default: new (options: object) => AnnounceServer;
};
const server = new Rival({ udp: false, ws: false, http: true, stats: false });
server.on('error', (error) => void process.stderr.write(`${String(error)}\n`));
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`ready 127.0.0.1:${server.http.address().port}\n`);
});
