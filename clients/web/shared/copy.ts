// Puts text on the clipboard, also on plain http, where browsers hide the clipboard from scripts.

/** @returns true if the text was copied */
export async function copy(text: string): Promise<boolean> {
  if (isSecureContext) {
    return navigator.clipboard.writeText(text).then(
      () => true,
      () => false,
    );
  }
  const area = document.createElement('textarea');
  area.value = text;
  area.className = 'unseen';
  const before = document.activeElement;
  document.body.append(area);
  area.select();
  const done = document.execCommand('copy');
  area.remove();
  if (before instanceof HTMLElement) before.focus();
  return done;
}

/** Adds a copy button to the corner of every block of lines to paste. */
export function addCopyButtons(): void {
  for (const block of document.querySelectorAll('.paste')) {
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'copy';
    button.textContent = 'Copy';
    button.addEventListener('click', () => {
      void copy(block.querySelector('code')?.textContent ?? '').then((done) => {
        button.textContent = done ? 'Copied' : 'Press Ctrl C';
        setTimeout(() => {
          button.textContent = 'Copy';
        }, 2000);
      });
    });
    block.append(button);
  }
}
