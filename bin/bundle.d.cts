export function bundleClient(client: string, outdir: string): Promise<string[]>;
