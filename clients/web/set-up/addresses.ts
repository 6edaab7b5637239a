// The addresses of this hub as each tool wants them. Pure.

export interface SetUpAddresses {
  /** With a trailing slash, as the mob timer wants it. */
  readonly hub: string;
  readonly wakatime: string;
  /** True if ActivityWatch's watchers find the hub without being told: they look at port 5600 of their own machine. */
  readonly isAwDefault: boolean;
  /** Options of the watchers: ` --host … --port …`, or ''. */
  readonly awOptions: string;
  /** `host:port` of Kronos clients; '' if there is no port for them. */
  readonly kronos: string;
}

/** As `location` has them. */
export interface PageLocation {
  readonly hostname: string;
  readonly port: string;
  readonly protocol: string;
}

const awPort = '5600';

/** @param hub without a last slash: `https://example.org/horai` */
export function addressesOf(
  { hostname, port, protocol }: PageLocation,
  hub: string,
  kronosPort: string,
): SetUpAddresses {
  const isHere = /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(hostname);
  const isAwDefault = isHere && port === awPort;
  const shownPort = port === '' ? (protocol === 'https:' ? '443' : '80') : port;
  return {
    hub: `${hub}/`,
    wakatime: `${hub}/api/v1`,
    isAwDefault,
    awOptions: isAwDefault ? '' : ` --host ${hostname} --port ${shownPort}`,
    kronos: kronosPort === '' ? '' : `${hostname}:${kronosPort}`,
  };
}
