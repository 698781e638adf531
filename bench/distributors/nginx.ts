import { writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { hasProgram } from '../harness/command.js';
import type { MeasuredProgram } from '../harness/measured-program.js';
import type { Stage } from '../harness/stage.js';
import type { Distribution, Distributor, Fetch, Place } from './distributor.js';

/** A plain download, by which the others are measured: nginx sends, curl writes. No tracker, no check
 *  of the content, one source. */
export const nginx: Distributor = {
  name: 'nginx-curl',
  async absence() {
    for (const name of ['nginx', 'curl']) if (!(await hasProgram(name))) return `no ${name}`;
    return undefined;
  },
  open: (stage, _, filePath) => Promise.resolve(new PlainDownload(stage, filePath)),
};

class PlainDownload implements Distribution {
  readonly tracker = undefined;
  private url = '';

  constructor(
    private readonly stage: Stage,
    private readonly filePath: string,
  ) {}

  async offer(place: Place): Promise<MeasuredProgram> {
    const { folder, address, port } = place;
    const configPath = join(folder, 'nginx.conf');
    await writeFile(configPath, configOf({ folder, address, port, root: dirname(this.filePath) }));
    const command = ['nginx', '-c', configPath, '-p', folder, '-e', join(folder, 'error.log')];
    const program = this.stage.start({ title: 'nginx', command, prefix: place.prefix });
    this.url = `http://${address}:${port}/${basename(this.filePath)}`;
    const wait = ['--silent', '--retry', '50', '--retry-connrefused', '--retry-delay', '0'];
    const ask = [...place.prefix, 'curl', ...wait, '--head', '--output', '/dev/null', this.url];
    await this.stage.start({ title: 'curl', command: ask }).succeeded();
    return program;
  }

  fetch(place: Place): Promise<Fetch> {
    const path = join(place.folder, 'copy.bin');
    const command = ['curl', '--silent', '--show-error', '--fail', '--output', path, this.url];
    const { prefix, folder } = place;
    const program = this.stage.start({ title: 'curl', command, prefix, cwd: folder });
    const completed = program
      .succeeded()
      .then(({ seconds }) => program.startedMs + seconds * 1_000);
    completed.catch(() => undefined);
    return Promise.resolve({ program, path, completed });
  }
}

function configOf(options: {
  folder: string;
  address: string;
  port: number;
  root: string;
}): string {
  const { folder, address, port, root } = options;
  return `
daemon off;
user root;
worker_processes 1;
pid ${folder}/nginx.pid;
events {}
http {
  access_log off;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  sendfile on;
  server {
    listen ${address}:${port};
    root ${root};
  }
}
`;
}
