import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { findGeckodriver } from './cargo-tools.mjs';
import { which } from './process.mjs';

// The browsers and the drivers that steer them. What is on PATH is taken; on Debian, what is not is installed.

export const BROWSERS = ['chromium', 'firefox', 'webkit'];

/**
 * Each program: the environment variable that names it (for one that is not on PATH), its usual names, Debian's
 * package, and what to call it where Debian's names mean nothing.
 */
const PROGRAMS = {
  chromium: {
    chromium: {
      variable: 'CHROMIUM',
      names: ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'],
      files: ['/Applications/Google Chrome.app/Contents/MacOS/Google Chrome', '/Applications/Chromium.app/Contents/MacOS/Chromium'],
      package: 'chromium',
      label: 'Chromium or Google Chrome',
    },
    chromedriver: {
      variable: 'CHROMEDRIVER',
      names: ['chromedriver'],
      package: 'chromium-driver',
      label: 'ChromeDriver, of the same version',
    },
  },
  firefox: {
    firefox: {
      variable: 'FIREFOX',
      names: ['firefox', 'firefox-esr'],
      files: ['/Applications/Firefox.app/Contents/MacOS/firefox'],
      package: 'firefox-esr',
      label: 'Firefox',
    },
  },
  webkit: {
    webkitDriver: {
      variable: 'WEBKIT_DRIVER',
      names: ['WebKitWebDriver'],
      package: 'webkit2gtk-driver',
      label: 'WebKitWebDriver of WebKitGTK (Linux only; elsewhere use --browsers chromium,firefox)',
    },
    miniBrowser: {
      variable: 'MINI_BROWSER',
      names: ['MiniBrowser'],
      find: findMiniBrowser,
      package: 'webkit2gtk-driver',
      label: 'MiniBrowser of WebKitGTK',
    },
    xvfb: { variable: 'XVFB', names: ['Xvfb'], package: 'xvfb', label: 'Xvfb' },
  },
};

/** The paths of the chosen browsers and their drivers, and the steps for those that are missing. */
export function findBrowsers(browsers, context) {
  const paths = {};
  const missing = [];
  const steps = [];
  for (const browser of browsers) {
    for (const [key, program] of Object.entries(PROGRAMS[browser])) {
      paths[key] = find(program, context);
      if (!paths[key]) missing.push(program);
    }
  }
  if (missing.length > 0) {
    steps.push({
      what: missing.map((program) => program.label).join(', '),
      usual: '1 min',
      packages: [...new Set(missing.map((program) => program.package))],
      labels: missing.map((program) => `${program.label} (or its path in ${program.variable})`),
    });
  }
  let bin = null;
  if (browsers.includes('firefox')) {
    const gecko = findGeckodriver(context);
    Object.assign(paths, gecko.paths);
    steps.push(...gecko.steps);
    bin = gecko.bin ?? null;
  }
  return { paths, bin, steps };
}

function find(program, context) {
  const named = context.env[program.variable];
  if (named) return named;
  return which(program.names, context.env) ?? program.files?.find((file) => existsSync(file)) ?? program.find?.() ?? null;
}

/** WebKitGTK's own small browser; distributions keep it beside the library, in a folder per architecture and version. */
function findMiniBrowser() {
  for (const base of ['/usr/lib', '/usr/libexec', '/usr/lib64']) {
    if (!existsSync(base)) continue;
    const folders = readdirSync(base, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => join(base, entry.name));
    for (const parent of [base, ...folders]) {
      for (const version of ['webkitgtk-6.0', 'webkit2gtk-4.1', 'webkit2gtk-4.0']) {
        const file = join(parent, version, 'MiniBrowser');
        if (existsSync(file)) return file;
      }
    }
  }
  return null;
}
