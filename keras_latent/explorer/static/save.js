// Files that the page gives its reader.

function download(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

export function savePng(canvas, name) {
  canvas.toBlob((blob) => download(blob, name), "image/png");
}

const quoted = (cell) => (/[",\n\r]/.test(cell) ? `"${String(cell).replaceAll('"', '""')}"` : String(cell));

export const asCsv = (rows) => `${rows.map((row) => row.map(quoted).join(",")).join("\r\n")}\r\n`;

export function saveCsv(rows, name) {
  download(new Blob([asCsv(rows)], { type: "text/csv" }), name);
}
