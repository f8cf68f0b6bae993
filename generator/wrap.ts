/**
 * Breaks text into lines of at most `width` columns, each after `indent`. Words and numbers stay whole, and the parts of an indented line
 * are indented like it.
 */
export function wrapTo(width: number, text: string, indent = ""): string {
  const lines = text.split("\n").flatMap((line) => {
    const own = /^ */.exec(line)?.[0] ?? "";
    const margin = indent + own;
    const broken: string[] = [];
    let current = margin;
    for (const word of line.slice(own.length).split(" ")) {
      const longer = current === margin ? margin + word : `${current} ${word}`;
      if (current !== margin && longer.length > width) {
        broken.push(current);
        current = margin + word;
      } else current = longer;
    }
    return [...broken, line.trim() === "" ? "" : current];
  });
  return lines.join("\n");
}
