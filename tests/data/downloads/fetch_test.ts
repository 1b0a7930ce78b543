import assert from "node:assert/strict";
import { fetchDataset, fetchManifest } from "../../../src/data/downloads/fetch.ts";
import { listDatasets } from "../../../src/data/downloads/catalogue.ts";
import { type Manifest, manifests } from "../../../src/data/downloads/manifest.ts";
import { sha256Hex } from "../../../src/data/downloads/sha256.ts";
import { verifyDataset, verifyManifest } from "../../../src/data/downloads/verify.ts";
import { FailureError, InputError } from "../../../src/core/errors.ts";
import { gzip, idxImages, idxLabels } from "../images/idx_files.ts";
import { inFolder } from "../../support/in_folder.ts";

const contents: Readonly<Record<string, Uint8Array<ArrayBuffer>>> = {
  "a-images": idxImages({ height: 2, width: 2, grey: new Uint8Array(40).map((_, i) => i) }),
  "a-labels": idxLabels([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]),
};
const archives: Record<string, Uint8Array<ArrayBuffer>> = {};
for (const [name, bytes] of Object.entries(contents)) archives[name] = await gzip(bytes);

async function manifest(mirrors: readonly string[], archiveOnly = false): Promise<Manifest> {
  const files = await Promise.all(
    Object.entries(contents).map(async ([name, bytes]) => ({
      name,
      bytes: bytes.length,
      sha256: archiveOnly ? null : await sha256Hex(bytes),
      archiveSha256: await sha256Hex(archives[name]!),
    })),
  );
  const words = { title: "t", origin: "o", licence: "l", hashesFrom: "h" };
  return { name: "small", ...words, mirrors, files };
}

type Answer = (name: string, request: Request) => Response;
const whole = (name: string) => new Response(archives[name]);

/** Runs `use` with an empty folder and the URL of a server that answers with `answer`. */
async function withServer(
  answer: Answer,
  use: (place: { url: string; dataDir: string; asked: string[] }) => Promise<void>,
): Promise<void> {
  const dataDir = await Deno.makeTempDir();
  const asked: string[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    const name = new URL(request.url).pathname.replace(/^\//, "").replace(/\.gz$/, "");
    asked.push(name);
    return answer(name, request);
  });
  try {
    await use({ url: `http://127.0.0.1:${server.addr.port}/`, dataDir, asked });
  } finally {
    await server.shutdown();
    await Deno.remove(dataDir, { recursive: true });
  }
}

const entries = (folder: string) => [...Deno.readDirSync(folder)].map(({ name }) => name).sort();

Deno.test("fetchManifest() installs intact files once, and verifyManifest() finds them intact", async () => {
  await withServer(whole, async ({ url, dataDir, asked }) => {
    const small = await manifest([url]);
    const heard: string[] = [];
    const onProgress = ({ file, receivedBytes }: { file: string; receivedBytes: number }) =>
      heard.push(`${file} ${receivedBytes}`);
    const first = await fetchManifest(small, { dataDir, from: null, onProgress });
    assert.equal(first.fetched, true);
    assert.deepEqual(entries(`${dataDir}/small`), ["a-images.gz", "a-labels.gz"]);
    assert.equal(first.files[0]!.contentSha256, small.files[0]!.sha256);
    assert.ok(heard.includes(`a-labels ${archives["a-labels"]!.length}`), String(heard));
    const again = await fetchManifest(small, { dataDir, from: null });
    assert.deepEqual([again.fetched, asked.length], [false, 2]);
    assert.deepEqual(again.files, first.files);
    assert.ok((await verifyManifest(small, dataDir)).every(({ problem }) => problem === null));

    // A corrupted byte is detected, and the file fetched again.
    const path = `${dataDir}/small/a-labels.gz`;
    await Deno.writeFile(path, await gzip(idxLabels([9, 1, 2, 3, 4, 5, 6, 7, 8, 9])));
    const [, damaged] = await verifyManifest(small, dataDir);
    assert.match(damaged!.problem!, /the content has SHA-256 .*, expected /);
    await fetchManifest(small, { dataDir, from: null });
    assert.deepEqual(asked.slice(2), ["a-labels"]); // the intact one is not requested again
    await Deno.remove(`${dataDir}/small/a-images.gz`);
    assert.equal((await verifyManifest(small, dataDir))[0]!.problem, "missing");
    await fetchManifest(small, { dataDir, from: null });
    assert.ok((await verifyManifest(small, dataDir)).every(({ problem }) => problem === null));
  });
});

