// Imports a package as a file of this project would: the build of the hub may lie in a cache folder that has no node_modules above it.

/** @param {string} name */
export const importPackage = (name) => import(name);
