// Photos, videos and recordings that the server does not have yet: copied out of the platform's temporary files, which go
// when the mini program does.

import { Files, Kept } from "../protocol/protocol";

const PREFIX = "kept-";

export function createFiles(): Files {
  const system = wx.getFileSystemManager();
  const folder = wx.env.USER_DATA_PATH;
  const here = new Map<string, Kept>(); // what could not be copied: as long as the mini program runs
  const pathOf = (key: string) => `${folder}/${PREFIX}${key}`;

  function copy(from: string, to: string): Promise<boolean> {
    return new Promise((resolve) => {
      system.copyFile({ srcPath: from, destPath: to, success: () => resolve(true), fail: () => resolve(false) });
    });
  }

  function sizeOf(path: string): Promise<number | null> {
    return new Promise((resolve) => {
      system.getFileInfo({ filePath: path, success: ({ size }) => resolve(size), fail: () => resolve(null) });
    });
  }

  function unlink(path: string): Promise<void> {
    return new Promise((resolve) => {
      system.unlink({ filePath: path, complete: () => resolve() });
    });
  }

  function names(): Promise<string[]> {
    return new Promise((resolve) => {
      system.readdir({ dirPath: folder, success: ({ files }) => resolve(files), fail: () => resolve([]) });
    });
  }

  return {
    put: async (key, file) => {
      const kept = await copy(file.path, pathOf(key));
      if (!kept) here.set(key, file);
      return kept;
    },
    get: async (key) => {
      const held = here.get(key);
      if (held) return held;
      const path = pathOf(key);
      const size = await sizeOf(path);
      return size === null ? null : { path, size };
    },
    remove: async (key) => {
      here.delete(key);
      await unlink(pathOf(key));
    },
    sweep: async (wanted) => {
      const keep = new Set(wanted.map((key) => PREFIX + key));
      for (const name of await names()) if (name.startsWith(PREFIX) && !keep.has(name)) await unlink(`${folder}/${name}`);
    },
    forget: async () => {},
  };
}