Deno.test("fetchManifest() tries the next mirror if one fails", async () => {
  await withServer(whole, async ({ url, dataDir }) => {
    // The first cannot be reached, the second answers with empty files.
    const broken = await manifest(["http://127.0.0.1:1/", `${url}nowhere/`, url]);
    assert.equal((await fetchManifest(broken, { dataDir, from: null })).fetched, true);
  });
});

/** `keeps`: the parts from which the next fetch resumes. */
const faults: readonly {
  what: string;
  answer: Answer;
  says: RegExp;
  keeps: readonly string[];
}[] = [
  {
    what: "a missing file",
    answer: (name) => name === "a-labels" ? new Response("no", { status: 404 }) : whole(name),
    says: /cannot get a-labels: http:.*a-labels\.gz: the server answered 404 "Not Found"/,
    keeps: ["a-images"],
  },
  {
    what: "a wrong hash",
    answer: (name) => new Response(archives[name === "a-labels" ? "a-images" : name]),
    says: /a-labels\.gz: (inflates to more than|the content has SHA-256)/,
    keeps: ["a-images"],
  },
  {
    what: "an archive cut short",
    answer: (name) => new Response(archives[name]!.slice(0, 30)),
    says: /not a whole gzip file/,
    keeps: [],
  },
  {
    what: "a connection cut short",
    answer: (name) =>
      new Response(
        new ReadableStream({
          start(controller) {
            controller.enqueue(archives[name]!.slice(0, 30));
            controller.close();
          },
        }),
        { headers: { "content-length": String(archives[name]!.length) } },
      ),
    says: /cannot get a-images: .*\(30 bytes are kept, and the next try resumes from there\)/,
    keeps: ["a-images"],
  },
  {
    what: "more bytes than the file has",
    answer: () => new Response(new Uint8Array(200_000)),
    says: /sends more than \d+ bytes/,
    keeps: [],
  },
];

for (const { what, answer, says, keeps } of faults) {
  Deno.test(`fetchManifest() installs nothing after ${what}, and keeps resumable parts`, async () => {
    await withServer(answer, async ({ url, dataDir }) => {
      const small = await manifest([url]);
      await assert.rejects(() => fetchManifest(small, { dataDir, from: null }), (error: Error) => {
        assert.ok(error instanceof FailureError, String(error));
        assert.match(error.message, says);
        assert.match(error.message, /`from` DIR\|URL$/);
        assert.doesNotMatch(error.message, /\n/);
        return true;
      });
      assert.deepEqual(entries(dataDir), keeps.length === 0 ? [] : ["small.part"]);
      if (keeps.length > 0) assert.deepEqual(entries(`${dataDir}/small.part`), keeps);
    });
  });
}

const patience = { connectMs: 300, stallMs: 300 };

/** Sends the first `count` bytes, then stalls. */
function stalling(name: string, count: number): Response {
  return new Response(
    new ReadableStream({
      start: (controller) => controller.enqueue(archives[name]!.slice(0, count)),
    }),
    { headers: { "content-length": String(archives[name]!.length) } },
  );
}

/** Sends the requested range, as a file server does. */
function part(name: string, request: Request): Response {
  const archive = archives[name]!;
  const start = Number(/^bytes=(\d+)-$/.exec(request.headers.get("range") ?? "")?.[1] ?? NaN);
  if (Number.isNaN(start)) return new Response(archive);
  if (start >= archive.length) return new Response(null, { status: 416 });
  return new Response(archive.slice(start), {
    status: 206,
    headers: { "content-range": `bytes ${start}-${archive.length - 1}/${archive.length}` },
  });
}

