// A unified diff as rows to show.

export interface DiffRow {
  kind: 'hunk' | 'same' | 'added' | 'removed';
  /** Line numbers before and after, where there are any. */
  from?: number;
  to?: number;
  text: string;
}

/** The rows of a unified diff; its file header is left out. */
export function diffRows(unified: string): DiffRow[] {
  const rows: DiffRow[] = [];
  let from = 0;
  let to = 0;
  for (const line of unified.replace(/\n$/, '').split('\n')) {
    const hunk = /^@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@/.exec(line);
    if (hunk) {
      from = Number(hunk[1]);
      to = Number(hunk[2]);
      rows.push({ kind: 'hunk', text: line });
    } else if (from === 0 && to === 0) {
      continue;
    } else if (line.startsWith('+')) {
      rows.push({ kind: 'added', to: to++, text: line.slice(1) });
    } else if (line.startsWith('-')) {
      rows.push({ kind: 'removed', from: from++, text: line.slice(1) });
    } else if (!line.startsWith('\\')) {
      rows.push({ kind: 'same', from: from++, to: to++, text: line.slice(1) });
    }
  }
  return rows;
}

/** A unified diff of two texts of at most a few hundred lines, such as a task's TOML, by longest common subsequence. */
export function unifiedDiff(before: string, after: string, context = 3): string {
  const a = before.split('\n');
  const b = after.split('\n');
  const edits = lineEdits(a, b);
  const near = edits.map((_, at) =>
    edits.slice(Math.max(0, at - context), at + context + 1).some(({ sign }) => sign !== ' '),
  );
  const out: string[] = [];
  let from = 1;
  let to = 1;
  for (let at = 0; at < edits.length;) {
    if (!near[at]) {
      from += 1;
      to += 1;
      at += 1;
      continue;
    }
    let end = at;
    while (end < edits.length && near[end]) end += 1;
    const hunk = edits.slice(at, end);
    const removed = hunk.filter(({ sign }) => sign !== '+').length;
    const added = hunk.filter(({ sign }) => sign !== '-').length;
    out.push(`@@ -${from},${removed} +${to},${added} @@`, ...hunk.map(({ sign, text }) => sign + text));
    from += removed;
    to += added;
    at = end;
  }
  return out.join('\n');
}

interface Edit {
  sign: ' ' | '+' | '-';
  text: string;
}

function lineEdits(a: string[], b: string[]): Edit[] {
  const width = b.length + 1;
  // common[i * width + j]: length of the longest common subsequence of a[i..] and b[j..].
  const common = new Uint32Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      common[i * width + j] =
        a[i] === b[j]
          ? (common[(i + 1) * width + j + 1] ?? 0) + 1
          : Math.max(common[(i + 1) * width + j] ?? 0, common[i * width + j + 1] ?? 0);
    }
  }
  const edits: Edit[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    const left = a[i];
    const right = b[j];
    if (left !== undefined && left === right) {
      edits.push({ sign: ' ', text: left });
      i += 1;
      j += 1;
    } else if (
      left !== undefined &&
      (right === undefined || (common[(i + 1) * width + j] ?? 0) >= (common[i * width + j + 1] ?? 0))
    ) {
      edits.push({ sign: '-', text: left });
      i += 1;
    } else {
      edits.push({ sign: '+', text: right ?? '' });
      j += 1;
    }
  }
  return edits;
}
