import type { Plugin } from 'esbuild';

export function builtHub(top: string): Promise<string>;

export interface HubBundle {
  readonly topUrl: string;
  readonly entries: readonly string[];
  readonly plugins?: readonly Plugin[];
  readonly external?: readonly string[];
}

export function bundleHub(top: string, outdir: string, bundle: HubBundle): Promise<string[]>;