Deno.test("fetchManifest() tries the next mirror if one does not respond or stalls", async () => {
  // Accepts connections and never responds.
  using silent = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const ranges: (string | null)[] = [];
  const answer = (name: string, request: Request) => {
    if (request.url.includes("/stalls/")) return stalling(name.replace("stalls/", ""), 30);
    ranges.push(request.headers.get("range"));
    return part(name, request);
  };
  await withServer(answer, async ({ url, dataDir }) => {
    const small = await manifest([
      `http://127.0.0.1:${silent.addr.port}/`,
      `${url}stalls/`,
      url,
    ]);
    const { fetched } = await fetchManifest(small, { dataDir, from: null, patience });
    assert.equal(fetched, true);
    assert.deepEqual(ranges, ["bytes=30-", "bytes=30-"]); // the stalled mirror's bytes are used
    assert.deepEqual(entries(dataDir), ["small"]);
    assert.ok((await verifyManifest(small, dataDir)).every(({ problem }) => problem === null));
  });
});

Deno.test("fetchManifest() says which timeout a mirror exceeded", async () => {
  using silent = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  await withServer((name) => stalling(name, 30), async ({ url, dataDir }) => {
    const small = await manifest([`http://127.0.0.1:${silent.addr.port}/`, url]);
    await assert.rejects(
      () => fetchManifest(small, { dataDir, from: null, patience }),
      /^FailureError: cannot get a-images: http:\S+: no answer within 0\.3 s; http:\S+: fewer than 1024 bytes arrived in 0\.3 s; try again later \(30 bytes are kept/,
    );
  });
});

Deno.test("fetchManifest() resumes an earlier download", async () => {
  const ranges: (string | null)[] = [];
  let isGood = false;
  const answer = (name: string, request: Request) => {
    ranges.push(request.headers.get("range"));
    return isGood || name === "a-images" ? part(name, request) : stalling(name, 40);
  };
  await withServer(answer, async ({ url, dataDir }) => {
    const small = await manifest([url]);
    const options = { dataDir, from: null, patience };
    await assert.rejects(() => fetchManifest(small, options), FailureError);
    isGood = true;
    const heard: number[] = [];
    await fetchManifest(small, {
      ...options,
      onProgress: ({ receivedBytes, totalBytes }) => {
        assert.equal(totalBytes, archives["a-labels"]!.length);
        heard.push(receivedBytes);
      },
    });
    assert.deepEqual(ranges, [null, null, "bytes=40-"]); // not a-images: it is complete
    assert.equal(heard.at(-1), archives["a-labels"]!.length);
    assert.deepEqual(entries(dataDir), ["small"]);
    assert.ok((await verifyManifest(small, dataDir)).every(({ problem }) => problem === null));
  });
});

const servers: Readonly<Record<string, (name: string, request: Request) => Response>> = {
  "that sends parts": part,
  "that sends whole files only": whole,
  "that sends another part": (name, request) =>
    request.headers.has("range")
      ? new Response(archives[name]!.slice(5), {
        status: 206,
        headers: { "content-range": `bytes 5-9/10` },
      })
      : whole(name),
};

for (const [what, answer] of Object.entries(servers)) {
  Deno.test(`fetchManifest() restarts from a server ${what} if the part belongs to another file`, async () => {
    await withServer(answer, async ({ url, dataDir }) => {
      const small = await manifest([url]);
      for (const length of [10, archives["a-labels"]!.length, 10_000]) {
        await Deno.mkdir(`${dataDir}/small.part`, { recursive: true });
        await Deno.writeFile(`${dataDir}/small.part/a-labels`, new Uint8Array(length).fill(7));
        await fetchManifest(small, { dataDir, from: null, patience });
        assert.deepEqual(entries(dataDir), ["small"]);
        assert.ok((await verifyManifest(small, dataDir)).every(({ problem }) => problem === null));
        await Deno.remove(`${dataDir}/small`, { recursive: true });
      }
    });
  });
}

Deno.test("fetchManifest() lets only one process at a time fetch a data set", async () => {
  await withServer((name) => stalling(name, 30), async ({ url, dataDir }) => {
    const small = await manifest([url]);
    const options = { dataDir, from: null, patience };
    const first = assert.rejects(fetchManifest(small, options), FailureError);
    await new Promise((resolve) => setTimeout(resolve, 100));
    await assert.rejects(
      fetchManifest(small, options),
      /^InputError: \S+\/small: another process is fetching it; wait for it$/,
    );
    await first;
    assert.deepEqual(entries(`${dataDir}/small.part`), ["a-images"]);
  });
});

Deno.test("fetchManifest() escapes the text of a server's response", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const served = (async () => {
    for await (const connection of listener) {
      await connection.read(new Uint8Array(4096));
      const status = "HTTP/1.1 503 \u009b2Kfluxion: all is well\u202e";
      await connection.write(new TextEncoder().encode(`${status}\r\nconnection: close\r\n\r\n`));
      connection.close();
    }
  })();
  const dataDir = await Deno.makeTempDir();
  try {
    const small = await manifest([`http://127.0.0.1:${listener.addr.port}/`]);
    await assert.rejects(
      () => fetchManifest(small, { dataDir, from: null, patience }),
      (error: Error) => {
        assert.match(error.message, /^cannot get a-images: /);
        assert.doesNotMatch(error.message, /[\p{Cc}\p{Bidi_Control}]/u);
        return true;
      },
    );
  } finally {
    listener.close();
    await served;
    await Deno.remove(dataDir, { recursive: true });
  }
});

