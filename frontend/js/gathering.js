// What was dropped or chosen as a list of {path, file}: files as they are, folders walked through, ZIP archives opened
// here with limits on number, size and depth. Throws the key of a sentence that [data-taking] holds.
const JUNK = /(^|\/)(__MACOSX\/|\.DS_Store$|\._|Thumbs\.db$|desktop\.ini$|~\$)/i;
const ZIP = /\.zip$/i;

export class NotTaken extends Error {}

export function isArchive(file) {
  return ZIP.test(file.name);
}

export function limitsOf({ mostFiles, mostBytes, mostDepth }) {
  return { files: Number(mostFiles), bytes: Number(mostBytes), depth: Number(mostDepth) };
}

// The entries of a drop must be asked for before anything is awaited: afterwards the browser has forgotten them.
export function entriesOf(transfer) {
  const entries = [...transfer.items].filter((item) => item.kind === "file").map((item) => item.webkitGetAsEntry?.());
  return entries.length && entries.every(Boolean) ? entries : [...transfer.files];
}

// `things` are files or entries of a file system.
export async function gather(things, limits) {
  const found = [];
  const add = (path, file) => {
    if (JUNK.test(path)) return;
    found.push({ path, file });
    if (found.length > limits.files) throw new NotTaken("tooMany");
  };
  for (const thing of things) await walk(thing, "", 0, limits, add);
  return open(found, limits);
}

async function walk(thing, above, depth, limits, add) {
  if (depth > limits.depth) throw new NotTaken("tooDeep");
  if (thing instanceof File) return add(thing.webkitRelativePath || thing.name, thing);
  if (thing.isFile) return add(above + thing.name, await new Promise((resolve, reject) => thing.file(resolve, reject)));
  const reader = thing.createReader();
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!some.length) return undefined;
    for (const one of some) await walk(one, `${above}${thing.name}/`, depth + 1, limits, add);
  }
}

// Archives among the files give what they hold; one inside another stays closed, and no slot takes it.
async function open(found, limits) {
  const room = { files: limits.files, bytes: limits.bytes, depth: limits.depth };
  const all = [];
  for (const one of found) {
    if (isArchive(one.file)) all.push(...(await unpack(one, room)));
    else all.push(one);
    if (all.length > limits.files) throw new NotTaken("tooMany");
  }
  return all;
}

async function unpack({ path, file }, room) {
  await import("../../vendor/zip/zip-core.min.js");
  const { BlobReader, ZipReader, configure } = globalThis.zip;
  configure({ useWebWorkers: false });
  const reader = new ZipReader(new BlobReader(file));
  try {
    const entries = await listed(reader, room);
    const taken = [];
    for (const entry of entries) taken.push({ path: `${path}/${entry.path}`, file: await read(entry, room) });
    return taken;
  } catch (error) {
    throw error instanceof NotTaken ? error : new NotTaken("damaged");
  } finally {
    await reader.close();
  }
}

// What the archive says of itself is weighed before a byte is unpacked.
async function listed(reader, room) {
  const entries = [];
  for await (const entry of reader.getEntriesGenerator({ filenameValidation: "tolerant", strictness: "tolerant" })) {
    const path = clean(nameOf(entry));
    if (entry.directory || !path || JUNK.test(path)) continue;
    if (entry.encrypted) throw new NotTaken("locked");
    if (path.split("/").length > room.depth + 1) throw new NotTaken("tooDeep");
    entries.push(Object.assign(entry, { path }));
    if (entries.length > room.files) throw new NotTaken("tooMany");
  }
  if (entries.reduce((sum, entry) => sum + entry.uncompressedSize, 0) > room.bytes) throw new NotTaken("tooLarge");
  return entries;
}

// Counted while it is unpacked: an archive may lie about its sizes.
async function read(entry, room) {
  const parts = [];
  let size = 0;
  const sink = new WritableStream({
    write(chunk) {
      size += chunk.length;
      room.bytes -= chunk.length;
      if (size > entry.uncompressedSize || room.bytes < 0) throw new NotTaken("tooLarge");
      parts.push(chunk);
    },
  });
  try {
    await entry.getData(sink, { checkSignature: true });
  } catch (error) {
    throw size > entry.uncompressedSize || room.bytes < 0 ? new NotTaken("tooLarge") : error;
  }
  return new File(parts, entry.path.split("/").pop(), { lastModified: entry.lastModDate?.getTime() ?? 0 });
}

// Windows in Chinese writes names in GBK and does not say so; what is no UTF-8 is read as GB 18030, its superset.
function nameOf(entry) {
  if (entry.filenameUTF8) return entry.filename;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(entry.rawFilename);
  } catch {
    return new TextDecoder("gb18030").decode(entry.rawFilename);
  }
}

function clean(name) {
  return name.replaceAll("\\", "/").split("/").filter((part) => part && part !== "." && part !== "..").join("/");
}
