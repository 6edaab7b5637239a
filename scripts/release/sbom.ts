// The software bill of materials of a release: CycloneDX, written by npm from package-lock.json, and reduced to what the release contains.

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';

interface Component {
  readonly 'bom-ref': string;
  readonly name: string;
  readonly scope?: string;
}

interface Bom {
  readonly metadata: { readonly timestamp?: string; readonly component: Component };
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

/**
 * @param inside the packages in the release, each as `name@version`
 * @returns the text of the file. It has no time and no random number, so that the same release has the same bill
 */
export function billOfMaterials(top: string, inside: ReadonlySet<string>): string {
  const args = ['sbom', '--package-lock-only', '--sbom-format', 'cyclonedx'];
  const bom: Bom = JSON.parse(execFileSync('npm', args, { cwd: top, encoding: 'utf8', maxBuffer: 2 ** 28 }));
  // Packages that npm calls optional are in the release as well.
  const components = bom.components
    .filter((component) => inside.has(component['bom-ref']))
    .map((component) => ({ ...component, scope: 'required' }));
  const found = new Set(components.map((component) => component['bom-ref']));
  const missing = [...inside].filter((reference) => !found.has(reference));
  if (missing.length > 0) throw new Error(`package-lock.json has no ${missing.join(', ')}: run npm install`);
  const { timestamp: _, component, ...others } = bom.metadata;
  const root = component['bom-ref'];
  // npm names the project after its folder.
  const metadata = { ...others, component: { ...component, name: root.slice(0, root.lastIndexOf('@')) } };
  const references = new Set([...found, root]);
  const dependencies = bom.dependencies
    .filter(({ ref }) => references.has(ref))
    .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((one) => references.has(one)) }));
  const content = { ...bom, serialNumber: '', metadata, components, dependencies };
  return `${JSON.stringify({ ...content, serialNumber: serialOf(JSON.stringify(content)) }, null, 2)}\n`;
}

/** CycloneDX wants a UUID. Version 8 is for values that an application computes (RFC 9562). */
function serialOf(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex');
  return `urn:uuid:${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