Deno.test("fetchManifest() accepts a user's URL or folder, with plain or gzipped files", async () => {
  await withServer(whole, async ({ url, dataDir }) => {
    const small = await manifest(["http://127.0.0.1:1/"]);
    const from = url.replace(/\/$/, "");
    await fetchManifest(small, { dataDir: `${dataDir}/1`, from });
    const mine = `${dataDir}/mine`;
    await Deno.mkdir(mine);
    await Deno.writeFile(`${mine}/a-images`, contents["a-images"]!);
    const missing = fetchManifest(small, { dataDir: `${dataDir}/2`, from: mine });
    await assert.rejects(missing, (error: Error) => {
      assert.ok(error instanceof InputError);
      assert.match(error.message, /mine: contains no a-labels\.gz or a-labels; `from` needs/);
      return true;
    });
    await Deno.writeFile(`${mine}/a-labels.gz`, archives["a-labels"]!);
    await fetchManifest(small, { dataDir: `${dataDir}/2`, from: mine });
    assert.deepEqual(entries(`${dataDir}/2/small`), ["a-images", "a-labels.gz"]);
    assert.ok((await verifyManifest(small, `${dataDir}/2`)).every((check) => !check.problem));
  });
});

Deno.test("fetchManifest() accepts only the original archive if no content hash is published", async () => {
  await withServer(whole, async ({ url, dataDir }) => {
    const small = await manifest([url], true);
    const { files } = await fetchManifest(small, { dataDir: `${dataDir}/1`, from: null });
    assert.equal(files[0]!.contentSha256, await sha256Hex(contents["a-images"]!));
    const mine = `${dataDir}/mine`;
    await Deno.mkdir(mine);
    for (const [name, bytes] of Object.entries(contents)) {
      await Deno.writeFile(`${mine}/${name}`, bytes);
    }
    const plain = fetchManifest(small, { dataDir: `${dataDir}/2`, from: mine });
    await assert.rejects(plain, /no hash of the uncompressed file is published/);
  });
});

