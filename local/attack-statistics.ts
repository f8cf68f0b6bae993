/* The arithmetic of the attacks. */

/**
 * Whether noisy answers about one person are more likely if the true answer is 1 than if it is 0. This is the best test there is against
 * Laplace noise; without noise it is the plain comparison.
 */
export function isLikelyOne(answers: readonly number[]): boolean {
  return answers.reduce((sum, answer) => sum + Math.abs(answer) - Math.abs(answer - 1), 0) > 0;
}

/**
 * The values that explain sums best. `which[i][j]` says whether value j is part of sum i.
 * @example
 * leastSquares([[true, true], [true, false]], [3, 1]); // [1, 2], about
 */
export function leastSquares(which: readonly (readonly boolean[])[], sums: readonly number[]): number[] {
  const count = which[0]?.length ?? 0;
  // Normal equations. The small number on the diagonal keeps them solvable if the sums do not determine every value.
  const rows = Array.from({ length: count }, (_, i) => {
    const row = new Float64Array(count + 1);
    row[i] = 1e-6;
    return row;
  });
  for (const [index, parts] of which.entries())
    for (let i = 0; i < count; i++) {
      if (!parts[i]) continue;
      const row = rows[i] as Float64Array;
      for (let j = 0; j < count; j++) row[j] = (row[j] as number) + (parts[j] ? 1 : 0);
      row[count] = (row[count] as number) + (sums[index] as number);
    }
  for (let i = 0; i < count; i++) {
    const pivot = rows[i] as Float64Array;
    for (const row of rows.slice(i + 1)) {
      const factor = (row[i] as number) / (pivot[i] as number);
      if (factor === 0) continue;
      for (let j = i; j <= count; j++) row[j] = (row[j] as number) - factor * (pivot[j] as number);
    }
  }
  const found = new Array<number>(count).fill(0);
  for (let i = count - 1; i >= 0; i--) {
    const row = rows[i] as Float64Array;
    let rest = row[count] as number;
    for (let j = i + 1; j < count; j++) rest -= (row[j] as number) * (found[j] as number);
    found[i] = rest / (row[i] as number);
  }
  return found;
}
