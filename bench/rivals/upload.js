// Uploads files into a container with Azure's own SDK, as its samples do: uploadFile, one after the other.
//     AZURE_STORAGE_CONNECTION_STRING=… node upload.js CONTAINER FILE…
const path = require("path");
const { BlobServiceClient } = require("@azure/storage-blob");

const [container, ...files] = process.argv.slice(2);
const folder = BlobServiceClient.fromConnectionString(process.env.AZURE_STORAGE_CONNECTION_STRING).getContainerClient(container);

async function main() {
  for (const file of files) await folder.getBlockBlobClient(path.basename(file)).uploadFile(file);
}

main();
