// Puts the compiled peer and what it imports into few files, dist/peer: finding, reading and running
// hundreds of modules is most of what a short command would do.
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const dist = fileURLToPath(new URL('../../dist', import.meta.url));
const compiled = join(dist, 'apps/peer/src');

/** Stay where npm put them: native code, and what oclif asks for in a developer's checkout only. */
const EXTERNAL = [/^@napi-rs\//, /^(ts-node|typescript)$/];

/** What oclif needs for help, for plugins and for errors of its own: left where oclif finds it. */
const FOR_HELP =
  /^(ansi-escapes|clean-stack|cli-spinners|ejs|indent-string|lilconfig|minimatch|semver|string-width|tinyglobby|widest-line|wordwrap|wrap-ansi)$/;

const REQUIRE = /^const (\w+) = (__importDefault\()?require\("((?!node:)[^"]+)"\)\)?;$/gm;
const DEFER =
  'const __defer = (load) => { let m; return new Proxy({}, { get: (_, key) => (m ??= load())[key] }); };';
const FROM_OCLIF = `import { createRequire } from 'node:module';
let fromOclif;
export const load = (name) => {
  fromOclif ??= createRequire(createRequire(import.meta.url).resolve('@oclif/core'));
  return fromOclif(name);
};`;

/** oclif's modules are loaded when something of them is used: its compiler's output names everything
 *  by way of the module, so that later is as good. */
const deferRequires = {
  name: 'defer-requires',
  resolveId: (id) => (id === 'virtual:from-oclif' ? id : undefined),
  load: (id) => (id === 'virtual:from-oclif' ? FROM_OCLIF : undefined),
  transform(code, id) {
    if (!id.includes('/@oclif/core/lib/')) return undefined;
    const deferred = code.replace(REQUIRE, (_all, name, wrap, from) => {
      const load = FOR_HELP.test(from) ? 'require("virtual:from-oclif").load' : 'require';
      const module = `${load}("${from}")`;
      return `const ${name} = __defer(() => ${wrap === undefined ? module : `${wrap}${module})`});`;
    });
    return `${DEFER}\n${deferred}`;
  },
};

const input = {
  program: join(compiled, 'cli/program.js'),
  'cli/command-not-found': join(compiled, 'cli/command-not-found.js'),
};
for (const file of await readdir(join(compiled, 'commands'))) {
  const [, name] = /^([\w-]+)\.js$/.exec(file) ?? [];
  if (name !== undefined) input[`commands/${name}`] = join(compiled, 'commands', file);
}
await rm(join(dist, 'peer'), { recursive: true, force: true });
const bundle = await rolldown({
  input,
  platform: 'node',
  external: EXTERNAL,
  plugins: [deferRequires],
});
await bundle.write({
  dir: join(dist, 'peer'),
  format: 'esm',
  // The names stay: they are what a stack trace is read for.
  minify: { compress: true, mangle: false, codegen: { removeWhitespace: true } },
  entryFileNames: '[name].js',
  chunkFileNames: 'shared/[name]-[hash].js',
});
await bundle.close();
