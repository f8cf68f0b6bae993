/** Breaks text into lines of at most `width` columns, each after `indent`. Words and numbers stay whole. */
export function wrapTo(width: number, text: string, indent = ""): string {
  const lines = text.split("\n").flatMap((line) => {
    if (indent.length + line.length <= width) return [line];
    const broken: string[] = [];
    let current = "";
    for (const word of line.split(" ")) {
      const longer = current === "" ? word : `${current} ${word}`;
      if (current !== "" && indent.length + longer.length > width) {
        broken.push(current);
        current = word;
      } else current = longer;
    }
    return [...broken, current];
  });
  return lines.map((line) => (line === "" ? "" : indent + line)).join("\n");
}
