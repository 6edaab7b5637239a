// Ends the process with one sentence if Node is too old, before anything else is loaded. The supported versions are in package.json. horai.js
// and kronos.cjs load this file first, so it may use only what old versions of Node understand.

/** @param {string} text such as `22.13` */
const parse = (text) => text.split('.').map(Number);

const minima = require('../package.json').engines.node.match(/\d+(\.\d+)?/g);
const [lowest, newest] = [minima[0], minima[minima.length - 1]];
const [major, minor] = parse(process.versions.node);
const isTooOld =
  major < parse(lowest)[0] || minima.some((text) => parse(text)[0] === major && minor < (parse(text)[1] || 0));

if (isTooOld) {
  console.error(
    `Horai needs Node ${minima.join(', ')} or later, and this is Node ${process.versions.node}: install Node ${newest} ` +
      '(https://nodejs.org), or use the Debian package, which brings its own.',
  );
  process.exit(1);
}
