// Loaded into a program under test (`node --import`) before any of its own code: writes down what
// the program does to the files below SHOAL_RECORD_ROOT, in order and with the bytes, one JSON
// object a line in SHOAL_RECORD_LOG. What takes time has a line when it begins and one when it has
// ended; what cannot be interrupted has one. disk-recording.ts reads it.
import { Buffer } from 'node:buffer';
import childProcess from 'node:child_process';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { promisify } from 'node:util';

const root = fs.realpathSync(process.env.SHOAL_RECORD_ROOT);
const original = { ...fs, promises: { ...fs.promises } };
const log = original.openSync(process.env.SHOAL_RECORD_LOG, 'a');
let nextId = 0;

const note = (line) => original.writeSync(log, `${JSON.stringify(line)}\n`);
const textOf = (path) => (path instanceof URL ? path.pathname : String(path));
const isBelow = (path) => path === root || path.startsWith(root + sep);

/** As the recording names it, its folder without symbolic links; undefined outside of the root. */
function pathOf(path) {
  const absolute = resolve(textOf(path));
  if (absolute === root) return absolute;
  try {
    const real = join(original.realpathSync(dirname(absolute)), basename(absolute));
    return isBelow(real) ? real : undefined;
  } catch {
    return undefined;
  }
}

const look = (path) => original.lstatSync(path, { bigint: true, throwIfNoEntry: false });

/** What is open behind a descriptor; undefined for what is not recorded. */
function opened(fd) {
  try {
    const path = original.readlinkSync(`/proc/self/fd/${fd}`).replace(/ \(deleted\)$/, '');
    if (!isBelow(path)) return undefined;
    const stats = original.fstatSync(fd, { bigint: true });
    return { path, inode: String(stats.ino), stats, isFolder: stats.isDirectory() };
  } catch {
    return undefined;
  }
}

const noteStamp = (stats) => {
  const mtimeNs = String(stats.mtimeNs);
  note({ did: 'looked', inode: String(stats.ino), mtimeNs });
};

/** Runs `open` and notes a file that it made or emptied. */
function whileOpening(path, flags, open) {
  const at = pathOf(path);
  const before = at === undefined ? undefined : look(at);
  const isToBeEmptied =
    typeof flags === 'number' ? (flags & fs.constants.O_TRUNC) !== 0 : /^w/.test(flags ?? 'r');
  const noteOpened = () => {
    if (at === undefined) return;
    const after = look(at);
    if (after === undefined || !after.isFile()) return;
    const inode = String(after.ino);
    if (before === undefined) note({ did: 'created', path: at, inode });
    else if (isToBeEmptied) note({ did: 'truncated', inode, sizeBytes: 0 });
  };
  const result = open();
  if (!(result instanceof Promise)) {
    noteOpened();
    return result;
  }
  return result.then((handle) => {
    noteOpened();
    return handle;
  });
}

/** Notes the beginning and the end of something that takes time. */
function during(line, work) {
  const id = nextId++;
  note({ ...line, id });
  const end = (outcome) => note({ did: 'ended', id, outcome });
  let result;
  try {
    result = work();
  } catch (error) {
    end('failed');
    throw error;
  }
  if (!(result instanceof Promise)) {
    end('done');
    return result;
  }
  return result.then(
    (value) => {
      end('done');
      return value;
    },
    (error) => {
      end('failed');
      throw error;
    },
  );
}

function writing(fd, bytes, offset, work) {
  const file = opened(fd);
  if (file === undefined) return work();
  const flags = original.readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8');
  const isAppending = (parseInt(/flags:\s*(\d+)/.exec(flags)[1], 8) & fs.constants.O_APPEND) !== 0;
  const at = isAppending ? Number(file.stats.size) : (offset ?? 0);
  const data = Buffer.from(bytes).toString('base64');
  return during({ did: 'write', inode: file.inode, offset: at, data }, work);
}

function syncing(fd, kind, work) {
  const file = opened(fd);
  if (file === undefined) return work();
  const { inode, path, isFolder } = file;
  const line = isFolder ? { did: 'syncFolder', path } : { did: 'sync', inode, kind };
  return during(line, work);
}

const partOf = (bytes, offset = 0, length = bytes.length - offset) =>
  bytes.subarray(offset, offset + length);

function noteMoved(from, to) {
  if (from !== undefined || to !== undefined) note({ did: 'renamed', from, to });
}

/** Notes what `remove` has removed. */
function whileRemoving(path, remove) {
  const at = pathOf(path);
  const before = at === undefined ? undefined : look(at);
  const noteRemoved = () => {
    if (before !== undefined && look(at) === undefined) note({ did: 'removed', path: at });
  };
  const result = remove();
  if (!(result instanceof Promise)) {
    noteRemoved();
    return result;
  }
  return result.then(noteRemoved);
}

/** Notes the folders that `make` has made, the outermost first. */
function whileMaking(path, make) {
  const missing = [];
  for (let at = resolve(textOf(path)); isBelow(at) && look(at) === undefined; at = dirname(at)) {
    missing.unshift(at);
  }
  const noteMade = (value) => {
    for (const at of missing) if (look(at) !== undefined) note({ did: 'madeFolder', path: at });
    return value;
  };
  const result = make();
  return result instanceof Promise ? result.then(noteMade) : noteMade(result);
}

