// Makes one thumbnail several times with sharp: FILE SIDE COUNT OUT.
const fs = require("fs");
const sharp = require("sharp");

sharp.concurrency(1);
sharp.cache(false);
const [file, side, count, out] = process.argv.slice(2);

async function main() {
  const data = fs.readFileSync(file);
  let result;
  for (let index = 0; index < Number(count); index += 1) {
    result = await sharp(data, { limitInputPixels: false, sequentialRead: true })
      .resize(Number(side), Number(side), { fit: "inside", withoutEnlargement: true })
      .jpeg({ quality: 80 })
      .toBuffer();
  }
  fs.writeFileSync(out, result);
  const peak = /VmHWM:\s+(\d+)/.exec(fs.readFileSync("/proc/self/status", "utf8"));
  fs.writeFileSync(`${out}.kb`, peak[1]);
}

main();