Deno.test("fetchManifest() suggests a remedy for a folder that is not writable", async () => {
  await withServer(whole, async ({ url, dataDir }) => {
    await Deno.writeTextFile(`${dataDir}/file`, "");
    const small = await manifest([url]);
    await assert.rejects(
      () => fetchManifest(small, { dataDir: `${dataDir}/file`, from: null }),
      /^InputError: .*file\/small: cannot be written \(.*\); set FLUXION_DATA_DIR/,
    );
    assert.deepEqual(entries(dataDir), ["file"]);
  });
});

Deno.test("fetchManifest() stops when its signal is aborted", async () => {
  await withServer(whole, async ({ url, dataDir }) => {
    const stopped = fetchManifest(await manifest([url]), {
      dataDir,
      from: null,
      signal: AbortSignal.abort(),
    });
    await assert.rejects(stopped, { name: "AbortError" });
    assert.deepEqual(entries(dataDir), []);
  });
});

Deno.test("fetchDataset() and verifyDataset() suggest a similar name", async () => {
  const options = { dataDir: "/nowhere", from: null };
  await assert.rejects(() => fetchDataset("kmnits", options), /^InputError: kmnits: .*"kmnist"\?/);
  await assert.rejects(() => fetchDataset("moons", options), /nothing to download/);
  await assert.rejects(() => verifyDataset("kmnits", null), /did you mean "kmnist"\?/);
  assert.deepEqual(await verifyDataset("moons", null), []);
});

Deno.test("manifests name https or content-checked mirrors and well-formed hashes", () => {
  for (const { name, mirrors, files } of manifests) {
    assert.ok(mirrors.every((url) => /^https?:\/\/.*\/$/.test(url)), name);
    assert.equal(files.length, 4);
    for (const { sha256, archiveSha256 } of files) {
      const hashes = [sha256, archiveSha256].filter((hash) => hash !== null);
      assert.ok(hashes.length > 0 && hashes.every((hash) => /^[0-9a-f]{64}$/.test(hash)), name);
    }
  }
});

Deno.test("listDatasets() says which data sets are present and which are missing", async () => {
  await inFolder(async (dataDir) => {
    await Deno.mkdir(`${dataDir}/kmnist`);
    for (const { name } of manifests[2]!.files) {
      await Deno.writeFile(`${dataDir}/kmnist/${name}.gz`, new Uint8Array());
    }
    const found = (await listDatasets(dataDir)).map(({ name, builtIn, download }) =>
      `${name} ${builtIn} ${download?.present}`
    );
    assert.deepEqual(found, [
      "moons true undefined",
      "8gaussians true undefined",
      "checkerboard true undefined",
      "mnist true false",
      "fashion-mnist false false",
      "kmnist false true",
    ]);
  });
});

const original = new URL("../../../../shared/data/mnist", import.meta.url).pathname;
Deno.test({
  name: "fetchDataset() takes the real MNIST from a folder",
  ignore: !(await Deno.stat(original).then(() => true, () => false)),
  fn: async () => {
    await inFolder(async (dataDir) => {
      const { fetched } = await fetchDataset("mnist", { dataDir, from: original });
      assert.equal(fetched, true);
      const checks = await verifyDataset("mnist", dataDir);
      assert.deepEqual(checks.map(({ problem }) => problem), [null, null, null, null, null]);
    });
  },
});

// A captive portal, or a server that keeps large files on another host.
Deno.test("fetchManifest() skips a mirror that redirects to a host that is not allowed", async () => {
  const answer: Answer = (name) =>
    name.startsWith("away/")
      ? Response.redirect(`http://elsewhere.invalid/${name}`, 302)
      : whole(name);
  await withServer(answer, async ({ url, dataDir }) => {
    const options = { dataDir, from: null };
    await assert.rejects(fetchManifest(await manifest([`${url}away/`]), options), {
      name: "FailureError",
      message:
        /away\/a-images\.gz: redirects to "elsewhere\.invalid:80", a host that is not allowed/,
    });
    const { fetched } = await fetchManifest(await manifest([`${url}away/`, url]), options);
    assert.equal(fetched, true);
  });
});