function wrapSynchronous() {
  fs.openSync = (path, flags, mode) =>
    whileOpening(path, flags, () => original.openSync(path, flags, mode));
  fs.writeSync = (fd, bytes, ...rest) => {
    const [offset, length, position] = rest;
    const data = typeof bytes === 'string' ? Buffer.from(bytes) : partOf(bytes, offset, length);
    return writing(fd, data, position, () => original.writeSync(fd, bytes, ...rest));
  };
  fs.fstatSync = (fd, options) => {
    const stats = original.fstatSync(fd, options);
    if (options?.bigint === true && opened(fd)?.isFolder === false) noteStamp(stats);
    return stats;
  };
  fs.renameSync = (from, to) => {
    original.renameSync(from, to);
    noteMoved(pathOf(from), pathOf(to));
  };
  fs.linkSync = (from, to) => {
    original.linkSync(from, to);
    note({ did: 'linked', path: pathOf(to), inode: String(look(pathOf(to)).ino) });
  };
  fs.mkdtempSync = (prefix, options) => {
    const path = original.mkdtempSync(prefix, options);
    if (pathOf(path) !== undefined) note({ did: 'madeFolder', path: pathOf(path) });
    return path;
  };
  fs.mkdirSync = (path, options) => whileMaking(path, () => original.mkdirSync(path, options));
  for (const name of ['unlinkSync', 'rmSync', 'rmdirSync']) {
    fs[name] = (path, options) => whileRemoving(path, () => original[name](path, options));
  }
}

function wrapCallbacks() {
  for (const [name, kind] of [
    ['fsync', 'all'],
    ['fdatasync', 'data'],
  ]) {
    const sync = promisify(original[name]);
    fs[name] = (fd, done) => {
      syncing(fd, kind, () => sync(fd)).then(() => done(null), done);
    };
  }
}

function wrapPromises() {
  const { promises } = fs;
  const before = original.promises;
  promises.open = async (path, flags, mode) => {
    const handle = await whileOpening(path, flags, () => before.open(path, flags, mode));
    wrapHandles(Object.getPrototypeOf(handle));
    return handle;
  };
  promises.rename = (from, to) =>
    before.rename(from, to).then(() => noteMoved(pathOf(from), pathOf(to)));
  promises.mkdir = (path, options) => whileMaking(path, () => before.mkdir(path, options));
  promises.rm = (path, options) => whileRemoving(path, () => before.rm(path, options));
  promises.truncate = async (path, sizeBytes) => {
    const handle = await promises.open(path, 'r+');
    try {
      await handle.truncate(sizeBytes);
    } finally {
      await handle.close();
    }
  };
  promises.writeFile = async (path, data, options) => {
    const handle = await promises.open(path, options?.flag ?? 'w', options?.mode);
    try {
      await handle.writeFile(data);
    } finally {
      await handle.close();
    }
  };
}

let areHandlesWrapped = false;

function wrapHandles(prototype) {
  if (areHandlesWrapped) return;
  areHandlesWrapped = true;
  const { write, writev, writeFile, truncate, datasync, sync, stat } = prototype;
  prototype.write = function (bytes, offset, length, position) {
    const data = partOf(bytes, offset, length);
    return writing(this.fd, data, position, () => {
      return write.call(this, bytes, offset, length, position);
    });
  };
  prototype.writev = function (buffers, position) {
    const data = Buffer.concat(buffers);
    return writing(this.fd, data, position, () => writev.call(this, buffers, position));
  };
  prototype.writeFile = function (data, options) {
    return writing(this.fd, Buffer.from(data), 0, () => writeFile.call(this, data, options));
  };
  prototype.truncate = function (sizeBytes = 0) {
    const file = opened(this.fd);
    if (file === undefined) return truncate.call(this, sizeBytes);
    const line = { did: 'truncated', inode: file.inode, sizeBytes };
    return during(line, () => truncate.call(this, sizeBytes));
  };
  prototype.datasync = function () {
    return syncing(this.fd, 'data', () => datasync.call(this));
  };
  prototype.sync = function () {
    return syncing(this.fd, 'all', () => sync.call(this));
  };
  prototype.stat = async function (options) {
    const stats = await stat.call(this, options);
    if (options?.bigint === true && opened(this.fd)?.isFolder === false) noteStamp(stats);
    return stats;
  };
}

/** `sync -f` syncs a whole file system. */
function wrapPrograms() {
  const { execFile } = childProcess;
  const run = execFile[promisify.custom];
  childProcess.execFile = (...args) => execFile(...args);
  childProcess.execFile[promisify.custom] = (file, args, options) => {
    if (file !== 'sync' || args[0] !== '-f') return run(file, args, options);
    return during({ did: 'syncAll' }, () => run(file, args, options));
  };
}

wrapSynchronous();
wrapCallbacks();
wrapPromises();
wrapPrograms();
syncBuiltinESMExports();
