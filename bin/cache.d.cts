export function fingerprint(top: string, sources: readonly string[]): string;

export function publish(
  cache: string,
  prefix: string,
  folder: string,
  build: (draft: string) => Promise<void>,
): Promise<void>;
