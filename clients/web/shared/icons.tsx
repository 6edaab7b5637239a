// The page's icons. All decorate words, so screen readers skip them.

import type { ComponentChildren } from 'preact';

function Icon({ children }: { children: ComponentChildren }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" fill="none" stroke="currentColor" stroke-width="1.8">
      {children}
    </svg>
  );
}

export function TurnIcon() {
  return (
    <Icon>
      <rect x="2.5" y="6" width="19" height="12" rx="2.5" />
      <path d="M6.5 10h.01M10.2 10h.01M13.8 10h.01M17.5 10h.01M8 14h8" stroke-linecap="round" stroke-width="2.2" />
    </Icon>
  );
}

export function BreakIcon() {
  return (
    <Icon>
      <path d="M4 9h12v6a5 5 0 0 1-5 5H9a5 5 0 0 1-5-5zM16 10.5h2a2.5 2.5 0 0 1 0 5.5h-2.2" stroke-linejoin="round" />
      <path d="M8 3v2.5M12 3v2.5" stroke-linecap="round" />
    </Icon>
  );
}

export function StopIcon() {
  return (
    <Icon>
      <rect x="6.5" y="6.5" width="11" height="11" rx="1.5" fill="currentColor" />
    </Icon>
  );
}
