// A million clients of one server that restarts: our own policy beside others', as `tests/herd` simulates them. It prints the table and draws
// `tests/herd/herd.svg`; `--check` only says whether the plot that is committed is what comes out.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { root } from '../run/build.mjs';
import { CommandError, capture } from '../run/process.mjs';

const PLOT = join(root, 'tests/herd/herd.svg');
/** Seconds that the plot shows, and its size. */
const [SECONDS, WIDTH, HEIGHT, LEFT, TOP] = [180, 480, 220, 40, 16];
const COLOURS = ['#0a5', '#07c', '#333', '#999', '#c60', '#909', '#d03', '#a80', '#6bd'];
const DOWN_MS = 1000;

export async function bench(args) {
  const { values } = parseArgs({ args, options: { check: { type: 'boolean' } } });
  const test = ['test', '--locked', '--features', 'reconnect', '--test', 'herd', '--', '--ignored', '--nocapture', 'table'];
  const { ok, output } = await capture('cargo', test, { cwd: root, quiet: true });
  if (!ok) throw new CommandError(output);
  const rows = [...output.matchAll(/^\{.*\}$/gm)].map(([line]) => JSON.parse(line));
  for (const line of table(rows)) console.log(line);
  const plot = svg(rows.filter(({ down }) => down === DOWN_MS));
  if (!values.check) writeFileSync(PLOT, plot);
  else if (plot !== readFileSync(PLOT, 'utf8')) throw new CommandError(`${PLOT} is not what comes out: npm run bench -- herd`);
  return rows.map(({ back: _, ...row }) => row);
}

function* table(rows) {
  const seconds = (ms) => (ms === null ? '> 300 s' : `${(ms / 1000).toFixed(1)} s`);
  const count = (number) => number.toLocaleString('en');
  yield '| policy | no server for | most attempts of a client | attempts of all | busiest second | half are connected | 99 % | all |';
  yield '| --- | --- | --- | --- | --- | --- | --- | --- |';
  for (const { name, down, mostAttempts, attempts, peak, gaveUp, back50, back99, back100 } of rows) {
    const all = gaveUp > 0 ? `never: ${count(gaveUp)} gave up` : seconds(back100);
    const cells = [name, `${down / 1000} s`, mostAttempts, count(attempts), count(peak), seconds(back50), seconds(back99), all];
    yield `| ${cells.join(' | ')} |`;
  }
}

/** Connected clients, in percent, over seconds: a line for each policy. */
function svg(rows) {
  const x = (second) => LEFT + (second / SECONDS) * WIDTH;
  const y = (percent) => TOP + (1 - percent / 100) * HEIGHT;
  const round = (number) => Number(number.toFixed(1));
  const text = (left, top, words, rest = '') => `<text x="${round(left)}" y="${round(top)}"${rest}>${words}</text>`;
  const marks = [];
  for (const percent of [0, 25, 50, 75, 100]) {
    marks.push(`<path d="M${LEFT} ${round(y(percent))}h${WIDTH}" stroke="#ddd"/>`);
    marks.push(text(LEFT - 6, y(percent) + 4, `${percent} %`, ' text-anchor="end"'));
  }
  for (let second = 0; second <= SECONDS; second += 30) {
    marks.push(text(x(second), TOP + HEIGHT + 16, `${second} s`, ' text-anchor="middle"'));
  }
  const lines = rows.map(({ back }, index) => {
    const shown = back.slice(0, SECONDS + 1).flatMap((clients, second) => (second % 2 === 0 ? [[second, clients / 10_000]] : []));
    const points = shown.map(([second, percent]) => `${round(x(second))},${round(y(percent))}`);
    return `<polyline points="${points.join(' ')}" fill="none" stroke="${COLOURS[index]}" stroke-width="1.5"/>`;
  });
  const legend = rows.flatMap(({ name }, index) => {
    const top = TOP + HEIGHT + 40 + index * 16;
    return [`<path d="M${LEFT} ${top - 4}h20" stroke="${COLOURS[index]}" stroke-width="2"/>`, text(LEFT + 28, top, name)];
  });
  const height = TOP + HEIGHT + 40 + rows.length * 16;
  const head = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${LEFT + WIDTH + 20} ${height}" font-family="sans-serif" font-size="11">`;
  const title = '<title>Clients that are connected again after a million lost their connections at once</title>';
  return `${[head, title, '<rect width="100%" height="100%" fill="#fff"/>', ...marks, ...lines, ...legend, '</svg>'].join('\n')}\n`;
}
