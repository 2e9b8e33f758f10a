/** Two waves that run out from a point. */
export function Logo() {
  return (
    <svg class="logo" viewBox="0 0 32 32" fill="none" aria-hidden="true">
      <defs>
        <linearGradient id="logo" x1="4" y1="4" x2="28" y2="28" gradientUnits="userSpaceOnUse">
          <stop stop-color="#3dd6ff" />
          <stop offset="1" stop-color="#f23f9c" />
        </linearGradient>
      </defs>
      <g stroke="url(#logo)" stroke-width="2" stroke-linecap="round">
        <path d="M16 3.4A12.6 12.6 0 1 1 3.4 16" opacity=".5" />
        <path d="M16 8.6A7.4 7.4 0 1 1 8.6 16" opacity=".85" />
      </g>
      <circle cx="16" cy="16" r="3.2" fill="url(#logo)" />
    </svg>
  );
}
