import { sep } from 'node:path';

/** Whether a real path (absolute, without symbolic links) is `realFolder` or lies in it. */
export function isInside(realPath: string, realFolder: string): boolean {
  const start = realFolder.endsWith(sep) ? realFolder : realFolder + sep;
  return realPath === realFolder || realPath.startsWith(start);
}
