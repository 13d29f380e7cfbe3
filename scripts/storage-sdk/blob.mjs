// node blob.mjs COMMAND CONTAINER NAME     one operation of Azure's own SDK on a blob, with AZURE_STORAGE_CONNECTION_STRING
//
//   get             prints the blob's bytes
//   look            prints its type, metadata, content headers and committed blocks as JSON
//   put             uploads standard input: one Put Blob
//   put-blocks      the same as two blocks and a block list
//   append-blocks   adds standard input as a block behind those there are; their metadata and headers stay
//   append          adds standard input to an append blob, which is created if need be
import { readFileSync } from "node:fs";
import { BlobServiceClient } from "@azure/storage-blob";

const [command, container, name] = process.argv.slice(2);
const folder = BlobServiceClient.fromConnectionString(process.env.AZURE_STORAGE_CONNECTION_STRING).getContainerClient(container);
const blob = folder.getBlockBlobClient(name);
const input = () => readFileSync(0);
// All ids of a blob have one length. `seed` tells those of one writer from another's.
const blockId = (seed, length) => Buffer.from(seed.padEnd(length, "-").slice(0, length)).toString("base64");

const commands = {
  async get() {
    process.stdout.write(await blob.downloadToBuffer());
  },
  async look() {
    const found = await blob.getProperties();
    const blocks = found.blobType === "BlockBlob" ? (await blob.getBlockList("committed")).committedBlocks ?? [] : [];
    console.log(JSON.stringify({
      type: found.blobType, size: found.contentLength, metadata: found.metadata, contentType: found.contentType,
      blocks: blocks.map(({ name: id, size }) => ({ id, size })),
    }));
  },
  async put() {
    const bytes = input();
    await blob.upload(bytes, bytes.length, { blobHTTPHeaders: { blobContentType: "text/csv" }, metadata: { owner: "sdk" } });
  },
  async "put-blocks"() {
    const bytes = input();
    const middle = Math.floor(bytes.length / 2);
    const ids = [blockId("sdk-first", 24), blockId("sdk-second", 24)];
    await blob.stageBlock(ids[0], bytes.subarray(0, middle), middle);
    await blob.stageBlock(ids[1], bytes.subarray(middle), bytes.length - middle);
    await blob.commitBlockList(ids, { metadata: { owner: "sdk" } });
  },
  async "append-blocks"() {
    const bytes = input();
    const found = await blob.getProperties();
    const { committedBlocks = [] } = await blob.getBlockList("committed");
    const length = Buffer.from(committedBlocks[0].name, "base64").length;
    const id = blockId(`sdk-${Date.now()}`, length);
    await blob.stageBlock(id, bytes, bytes.length);
    await blob.commitBlockList([...committedBlocks.map((block) => block.name), id], {
      conditions: { ifMatch: found.etag }, metadata: found.metadata, blobHTTPHeaders: { blobContentType: found.contentType },
    });
  },
  async append() {
    const bytes = input();
    const target = folder.getAppendBlobClient(name);
    await target.createIfNotExists({ blobHTTPHeaders: { blobContentType: "text/csv" }, metadata: { owner: "sdk" } });
    await target.appendBlock(bytes, bytes.length);
  },
};

await commands[command]();
